"""Traffic as a bank's service sees it, for speed and for comparing two states of the code: deterministic, no state.

Clients come back with the same token, cookies and headers; request ids, traces, ETags and resource ids are new each
time; of the records in the bodies `fresh` of each are seen for the first time, the others come again.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from random import Random
from typing import Any

from replay.model.body import Body
from replay.model.exchange import Exchange, Request, Response
from replay.model.headers import Headers

JSON = "application/json"
_FIRST = ("Ingrid", "Quentin", "Rahel", "Jürgen", "Tomasz", "Åsa", "Mireille", "Oluwaseun", "Dmitri", "Farah", "Wei")
_LAST = ("Halvorsen", "Zwolak", "Brunner", "Müller-Lüdenscheidt", "Okonkwo", "Petrov", "Nguyen", "Ó-Briain", "Sørensen")
_TEXT = """invoice payment order delivery was sent to the customer on Monday and returned please call again about the
    refund for article number with thanks from our team in Hamburg regarding contract"""
_WORDS = tuple(_TEXT.split())
_STATES = ("pending", "active", "shipped", "returned", "cancelled")


class Bank:
    """`share_fresh`: the share of records that nobody saw before, 0 to 1."""

    def __init__(self, seed: str = "bank", share_fresh: float = 0.2, clients: int = 40, known: int = 400) -> None:
        self._rng = Random(seed)
        self._share_fresh = share_fresh
        self._clients = [self._client() for _ in range(clients)]
        self._known = [self._record() for _ in range(known)]

    def exchange(self, request_bytes: int = 0, response_bytes: int = 1024) -> Exchange:
        """A GET, or a POST when `request_bytes`; JSON bodies of about the sizes that are asked for (0: none)."""
        rng = self._rng
        client = rng.choice(self._clients)
        number, ref = rng.randrange(10**5), self._hex(24)
        email = client["email"].replace("@", "%40")
        target = f"/api/v2/accounts/{number}/orders?page={rng.randrange(9)}&cursor={ref}&sort=created_at&email={email}"
        body = self.body(request_bytes) if request_bytes else Body()
        answer = self.body(response_bytes) if response_bytes else Body()
        request = Request(
            "POST" if request_bytes else "GET",
            target,
            self._request_headers(client, body),
            body,
            "https",
            "api.bank.test",
        )
        response = Response(200, self._response_headers(client, answer), answer)
        return Exchange("e1", request, response, 1.0, 1.1, f"203.0.113.{rng.randrange(250)}:{rng.randrange(60000)}")

    def body(self, size_bytes: int) -> Body:
        """A page of records of about `size_bytes`."""
        items: list[Any] = []
        page = {"page": 1, "total": self._rng.randrange(10**4), "next": self._hex(24), "items": items}
        length = 0
        while length < size_bytes - 90:
            one = self._record() if self._rng.random() < self._share_fresh else self._rng.choice(self._known)
            length += len(json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode())
            items.append(one)
        return Body(json.dumps(page, separators=(",", ":"), ensure_ascii=False).encode(), JSON)

    def _record(self) -> dict[str, Any]:
        rng = self._rng
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        name = f"{first.lower()}.{last.lower()}{rng.randrange(9999)}"
        return {
            "id": rng.randrange(10**7),
            "uuid": self._uuid(),
            "customer": {"firstName": first, "lastName": last, "email": f"{name}@mail{rng.randrange(30)}.test",
                         "phone": f"+49{rng.randrange(10**9, 10**10)}",
                         "birthDate": f"19{rng.randrange(40, 99)}-03-17"},
            "status": rng.choice(_STATES),
            "createdAt": f"2026-11-{rng.randrange(1, 28):02d}T{rng.randrange(24):02d}:15:{rng.randrange(60):02d}Z",
            "total": {"amount": rng.randrange(10**6) / 100, "currency": "EUR"},
            "note": " ".join(rng.choices(_WORDS, k=rng.randrange(3, 16))),
            "tags": rng.sample(["gift", "express", "b2b", "fragile"], k=2),
            "lines": [{"sku": f"sku_{self._hex(8)}", "qty": rng.randrange(1, 9), "price": rng.randrange(10**4) / 100,
                       "title": " ".join(rng.choices(_WORDS, k=3)).title()} for _ in range(rng.randrange(1, 4))],
            "paid": rng.random() < 0.5,
            "coupon": None,
        }  # fmt: skip

    def _client(self) -> dict[str, str]:
        rng = self._rng
        email = f"{rng.choice(_FIRST).lower()}{rng.randrange(10**6)}@corp{rng.randrange(9)}.test"
        claims = {"sub": self._uuid(), "email": email, "name": f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
                  "tid": f"ten_{self._hex(10)}", "iat": 1763677437, "exp": 1763681037,
                  "scope": "orders:read orders:write", "roles": ["customer"]}  # fmt: skip
        head = {"alg": "RS256", "typ": "JWT", "kid": self._hex(8)}
        jwt = ".".join(
            [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)]
            + [self._token(342)]
        )
        seen = f"GA1.2.{rng.randrange(10**9)}.1763677437"
        cookies = f"sid={self._token(32)}; _ga={seen}; theme=dark; csrftoken={self._token(32)}"
        return {"email": email, "jwt": jwt, "cookies": cookies, "tenant": f"ten_{self._hex(10)}"}

    def _request_headers(self, client: dict[str, str], body: Body) -> Headers:
        fields = [
            ("Host", "api.bank.test"),
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"),
            ("Accept", "application/json, text/plain;q=0.9, */*;q=0.8"),
            ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
            ("Accept-Encoding", "gzip, deflate, br"),
            ("Authorization", f"Bearer {client['jwt']}"),
            ("Cookie", client["cookies"]),
            ("X-Request-Id", self._uuid()),
            ("X-Tenant-Id", client["tenant"]),
            ("X-Forwarded-For", f"198.51.100.{self._rng.randrange(250)}"),
            ("traceparent", f"00-{self._hex(32)}-{self._hex(16)}-01"),
            ("Referer", "https://app.bank.test/accounts/overview"),
            ("Connection", "keep-alive"),
        ]
        if body.data:
            fields += [("Content-Type", JSON), ("Content-Length", str(len(body.data)))]
        return Headers(tuple(fields))

    def _response_headers(self, client: dict[str, str], body: Body) -> Headers:
        second = self._rng.randrange(60)
        return Headers((
            ("Date", f"Fri, 20 Nov 2026 22:23:{second:02d} GMT"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(body.data))),
            ("Connection", "keep-alive"),
            ("Cache-Control", "private, no-cache, max-age=0"),
            ("ETag", f'W/"{self._hex(32)}"'),
            ("Vary", "Accept-Encoding, Origin"),
            ("Set-Cookie", f"{client['cookies'].partition(';')[0]}; Path=/; HttpOnly; Secure; SameSite=Lax"),
            ("X-Request-Id", self._uuid()),
        ))  # fmt: skip

    def _hex(self, length: int) -> str:
        return "".join(self._rng.choices("0123456789abcdef", k=length))

    def _token(self, length: int) -> str:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return "".join(self._rng.choices(letters, k=length))

    def _uuid(self) -> str:
        h = self._hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
