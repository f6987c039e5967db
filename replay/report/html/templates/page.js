"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const said = $("#said");
  let hush = 0;
  const say = (text) => {
    said.textContent = text;
    clearTimeout(hush);
    hush = setTimeout(() => { said.textContent = ""; }, 3000);
  };

  // --- copy: the clipboard where the browser allows it, else the old way through a selection
  const bySelection = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    const done = document.execCommand("copy");
    if (done) selection.removeAllRanges();
    return done;
  };
  const copy = async (button) => {
    const node = $(".text", button.closest(".copying"));
    let done = false;
    try {
      await navigator.clipboard.writeText(node.textContent);
      done = true;
    } catch {
      done = bySelection(node);
    }
    say(done ? "Copied." : "Not copied: the text is selected, copy it by hand.");
  };
  for (const button of $$("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  // --- dark or light: kept where the browser keeps anything for files
  const root = document.documentElement;
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* a file may have no storage */ } };
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const theme = $("#theme");
  if (kept("replay-theme")) root.dataset.theme = kept("replay-theme");
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      keep("replay-theme", root.dataset.theme);
    });
  }

  // --- filters
  const form = $("#filters");
  const findings = $$("details.finding").map((node) => ({ node, text: `${node.dataset.title} ${node.textContent}`.toLowerCase() }));
  const shownOnes = () => findings.filter((one) => !one.node.hidden).map((one) => one.node);
  const filter = () => {
    const words = $("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = $$("select[data-filter]", form).filter((one) => one.value).map((one) => [one.dataset.filter, one.value]);
    for (const one of findings) {
      const fits = words.every((word) => one.text.includes(word)) && chosen.every(([name, value]) => one.node.dataset[name] === value);
      one.node.hidden = !fits;
    }
    for (const cause of $$("section.cause")) cause.hidden = !$("details.finding:not([hidden])", cause);
    const count = shownOnes().length;
    $("#shown").textContent = count === findings.length ? `${count} findings` : `${count} of ${findings.length} findings`;
    $("#nothing").hidden = count > 0;
  };
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", filter);
    form.addEventListener("change", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    filter();
  }
  const noise = $("#noise-search");
  if (noise) {
    noise.closest("label").hidden = false;
    const rows = $$("#noise-rules tbody tr").map((node) => [node, node.textContent.toLowerCase()]);
    noise.addEventListener("input", () => {
      const word = noise.value.toLowerCase();
      for (const [node, text] of rows) node.hidden = !text.includes(word);
    });
  }

  // --- a link to a finding opens it
  const openTarget = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const node = id && document.getElementById(id);
    if (node && node.matches("details.finding")) {
      node.open = true;
      node.scrollIntoView();
    }
  };
  addEventListener("hashchange", openTarget);
  openTarget();
  addEventListener("beforeprint", () => { for (const node of shownOnes()) node.open = true; });

  // --- keys
  const help = $("#help");
  const keys = $("#keys");
  if (!help || !keys) return;
  keys.hidden = false;
  keys.addEventListener("click", () => help.showModal());
  $("#help-close").addEventListener("click", () => help.close());
  const isOn = $("#keys-on");
  isOn.checked = kept("replay-keys") !== "off";
  isOn.addEventListener("change", () => keep("replay-keys", isOn.checked ? "on" : "off"));
  const current = () => document.activeElement && document.activeElement.closest("details.finding");
  const move = (step) => {
    const all = shownOnes();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    $("summary", all[next]).focus();
    all[next].scrollIntoView({ block: "nearest" });
  };
  const commands = {
    "/": () => $("#search") && $("#search").focus(),
    j: () => move(1),
    k: () => move(-1),
    o: () => { const node = current(); if (node) node.open = !node.open; },
    x: () => { const all = shownOnes(); const open = all.some((node) => !node.open); for (const node of all) node.open = open; },
    c: () => { const node = current(); const button = node && $$("button.copy", node)[0]; if (button) copy(button); },
    "?": () => help.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (!isOn.checked || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const command = commands[event.key];
    if (command) {
      event.preventDefault();
      command();
    }
  });
})();
