"""Secrets in WebSocket messages, in what surrounds an exchange, in names, and in values of a telling shape."""

from __future__ import annotations

from dataclasses import replace

from replay.canary.case import Group, Loss, Plan, answered, get, post, socket, table
from replay.canary.encodings import b64, cbor, field, j, msgpack, multipart, protobuf
from replay.canary.planted import Mint, SecretKind

JSON = "application/json"
_BINARY = "binary messages are left out"
_B = "----canarynames5c2ZkQ"


def _stomp(mint: Mint) -> Plan:
    return socket(
        (True, 1, f"CONNECT\nlogin:{mint.email()}\npasscode:{mint.password()}\n\n\0"), (False, 1, "CONNECTED\n\n\0")
    )


def _absolute(mint: Mint) -> Plan:
    return get(f"http://{mint.slug()}.canary.example/x?mail={mint.email()}", host="canary.example")


def _long_id(mint: Mint) -> str:
    nine = mint.nine()
    return f"000{nine}"


def _mapped(mint: Mint) -> Plan:
    return post(
        JSON,
        j(
            {
                "a": f"::ffff:{mint.ipv4()}",
                "b": f"{mint.ipv4()}:8080",
                "c": f"{mint.ipv4()}/32",
                "d": f"[{mint.ipv6()}]:443",
            }
        ),
    )


def _prefixed(mint: Mint) -> Plan:
    arn = f"arn:aws:iam::{mint.nine()}123:user/{mint.slug()}"
    return post(JSON, j({"u": f"usr_{mint.nine()}", "o": f"ORD-{mint.nine()}", "k": f"user:{mint.nine()}", "arn": arn}))


def _vendor(mint: Mint) -> Plan:
    keys = {"a": f"ghp_{mint.token(36)}", "b": f"sk_live_{mint.token(24)}", "c": f"xoxb-{mint.nine()}-{mint.token(24)}"}
    return answered(JSON, j(keys))


def _times(mint: Mint) -> Plan:
    birth = mint.birth()
    return post(JSON, j({"born": f"{birth}T04:17:33.123Z", "when": birth}))


def _crowd(mint: Mint) -> Plan:
    return answered(JSON, j({"scores": {mint.slug(): i for i in range(60)}}))


def _event_names(mint: Mint) -> Plan:
    return answered("text/event-stream", f"event: {mint.slug()}\ndata: {j({mint.slug(): 1})}\n\n")


def _content_type(mint: Mint) -> Plan:
    return post(f'{JSON}; profile="https://x.example/{mint.slug()}"; name={mint.email()}', '{"a": 1}')


def _in_fours(text: str) -> str:
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _padded(mint: Mint) -> Plan:
    return get(f"/p?f={b64(chr(34) + mint.nine() + chr(34))}&q=1", ("X-F", b64(chr(34) + mint.nine() + chr(34))))


SOCKETS = table(
    Group.SOCKET,
    ("C163", "text messages of JSON", lambda m: socket((True, 1, j({"mail": m.email()})), (False, 1, j({"from": m.name()})))),
    ("C164", "Engine.IO and SignalR frames", lambda m: socket((True, 1, f'42["chat",{j({"n": m.name()})}]'), (False, 1, j({"type": 1, "arguments": [m.email()]}) + "\x1e"))),
    ("C165", "STOMP", _stomp),
    ("C166", "binary messages", lambda m: socket((True, 2, msgpack({"n": m.name()})), (False, 2, protobuf(m.name()))), Loss.BODY, _BINARY),
    ("C167", "reason of the close", lambda m: socket((True, 1, "hi"), close_reason=f"bye {m.email()}")),
    ("C168", "token and cookies of the handshake", lambda m: socket((False, 1, f"hello {m.name()}"), headers=(("Cookie", f"sid={m.token()}"), ("Sec-WebSocket-Protocol", f"auth, {m.token()}")))),
    ("X060", "GraphQL over a WebSocket", lambda m: socket((True, 1, j({"id": "1", "type": "subscribe", "payload": {"query": f'{{ u(m: "{m.email()}") }}', "variables": {"n": m.name()}}})))),
)  # fmt: skip
META = table(
    Group.META,
    ("C169", "TLS server name", lambda m: replace(get("/home", host=(name := f"{m.slug()}.canary.example")), tls_name=name)),
    ("C170", "absolute-form target", _absolute),
    ("C172", "method that is a name", lambda m: Plan(m.plant(SecretKind.SLUG, m.slug().upper()), "/x")),
    ("X070", "HTTP/2 with crumbs of cookies", lambda m: replace(get(f"/h2/{m.email()}", ("cookie", f"a={m.token()}"), ("cookie", f"b={m.hex()}"), ("x-who", m.name())), http2=True)),
    ("X071", "malformed request", lambda m: replace(get(f"/{m.token()} HTTP/9.9"), is_odd=True), Loss.EXCHANGE, "what is no HTTP is no exchange"),
    ("X072", "upstream that breaks off", lambda m: replace(get(f"/broken/{m.token()}"), status=0, is_odd=True)),
)  # fmt: skip
NAMES = table(
    Group.NAMES,
    ("C171", "map by user name", lambda m: answered(JSON, j({"users": {m.slug(): {"score": 1}, m.slug(): {"score": 2}}}))),
    ("C173", "cookie name", lambda m: get("/a", ("Cookie", f"{m.slug()}=1; theme=dark"))),
    ("C174", "header name", lambda m: get("/a", (f"X-{m.slug()}", "1"))),
    ("C175", "multipart field name", lambda m: post(f"multipart/form-data; boundary={_B}", multipart(_B, (field(m.slug()), "1")))),
    ("C176", "query names and path segments that are bare names", lambda m: get(f"/{m.slug()}/home?{m.slug()}=1&{m.slug()}")),
    ("C177", "form names, nested", lambda m: post("application/x-www-form-urlencoded", f"{m.slug()}[{m.slug()}][0]=1")),
    ("C178", "event names", _event_names),
    ("C179", "parameters of a media type", _content_type),
    ("C180", "keys in nested JSON, JWT and base64", lambda m: post(JSON, j({"s": j({m.slug(): 1}), "b": b64(j({m.slug(): {"a": 1}}))}))),
    ("C181", "base64 whose padding looks like key=", _padded),
    ("C184", "names in mixed spelling", lambda m: post(JSON, j({m.name().replace(" ", "_").lower(): 1, m.name().replace(" ", ""): 2, m.email(): 3, m.uuid(): 4}))),
    ("C188", "keys of CBOR and MessagePack", lambda m: answered("application/cbor", cbor({m.slug(): 1})), Loss.BODY, "a binary format that nobody here can read is left out"),
    ("X081", "names of people as keys", lambda m: answered(JSON, j({m.given(): 1, m.family(): {"n": 1}, m.account(): 2, f"{m.account()}Total": 3}))),
    ("X082", "names of people in a path", lambda m: get(f"/team/{m.given()}/{m.family()}/{m.account()}")),
    ("X083", "names of people as parameters", lambda m: get(f"/s?{m.given()}=1&{m.family()}&by={m.account()}&sort={m.family()}")),
    ("X084", "names of people as cookies", lambda m: get("/a", ("Cookie", f"{m.given()}=1; {m.family()}_seen=1; u={m.account()}"))),
    ("X085", "names of people as headers", lambda m: get("/a", (f"X-{m.family().title()}", "1"), ("X-Role", m.given()), (f"X-{m.account()}-Id", "1"))),
    ("X086", "names of people as words of closed lists", lambda m: post(JSON, j({"status": m.family(), "type": m.given().title(), "role": m.account(), "currency": m.family().upper()}))),
    ("X087", "names of people as fields of forms", lambda m: post("application/x-www-form-urlencoded", f"{m.given()}=1&user[{m.family()}]=2&type={m.account()}")),
    ("X088", "names of people in sorting and scopes", lambda m: get(f"/s?order={m.family()}%20asc&fields={m.given()},id&scope=read:{m.account()}")),
    ("X089", "names of people as elements, attributes and events", lambda m: post("application/xml", f"<{m.family()} {m.given()}='1'><{m.account().replace('.', '_')}/></{m.made[0].text}>")),
    ("X080", "map with sixty names", _crowd),
)  # fmt: skip
SHAPES = table(
    Group.SHAPE,
    ("C182", "card as a whole value", lambda m: post(JSON, j({"a": m.card(), "b": _in_fours(m.card())}))),
    ("C183", "phone as a whole value", lambda m: post(JSON, j({"a": m.phone(), "b": f"0{(p := m.phone())[3:6]}-{p[6:]}"}))),
    ("C185", "hex in upper case", lambda m: post(JSON, j({"a": m.hex().upper(), "b": m.hex(32)}))),
    ("C186", "ids with zeros, sign and fraction", lambda m: post(JSON, f'{{"a": "{_long_id(m)}", "b": -{m.nine()}, "c": "{m.nine()}.0", "d": "-{m.nine()}"}}')),
    ("C187", "national number, with dashes and bare", lambda m: post(JSON, j({"a": m.ssn(), "b": m.ssn().replace("-", "")}))),
    ("C189", "birth date as a time", _times),
    ("C190", "mapped addresses, ports, ranges", _mapped),
    ("C191", "prefixed ids", _prefixed),
    ("C192", "UUID in other writings", lambda m: post(JSON, j({"a": m.uuid().upper(), "b": f"{{{m.uuid()}}}", "c": f"urn:uuid:{m.uuid()}", "d": m.uuid().replace("-", "")}))),
    ("C193", "vendor tokens as whole values", _vendor),
    ("X090", "IBAN with blanks", lambda m: post(JSON, j({"a": _in_fours(m.iban())}))),
    ("X091", "address and co-ordinates as texts", lambda m: post(JSON, j({"s": m.street(), "lat": m.geo(), "p": f"{m.geo()},{m.geo()}"}))),
    ("X092", "six-digit codes", lambda m: post(JSON, j({"otp": m.six(), "code": m.six(), "msg": f"your code is {m.six()}"}))),
)  # fmt: skip
CASES = (*SOCKETS, *META, *NAMES, *SHAPES)
