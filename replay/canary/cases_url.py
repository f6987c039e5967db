"""Secrets in the request line: path, query, userinfo, sub-domain, in every writing."""

from __future__ import annotations

from replay.canary.case import Group, Plan, get, table
from replay.canary.encodings import b64, b64url, escaped, j, jwt, percent, percent_all
from replay.canary.planted import Mint


def _twice_encoded(mint: Mint) -> Plan:
    return get(f"/users/{percent(percent(mint.email()))}")


def _slug_of_name(mint: Mint) -> Plan:
    return get(f"/users/{mint.name().lower().replace(' ', '-')}/profile")


def _state(mint: Mint) -> Plan:
    return get(f"/callback?state={b64(j({'email': mint.email(), 'id': int(mint.nine())}))}")


def _sas(mint: Mint) -> Plan:
    return get(
        f"/blob/report.pdf?sv=2022-11-02&se=2026-11-30T00%3A00%3A00Z&spr=https&sig={percent(mint.token(43) + '=')}"
    )


def _redirect_target(mint: Mint) -> Plan:
    inner = f"https://{mint.slug()}.example/cb#access_token={mint.token()}&id={mint.hex()}"
    return get(f"/login?next={percent(inner)}")


def _userinfo(mint: Mint) -> Plan:
    return get(f"/fetch?url={percent(f'https://{mint.slug()}:{mint.password()}@files.example/x')}")


def _signed(mint: Mint) -> Plan:
    credential = percent(f"{mint.aws()}/20261121/eu-central-1/s3/aws4_request")
    return get(f"/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Signature={mint.hex(64)}")


def _deep_link(mint: Mint) -> Plan:
    inner = percent(f"/r?u={percent(j({'e': mint.email()}))}")
    return get(f"/go?to={percent(f'https://shop.example/a?b={inner}')}")


CASES = table(
    Group.URL,
    ("C001", "e-mail as path segment", lambda m: get(f"/users/{m.email()}/orders")),
    ("C002", "percent-encoded e-mail in path", lambda m: get(f"/users/{percent(m.email())}")),
    ("C003", "double-percent-encoded e-mail in path", _twice_encoded),
    (
        "C004",
        "UUID, IBAN and 9-digit id as path segments",
        lambda m: get(f"/a/{m.uuid()}/b/{m.iban()}/c/{m.nine()}"),
    ),
    ("C005", "person name slug in path", _slug_of_name),
    ("C006", "password-reset token in path", lambda m: get(f"/password/reset/{m.token()}")),
    ("C007", "matrix parameter ;jsessionid=", lambda m: get(f"/cart;jsessionid={m.token()}/items")),
    ("C008", "file name in path", lambda m: get(f"/files/{percent('Payslip ' + m.name() + '.pdf')}")),
    ("C009", "name under unknown key ?q=", lambda m: get(f"/search?q={percent(m.name())}")),
    ("C010", "query parameter without =", lambda m: get(f"/confirm?{m.token()}")),
    ("C011", "query key is the secret", lambda m: get(f"/find?{m.email()}=1")),
    ("C012", "repeated parameters, the last one telling", lambda m: get(f"/f?tag=a&tag=b&tag={percent(m.name())}")),
    (
        "C013",
        "bracketed filters",
        lambda m: get(f"/u?filter[email]={m.email()}&filter[name][eq]={percent(m.name())}"),
    ),
    (
        "C014",
        "JSON in query",
        lambda m: get(f"/u?filter={percent(j({'email': m.email(), 'who': {'n': m.name()}}))}"),
    ),
    ("C015", "base64 JSON in query", _state),
    ("C016", "JWT in query", lambda m: get(f"/dl?access_token={jwt({'sub': m.nine(), 'email': m.email()})}")),
    ("C017", "userinfo in a URL", _userinfo),
    ("C018", "tenant slug as sub-domain", lambda m: get("/home", host=f"{m.slug()}.canary.example")),
    ("C019", "OAuth code and state", lambda m: get(f"/oauth/callback?code={m.token()}&state={m.hex()}")),
    ("C020", "signed URL of an object store", _signed),
    ("C021", "shared access signature", _sas),
    ("C022", "token in the fragment of a redirect target", _redirect_target),
    ("C023", "every letter percent-encoded", lambda m: get(f"/u/{percent_all(m.email())}")),
    (
        "C024",
        "semicolon-separated query with + for blanks",
        lambda m: get(f"/s?a=1;name={m.name().replace(' ', '+')}"),
    ),
    ("X001", "URL in a URL in a URL", _deep_link),
    ("X002", "base64url segment without padding", lambda m: get(f"/u/{b64url(m.email())}")),
    (
        "X003",
        "JSON escapes in a parameter",
        lambda m: get(f"/s?q={percent(chr(34) + escaped(m.email()) + chr(34))}"),
    ),
    ("X004", "co-ordinates and birth date", lambda m: get(f"/near?lat={m.geo()}&lng={m.geo()}&dob={m.birth()}")),
)  # fmt: skip
