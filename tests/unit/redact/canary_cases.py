"""Canaries: one exchange per case, each with secrets of its own in one position, and a grep that knows many writings.

The grep is written apart from `replay.redact` on purpose: it must see what the product's own second look misses.
"""

from __future__ import annotations

import gzip
import html
import json
import pickle
import random
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

from replay.model.body import Body
from replay.model.exchange import Exchange, Fault, FaultKind, Request, Response, SocketMessage
from replay.model.headers import Headers
from replay.redact.checksums import luhn_digit

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def exchange(
    target: str = "/api/courses/17",
    *,
    method: str = "POST",
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    body: object = None,
    content_type: str = JSON,
    answer: object = None,
    answer_type: str = JSON,
    answer_headers: dict[str, str] | list[tuple[str, str]] | None = None,
    status: int = 200,
    host: str = "api.shop.test",
    connection: str = "",
    trailers: dict[str, str] | list[tuple[str, str]] | None = None,
    messages: Sequence[SocketMessage] = (),
) -> Exchange:
    """An exchange; bodies that are neither bytes nor text are written as JSON."""
    request = Request(method, target, _headers(headers), _body(body, content_type), "https", host)
    response = Response(status, _headers(answer_headers), _body(answer, answer_type), _headers(trailers))
    return Exchange("e1", request, response, 1.0, 2.0, connection, tuple(messages))


def said(value: object, *, by_client: bool = True, content_type: str = "text/plain") -> SocketMessage:
    """A WebSocket message; what is neither bytes nor text is written as JSON."""
    return SocketMessage(by_client, 1.5, _body(value, content_type))


def socket(*messages: SocketMessage) -> Exchange:
    """A connection that became a WebSocket, and what went over it."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    return exchange("/live", method="GET", headers=upgrade, status=101, answer_headers=upgrade, messages=messages)


def _headers(given: dict[str, str] | list[tuple[str, str]] | None) -> Headers:
    return Headers.of(given.items() if isinstance(given, dict) else given or ())


def _body(value: object, content_type: str) -> Body:
    if value is None:
        return Body()
    if isinstance(value, bytes):
        return Body(value, content_type)
    return Body(value.encode() if isinstance(value, str) else json.dumps(value).encode(), content_type)


class Secrets:
    """Values that no other case has."""

    def __init__(self) -> None:
        self._rng = random.Random("canaries")

    def word(self, length: int, letters: str = "bcdfghjklmnpqrstvwxz") -> str:
        return "".join(self._rng.choice(letters) for _ in range(length))

    def token(self, length: int = 28) -> str:
        return self.word(length - 4, "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") + self.word(
            4, "23456789"
        )

    def email(self) -> str:
        return f"{self.word(8)}.{self.word(7)}@{self.word(9)}.test"

    def name(self) -> str:
        return f"{self.word(7).title()} {self.word(9).title()}"

    def foreign_name(self) -> str:
        return f"{self.word(5).title()}ø{self.word(4)} Åke{self.word(6)}"

    def card(self) -> str:
        body = "4" + self.word(14, "0123456789")
        return body + luhn_digit(body)

    def digits(self, length: int = 9) -> str:
        return self._rng.choice("123456789") + self.word(length - 1, "0123456789")

    def hex(self, length: int = 32) -> str:
        return self.word(length - 2, "0123456789abcdef") + "7a"

    def uuid(self) -> str:
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def password(self) -> str:
        return f"{self.word(6).title()}-{self.word(4, '0123456789')}!q"

    def slug(self) -> str:
        return f"{self.word(6)}-{self.word(7)}"


@dataclass(frozen=True)
class Canary:
    remark: str
    secrets: tuple[str, ...]
    exchange: Exchange
    dropped: str = ""  # "request" or "response" when the body is not kept at all


def jwt_of(claims: dict[str, object], signature: str = "c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4tbWFkZS11cA") -> str:
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "k1"}, claims)
    return ".".join([urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts] + [signature])


def b64(value: object) -> str:
    return b64encode(json.dumps(value).encode()).decode()


def _canaries() -> list[Canary]:
    s = Secrets()
    out: list[Canary] = []

    def plant(remark: str, secrets: list[str], planted: Exchange, dropped: str = "") -> None:
        out.append(Canary(remark, tuple(secrets), planted, dropped))

    _plant_url(s, plant)
    _plant_request_headers(s, plant)
    _plant_json(s, plant)
    _plant_bodies(s, plant)
    _plant_answers(s, plant)
    _plant_trailers(s, plant)
    _plant_messages(s, plant)
    return out


def _plant_url(s: Secrets, plant) -> None:
    email = s.email()
    plant("e-mail as path segment", [email], exchange(f"/users/{email}"))
    plant("percent-encoded e-mail in path", [email := s.email()], exchange(f"/users/{quote(email, safe='')}"))
    twice = quote(quote(email := s.email(), safe=""), safe="")
    plant("double-percent-encoded e-mail in path", [email], exchange(f"/users/{twice}"))
    email = s.email()
    odd = "".join(f"%{byte:02x}" for byte in email.encode())
    plant("every byte of the segment percent-encoded", [email], exchange(f"/files/{odd}"))
    plant("person's slug after a people collection", [slug := s.slug()], exchange(f"/users/{slug}/orders"))
    plant("tenant's slug in path", [slug := s.slug()], exchange(f"/t/{slug}/courses"))
    plant("reset token in path", [token := s.token()], exchange(f"/reset/{token}"))
    plant("uuid in path", [uuid := s.uuid()], exchange(f"/orders/{uuid}"))
    plant("matrix parameter", [token := s.token()], exchange(f"/courses;jsessionid={token}"))
    plant("known query key", [email := s.email()], exchange(f"/search?email={quote(email)}"))
    plant("unknown query key", [name := s.name()], exchange(f"/search?q={quote_plus(name)}"))
    plant("query without =", [token := s.token()], exchange(f"/confirm?{token}"))
    plant("query KEY is the secret", [email := s.email()], exchange(f"/x?{email}=1"))
    plant("bracketed filter", [email := s.email()], exchange(f"/x?filter[email]={quote(email)}"))
    filtered = quote(json.dumps({"name": (name := s.name()), "email": (email := s.email())}))
    plant("JSON in query", [name, email], exchange(f"/x?filter={filtered}"))
    plant("base64 JSON in query", [email := s.email()], exchange(f"/x?state={quote(b64({'email': email}))}"))
    plant("OAuth code in query", [token := s.token()], exchange(f"/callback?code={token}&state=x"))
    plant("hex state in query", [h := s.hex()], exchange(f"/callback?state={h}"))
    password, slug = s.password(), s.slug()
    plant("userinfo in absolute target", [password, slug], exchange(f"https://{slug}:{password}@api.test/x"))
    plant(
        "tenant as sub-domain",
        [slug := s.slug()],
        exchange(host=f"{slug}.app.test", headers={"Host": f"{slug}.app.test:8443"}),
    )
    plant("fragment in target", [token := s.token()], exchange(f"/cb#access_token={token}"))
    plant("method is data", [email := s.email()], exchange(method=f"GET-{email}"))
    plant("connection named after an address", ["203.0.113.77"], exchange(connection="203.0.113.77:50123"))


def _plant_request_headers(s: Secrets, plant) -> None:
    def headed(**fields: str) -> Exchange:
        return exchange(headers={name.replace("_", "-"): value for name, value in fields.items()})

    plant("Bearer opaque", [token := s.token()], headed(Authorization=f"Bearer {token}"))
    claims = {"sub": s.uuid(), "email": s.email(), "name": s.name()}
    plant("Bearer JWT with claims", list(claims.values()), headed(Authorization=f"Bearer {jwt_of(claims)}"))
    user, password = s.email(), s.password()
    basic = b64encode(f"{user}:{password}".encode()).decode()
    plant("Basic user and password", [user, password], headed(Authorization=f"Basic {basic}"))
    plant("Authorization without scheme", [token := s.token()], headed(Authorization=token))
    plant("unknown scheme", [token := s.token()], headed(Authorization=f"Acme {token}"))
    aws, signature = "AKIA" + s.word(16, "ABCDEFGHIJKLMNOP234567"), s.hex(64)
    signed = f"AWS4-HMAC-SHA256 Credential={aws}/20261120/eu/s3/aws4_request, Signature={signature}"
    plant("AWS signature", [aws, signature], headed(Authorization=signed))
    digest = f'Digest username="{(email := s.email())}", realm="x", response="{(h := s.hex())}"'
    plant("Digest", [email, h], headed(Authorization=digest))
    plant("Proxy-Authorization", [token := s.token()], headed(Proxy_Authorization=f"Bearer {token}"))
    plant("cookie", [token := s.token()], headed(Cookie=f"theme=dark; sid={token}"))
    two = exchange(headers=[("Cookie", f"a={(one := s.token())}"), ("Cookie", f"b={(other := s.hex())}")])
    plant("two Cookie fields", [one, other], two)
    plant(
        "signed cookie: base64 JSON first",
        [email := s.email()],
        headed(Cookie=f"session={b64({'e': email})}.Zx1.{s.token()}"),
    )
    plant("percent-encoded cookie", [token := s.token()], headed(Cookie=f"connect.sid=s%3A{token}.abc%2Fdef"))
    plant("cookie NAME is an id", [h := s.hex()], headed(Cookie=f"sess_{h}=1"))
    plant("X-Api-Key", [token := s.token()], headed(X_Api_Key=token))
    plant("X-Api-Key of digits", [digits := s.digits(12)], headed(X_Api_Key=digits))
    plant("vendor header with e-mail", [email := s.email(), slug := s.slug()], headed(X_Acme_Ctx=f"u={email};t={slug}"))
    plant("X-Forwarded-For", ["198.51.100.23"], headed(X_Forwarded_For="198.51.100.23, 10.1.1.1"))
    plant("Forwarded with IPv6", ["2001:db8:cafe::17"], headed(Forwarded='for="[2001:db8:cafe::17]:47011"'))
    plant(
        "Referer",
        [token := s.token(), email := s.email()],
        headed(Referer=f"https://x.test/r?t={token}&e={quote(email)}"),
    )
    plant("X-User base64 JSON", [email := s.email()], headed(X_User=b64({"email": email})))
    plant("If-None-Match", [h := s.hex()], headed(If_None_Match=f'W/"{h}"'))
    plant("latin-1 header value", [name := s.foreign_name()], headed(X_Name=name))
    plant("User-Agent with device id", [h := s.hex()], headed(User_Agent=f"App/1.2 (device {h})"))
    plant("Accept abused", [email := s.email()], headed(Accept=f"text/html; who={email}"))
    plant("Accept abused with a token", [token := s.token()], headed(Accept=f"application/json; t={token}"))
    plant("header NAME is an id", [h := s.hex()], headed(**{f"X-{h}": "1"}))
    plant("multipart boundary", [h := s.hex()], headed(Content_Type=f"multipart/form-data; boundary={h}"))
    jwt = jwt_of({"email": (email := s.email())})
    plant("Sec-WebSocket-Protocol", [email], headed(Sec_WebSocket_Protocol=f"access_token, {jwt}"))


def _plant_json(s: Secrets, plant) -> None:
    plant("password", [password := s.password()], exchange(body={"password": password}))
    plant("pin as a number", [pin := s.digits(8)], exchange(body={"pin": int(pin)}))
    plant("nested object", [name := s.name()], exchange(body={"a": [{"b": {"c": [name]}}]}))
    email = s.email()
    escaped = "".join(f"\\u{ord(char):04x}" for char in email)
    plant("\\u-escaped e-mail", [email], exchange(body=f'{{"e": "{escaped}"}}'))
    plant("escaped KEY", [password := s.password()], exchange(body=f'{{"pass\\u0077ord": "{password}"}}'))
    plant("JSON in string", [email := s.email()], exchange(body={"p": json.dumps({"q": json.dumps({"e": email})})}))
    plant("base64 JSON in string", [name := s.name()], exchange(body={"p": b64({"n": name})}))
    plant("base64 of plain text", [name := s.name()], exchange(body={"p": b64encode(name.encode()).decode()}))
    plant("hex of text", [email := s.email()], exchange(body={"p": email.encode().hex()}))
    plant("urlencoded text", [email := s.email()], exchange(body={"p": f"a=1&e={quote(email, safe='')}"}))
    plant("HTML entities", [email := s.email()], exchange(body={"p": "".join(f"&#{ord(c)};" for c in email)}))
    plant("card as int", [card := s.card()], exchange(body={"n": int(card)}))
    card = s.card()
    spaced = " ".join(card[i : i + 4] for i in (0, 4, 8, 12))
    plant("card with spaces", [spaced], exchange(body={"n": spaced}))
    plant("card in a sentence", [card := s.card()], exchange(body={"n": f"paid with {card} today"}))
    plant("card as float", [card := s.card()], exchange(body=f'{{"n": {card}.0}}'))
    plant("ssn as int", [digits := s.digits(9)], exchange(body={"ssn": int(digits)}))
    plant("phone as int", [digits := s.digits(11)], exchange(body={"phone": int(digits)}))
    plant("phone as text", [phone := "+46" + s.digits(9)], exchange(body={"p": phone}))
    plant(
        "iban lower case in text", ["de89370400440532013000"], exchange(body={"t": "to de89370400440532013000 please"})
    )
    plant("birth date", ["1971-03-29"], exchange(body={"birthDate": "1971-03-29"}))
    plant("co-ordinate", ["59.329323"], exchange(body={"latitude": 59.329323}))
    plant("non-ASCII name", [name := s.foreign_name()], exchange(body={"n": name}))
    plant("enum key abused", [email := s.email()], exchange(body={"status": email}))
    plant("enum key abused with an id", [token := s.token(20)], exchange(body={"type": token}))
    plant("e-mail as map key", [email := s.email()], exchange(body={"by": {email: 1}}))
    plant("id as map key", [h := s.hex()], exchange(body={"by": {h: {"n": 1}}}))
    plant("name as map key", [name := s.name()], exchange(body={"by": {name: 1}}))
    plant("duplicate keys", [name := s.name()], exchange(body=f'{{"n": "{name}", "n": 1}}'))
    plant("top-level string", [name := s.name()], exchange(body=json.dumps(name)))
    plant("number beyond 64 bits is a card", [card := s.card()], exchange(body={"n": [int(card), 10**30]}))
    plant("[key, value] pair", [token := s.token()], exchange(body=[["token", token]]))
    plant("CSV in a string", [email := s.email()], exchange(body={"c": f"1,{email},2\n"}))
    plant("JWT in body", [email := s.email()], exchange(body={"t": jwt_of({"email": email})}))
    plant("JWT key id and nested claim", [s_ := s.name()], exchange(body={"t": jwt_of({"a": {"b": s_}}, "")}))
    plant("vendor token", [token := "ghp_" + s.token(36)], exchange(body={"t": token}))
    plant("URL in text", [token := s.token()], exchange(body={"t": f"see https://a.test/r?k={token} now"}))


def _plant_bodies(s: Secrets, plant) -> None:
    form = f"user={quote(email := s.email())}&password={quote(password := s.password())}"
    plant("form login", [email, password], exchange(body=form, content_type=FORM))
    json_form = f"data={quote(json.dumps({'n': (name := s.name())}))}"
    plant("JSON in a form", [name], exchange(body=json_form, content_type=FORM))
    plant("JSON sent as a form", [name := s.name()], exchange(body=json.dumps({"n": name}), content_type=FORM))
    plant("text/plain", [name := s.name()], exchange(body=f"Dear {name},\nhi", content_type="text/plain"))
    plant("JSON as text/plain", [token := s.token()], exchange(body={"t": token}, content_type="text/plain"))
    page = f"<p>{(name := s.name())}</p><input value='{(token := s.token())}'>"
    plant("HTML", [name, token], exchange(body=page, content_type="text/html; charset=utf-8"))
    utf16 = (name := s.name()).encode("utf-16")
    plant("UTF-16 text", [name], exchange(body=utf16, content_type="text/plain; charset=utf-16"))
    parts = f'--b\r\nContent-Disposition: form-data; name="f"; filename="{(name := s.name())}.pdf"\r\n\r\nx\r\n--b--'
    multipart = "multipart/form-data; boundary=b"
    plant("multipart file name", [name], exchange(body=parts, content_type=multipart))
    bad = f'{{"n": "{(name := s.name())}"'
    plant("cut JSON", [name], exchange(body=bad), "request")
    plant("JSON with NaN", [name := s.name()], exchange(body=f'{{"x": NaN, "n": "{name}"}}'), "request")
    utf16_json = json.dumps({"n": (name := s.name())}).encode("utf-16-le")
    plant("JSON in UTF-16", [name], exchange(body=utf16_json))
    zipped = gzip.compress(json.dumps({"n": (name := s.name())}).encode())
    coded = {"Content-Encoding": "gzip"}
    plant("still gzipped", [name], exchange(headers=coded, body=zipped), "request")
    plant("binary", [name := s.name()], exchange(body=name.encode(), content_type="application/pdf"), "request")
    plant("no type", [name := s.name()], exchange(body=name, content_type=""), "request")
    xml = f"<a n='{(name := s.name())}'/>"
    plant("XML", [name], exchange(body=xml, content_type="application/xml"))


def _plant_answers(s: Secrets, plant) -> None:
    def answered(**fields: str) -> Exchange:
        return exchange(answer_headers={name.replace("_", "-"): value for name, value in fields.items()})

    plant("Set-Cookie", [token := s.token()], answered(Set_Cookie=f"sid={token}; HttpOnly; Path=/"))
    attributes = f"a=1; Domain={(slug := s.slug())}.test; Path=/u/{(other := s.slug())}; X={(email := s.email())}"
    plant("Set-Cookie attributes", [slug, other, email], answered(Set_Cookie=attributes))
    folded = f"a={(one := s.token())}; Path=/, b={(two := s.token())}"
    plant("two cookies folded into one", [one, two], answered(Set_Cookie=folded))
    location = f"https://{(slug := s.slug())}.test/users/{(email := s.email())}?t={(token := s.token())}"
    plant("Location", [slug, email, token], answered(Location=location))
    link = f'<https://a.test/x?cursor={b64({"e": (email := s.email())})}>; rel="next"; title="{(name := s.name())}"'
    plant("Link", [email, name], answered(Link=link))
    plant("ETag", [h := s.hex()], answered(ETag=f'"{h}"'))
    plant("Digest of the raw body", [h := s.hex()], answered(Digest=f"sha-256={h}", Content_MD5=h))
    challenge = f'Bearer realm="{(email := s.email())}", error="invalid_token"'
    plant("WWW-Authenticate", [email], answered(WWW_Authenticate=challenge))
    plant("Content-Disposition", [name := s.name()], answered(Content_Disposition=f'attachment; filename="{name}.pdf"'))
    plant("Refresh", [token := s.token()], answered(Refresh=f"5; url=/x?t={token}"))
    plant("error message echoes", [email := s.email()], exchange(answer={"error": {"message": f"no user {email}"}}))
    trace = f'File "x.py"\nKeyError: {(password := s.password())}'
    plant("stack trace", [password], exchange(answer=trace, answer_type="text/plain", status=500))
    plant("token in answer", [token := s.token()], exchange(answer={"access_token": token, "token_type": "Bearer"}))
    pem = "-----BEGIN RSA PRIVATE KEY-----\n" + (token := s.token(60)) + "\n-----END RSA PRIVATE KEY-----"
    plant("private key", [token], exchange(answer={"k": pem}))
    image = b"\x89PNG" + (name := s.name()).encode()
    plant("image with a text chunk", [name], exchange(answer=image, answer_type="image/png"), "response")
    stream = f"data: {(email := s.email())}\n\n"
    plant("event stream", [email], exchange(answer=stream, answer_type="text/event-stream"))
    fault = Exchange("e", Request("GET", "/"), Fault(FaultKind.CONNECT, f"refused by {(email := s.email())}"))
    plant("fault detail", [email], fault)
    plant("type parameter", [token := s.token()], exchange(answer={"a": 1}, answer_type=f"{JSON}; profile={token}"))


def _plant_trailers(s: Secrets, plant) -> None:
    def trailed(**fields: str) -> Exchange:
        return exchange(answer={"n": 1}, trailers={name.replace("_", "-"): value for name, value in fields.items()})

    plant("trailer: gRPC message", [email := s.email()], trailed(grpc_status="5", grpc_message=f"no%20user%20{email}"))
    plant("trailer: unknown field", [name := s.name()], trailed(X_Checked_By=name))
    plant("trailer: credentials", [token := s.token()], trailed(Authorization=f"Bearer {token}"))
    plant("trailer: cookie", [token := s.token()], trailed(Set_Cookie=f"sid={token}; HttpOnly"))
    plant("trailer: location", [email := s.email()], trailed(Location=f"/users/{email}"))
    plant("trailer: digest of the raw body", [h := s.hex()], trailed(Repr_Digest=f"sha-256=:{h}:", Content_MD5=h))
    details = b64({"user": (email := s.email())})
    plant("trailer: binary details", [email], trailed(grpc_status_details_bin=details))
    plant("trailer: NAME is an id", [h := s.hex()], trailed(**{f"x_{h}": "1"}))


def _plant_messages(s: Secrets, plant) -> None:
    def email_and_name() -> tuple[dict[str, str], list[str]]:
        email, name = s.email(), s.name()
        return {"type": "note", "from": email, "text": name}, [email, name]

    told, hidden = email_and_name()
    plant("message: JSON as text", hidden, socket(said(told)))
    told, hidden = email_and_name()
    plant("message: JSON as JSON, of the server", hidden, socket(said(told, by_client=False, content_type=JSON)))
    plant("message: text", [name := s.name()], socket(said(f"hello {name}")))
    stomp = f"CONNECT\nlogin:{(email := s.email())}\npasscode:{(password := s.password())}\n\n\0"
    plant("message: STOMP CONNECT", [email, password], socket(said(stomp)))
    packet = "42" + json.dumps(["chat", {"to": (email := s.email())}])
    plant("message: Engine.IO packet", [email], socket(said(packet, by_client=False)))
    told, hidden = email_and_name()
    plant("message: documents with separators", hidden, socket(said(f"{json.dumps(told)}\x1e{{}}\x1e")))
    plant("message: map key", [email := s.email()], socket(said({"by": {email: 1}})))
    plant("message: token behind others", [token := s.token()], socket(said("ping"), said({"a": [{"b": token}]})))
    plant("message: cut JSON", [name := s.name()], socket(said(f'{{"n": "{name}"')))
    plant("message: JSON that is none", [name := s.name()], socket(said(f'{{"n": "{name}"', content_type=JSON)))
    binary = b"\x81\xa4name\xaf" + (name := s.name()).encode()
    plant("message: binary", [name], socket(said(binary, content_type="application/octet-stream")))
    plant("message: no UTF-8", [name := s.name()], socket(said(name.encode() + b"\xff\xfe")))
    plant("message: type parameter", [token := s.token()], socket(said("x", content_type=f"text/plain; p={token}")))


CANARIES = _canaries()


def grep(secrets: tuple[str, ...], subject: object) -> list[str]:
    """Which of the secrets can be read in the pickled subject, in any of many writings."""
    haystacks = _haystacks(subject)
    return [secret for secret in secrets if any(needle in hay for needle in _needles(secret) for hay in haystacks)]


def _needles(secret: str) -> set[bytes]:
    utf8 = secret.encode()
    out = {utf8, secret.casefold().encode(), quote(secret, safe="").encode(), utf8.hex().encode()}
    out |= {secret.encode("utf-16-le"), secret.encode("utf-16-be"), json.dumps(secret)[1:-1].encode()}
    out |= {secret.replace(" ", mark).encode() for mark in "-_+."} | {utf8[::-1]}
    out |= {"".join(char for char in secret if char.isalnum()).encode()} if len(secret) > 8 else set()
    for shift in range(3):  # base64 at three alignments, without the characters that neighbours decide
        whole = b64encode(b"\x00" * shift + utf8)
        out.add(whole[(0, 2, 3)[shift] : len(whole) - 4])
    return {needle for needle in out if len(needle) >= 6}


def _haystacks(subject: object) -> list[bytes]:
    raw = pickle.dumps(subject)
    text = raw.decode("latin-1")
    out = [raw, raw.decode("utf-8", "replace").casefold().encode()]
    out += [unquote(text).encode("latin-1", "replace"), unquote(unquote(text)).encode("latin-1", "replace")]
    out.append(re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text).encode("utf-8", "replace"))
    out.append(html.unescape(text).encode("utf-8", "replace"))
    out += [_inflated(found) for found in re.findall(rb"\x1f\x8b.*", raw, re.DOTALL)]
    for layer in range(2):
        words = set(re.findall(rb"[A-Za-z0-9+/_-]{8,}", b"\n".join(out) if layer else raw))
        out += [_unbased(word) for word in words]
    return out


def _inflated(data: bytes) -> bytes:
    import zlib

    try:
        return zlib.decompressobj(31).decompress(data)
    except zlib.error:
        return b""


def _unbased(word: bytes) -> bytes:
    try:
        return b64decode(word.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(word) % 4))
    except ValueError:
        return b""
