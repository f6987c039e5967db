"""The HTML report in a real browser, from disk: it works, is readable by everybody, and runs nothing of traffic.

Screenshots (light, dark, narrow) go to $CI_ARTIFACTS when that is set.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from click.testing import CliRunner
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from integration.report.page_make import finding, write_run
from replay.cli import replay
from replay.report.html import page as page_module

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--window-size=1280,900",
)  # fmt: skip
SERIOUS = {"serious", "critical"}  # of axe-core's four impacts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with more findings than fit into its page."""
    folder = tmp_path_factory.mktemp("page")
    more = tuple(finding(n, "swap-1", endpoint=f"/zones/{n}") for n in range(10, 16))
    run_file = write_run(folder / "run.db", more=more)
    arguments = ["report", str(run_file), "--html", str(folder / "report.html"), "--fail-on", "low"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "_INLINE_BYTES", 75_000)
        done = CliRunner().invoke(replay, arguments)
    assert done.exit_code == 1
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium and its driver (apt-get install chromium chromium-driver)."""
    program, driver = which("chromium"), which("chromedriver")
    if not program or not driver:
        pytest.skip("needs chromium and chromium-driver")  # CI installs them, and refuses this skip
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(driver))
    made.set_script_timeout(120)  # seconds; axe-core on a busy machine
    try:
        yield made
    finally:
        made.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, folder: Path) -> webdriver.Chrome:
    """The report, opened anew."""
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get("about:blank")
    browser.get_log("browser"), browser.get_log("performance")
    browser.get((folder / "report.html").as_uri())
    return browser


def shown(page: webdriver.Chrome) -> list[str]:
    return page.execute_script(
        "return [...document.querySelectorAll('details.finding')]"
        ".filter(one => one.checkVisibility()).map(one => one.id)"
    )


def screenshot(page: webdriver.Chrome, name: str) -> None:
    if "CI_ARTIFACTS" in os.environ:
        folder = Path(os.environ["CI_ARTIFACTS"])
        folder.mkdir(parents=True, exist_ok=True)
        taken = page.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (folder / f"report-{name}.png").write_bytes(base64.b64decode(taken["data"]))


def violations(page: webdriver.Chrome, *rules: str) -> list[Any]:
    """What axe-core finds serious, with everything unfolded; by these rules only when some are named."""
    page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})  # as the developer tools do: past the page's policy
    found = page.execute_async_script(
        "const [rules, done] = arguments; const only = rules.length ? {runOnly: {type: 'rule', values: rules}} : {};"
        "axe.run(document, {resultTypes: ['violations'], ...only}).then(result =>"
        " done(result.violations.map(one => [one.impact, one.id, one.nodes.slice(0, 3).map(node => node.html)])))",
        list(rules),
    )
    return [one for one in found if one[0] in SERIOUS]


def test_it_loads_from_disk_and_asks_for_nothing(page: webdriver.Chrome) -> None:
    """No message on the console, no request but for the file itself, nothing of the hostile traffic taken up."""
    assert page.title.startswith("Do not ship")
    assert page.get_log("browser") == []
    messages = [json.loads(one["message"])["message"] for one in page.get_log("performance")]
    asked = {one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:,")} == {page.current_url}
    assert page.execute_script("return window.taken") is None
    assert page.execute_script("return document.scripts.length") == 1
    screenshot(page, "light")


def test_hostile_findings_stay_inert_when_they_are_opened(page: webdriver.Chrome) -> None:
    """Everything unfolded and hovered: still text."""
    page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.execute_script("return window.taken") is None
    text = page.find_element(By.ID, "f-0000000000000001").text
    assert "<script>window.taken=1</script>" in text
    assert "⟨U+202E⟩" in text
    assert page.get_log("browser") == []


def test_a_script_that_got_in_all_the_same_would_not_run(page: webdriver.Chrome) -> None:
    """The second wall: the policy refuses inline scripts, handlers, styles and whatever is fetched."""
    page.execute_script(
        "document.body.insertAdjacentHTML('beforeend', `<img src=x onerror='window.taken=1'>`);"
        "const one = document.createElement('script'); one.textContent = 'window.taken=2'; document.body.append(one);"
        "const two = document.createElement('script'); two.src = 'http://127.0.0.1:9/x.js'; document.body.append(two);"
    )
    refused = " ".join(one["message"] for one in page.get_log("browser"))
    assert "Content Security Policy" in refused
    assert page.execute_script("return window.taken") is None


def test_search_and_filters_show_what_was_asked_for(page: webdriver.Chrome) -> None:
    """Words are searched in all of a finding; a filter narrows it down; a cause without findings goes away."""
    everything = shown(page)
    assert len(everything) == 9
    page.find_element(By.ID, "search").send_keys("has body.total")
    assert shown(page) == ["f-0000000000000003"]
    assert page.find_element(By.ID, "shown").text == "1 of 9 findings"
    assert (
        page.execute_script(
            "return [...document.querySelectorAll('section.cause')].filter(one => one.checkVisibility()).length"
        )
        == 1
    )
    page.find_element(By.CSS_SELECTOR, "#filters button[type=reset]").click()
    page.execute_async_script("setTimeout(arguments[0], 20)")
    assert shown(page) == everything
    page.find_element(By.CSS_SELECTOR, "select[data-filter=severity] option[value=medium]").click()
    assert shown(page) == ["f-0000000000000002"]
    page.find_element(By.ID, "search").send_keys("nothing like it")
    assert page.find_element(By.ID, "nothing").is_displayed()


def test_the_command_is_copied(page: webdriver.Chrome) -> None:
    """What lies in the clipboard is what stands there."""
    page.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    page.find_element(By.CSS_SELECTOR, "#f-0000000000000001 > summary").send_keys(Keys.ENTER)
    page.find_element(By.CSS_SELECTOR, "#f-0000000000000001 button.copy").send_keys(Keys.ENTER)
    page.execute_async_script("setTimeout(arguments[0], 50)")
    assert page.find_element(By.ID, "said").text == "Copied."
    copied = page.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == "replay repro run.db 0000000000000001"


def test_keys_do_what_the_list_of_keys_says(page: webdriver.Chrome) -> None:
    """j, o, /, ?; and nothing once they are switched off."""
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys("jjo")
    first, second, *_ = shown(page)
    opened = "return [...document.querySelectorAll('details.finding[open]')].map(one => one.id)"
    assert page.execute_script(opened) == [second]
    body.send_keys("/")
    assert page.switch_to.active_element.get_attribute("id") == "search"
    page.switch_to.active_element.send_keys("j?", Keys.ESCAPE)
    assert page.find_element(By.ID, "search").get_attribute("value") in {"j?", ""}, "typed, not obeyed"
    page.find_element(By.ID, "search").clear()
    page.find_element(By.TAG_NAME, "body").send_keys("?")
    assert page.find_element(By.ID, "help").is_displayed()
    page.find_element(By.ID, "keys-on").click()
    page.find_element(By.ID, "help-close").click()
    page.find_element(By.TAG_NAME, "body").send_keys("?")
    assert not page.find_element(By.ID, "help").is_displayed()
    page.execute_script("document.querySelector('#keys-on').click()")
    assert first != second


def test_a_link_to_a_finding_opens_it(page: webdriver.Chrome) -> None:
    """The fingerprint is the address."""
    page.get(page.current_url + "#f-0000000000000002")
    assert page.find_element(By.ID, "f-0000000000000002").get_attribute("open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: webdriver.Chrome, scheme: str) -> None:
    """Contrast, names, roles, focus: in both colour schemes, with everything open."""
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    page.execute_script("localStorage.clear(); delete document.documentElement.dataset.theme")
    assert violations(page, *(["color-contrast"] if scheme == "dark" else [])) == []
    colour = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    screenshot(page, f"{scheme}-open")


def test_a_narrow_screen_scrolls_in_one_direction(page: webdriver.Chrome) -> None:
    """A phone: the page is as wide as the screen, wide tables scroll in themselves."""
    narrow = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.execute_script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    screenshot(page, "narrow")


def test_evidence_beside_the_page_opens_from_it(page: webdriver.Chrome) -> None:
    """The link leads to a page that is as inert and as readable."""
    link = page.execute_script("return document.querySelector('a[href^=\"report.evidence/\"]').href")
    page.get(link)
    assert "Side by side" in page.find_element(By.TAG_NAME, "main").text
    assert page.execute_script("return [document.scripts.length, window.taken]") == [1, None]
    assert page.get_log("browser") == []
