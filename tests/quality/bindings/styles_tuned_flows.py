"""Styles that the code was tuned with: signing in, uploading, paging, and an application made of forms."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

from make import bearer, response
from quality.bindings.tape import Client, Salted, Serve, Style, document, found, page
from replay.model.body import Body
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Request, Response


def _oauth_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/authorize":
            state = found(r"state=(\w+)", sent.query)
            back = f"https://app.test/back?code={own.secret('code', length=20)}&state={state}&iss=shop"
            return response(302, headers={"Location": back})
        if sent.path == "/token":
            names = ("access_token", "refresh_token")
            tokens = {name: own.secret(name, own.next_id()) for name in names}
            return response(200, answer={**tokens, "expires_in": 3600, "token_type": "Bearer"})
        return response(200, answer={"sub": f"user|{own.secret('sub', length=12)}", "level": 10})

    return serve


def _oauth_script(client: Client) -> None:
    state = client.fresh(client.own.secret("state"))
    got = client.send("GET", f"/authorize?response_type=code&client_id=web&state={state}&max_age=10")
    code = parse_qs(urlsplit(got.headers.get("location")).query)["code"][0]
    basic = {"Authorization": "Basic " + b64encode(b"web:demo").decode()}
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://app.test/back"}
    tokens = document(client.send("POST", "/token", form=form, headers=basic))
    user = document(client.send("GET", "/userinfo", headers=bearer(tokens["access_token"])))["sub"]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "expires_in": "3600"}
    tokens = document(client.send("POST", "/token", form=form, headers=basic))
    client.send("GET", f"/files?owner={user.replace('|', '%7C')}&limit=10", headers=bearer(tokens["access_token"]))
    client.send("GET", "/socket?access_token=" + tokens["access_token"])


def _jwt(own: Salted, *names: str) -> tuple[str, dict[str, object]]:
    claims = {"sub": own.uuid("sub", *names), "tid": own.number("tid", *names), "iat": 1_700_000_000, "role": "clerk"}
    parts = [dump_json({"alg": "HS256", "typ": "JWT"}), dump_json(claims)]
    head = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"{head}.{own.secret('signature', *names, length=43)}", claims


def _jwt_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/login":
            return response(200, answer={"jwt": _jwt(own, str(own.next_id()))[0], "ttl": 10})
        return response(200, answer={"ok": True})

    return serve


def _claims(token: str) -> dict[str, object]:
    text = token.split(".")[1]
    tree = parse_json(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert isinstance(tree, dict)
    return dict(tree)


def _jwt_script(client: Client) -> None:
    for who in ("clerk", "chief"):
        token = document(client.send("POST", "/login", json={"login": who, "ttl": 10}))["jwt"]
        claims = _claims(token)
        client.send("GET", f"/users/{claims['sub']}/mail?limit=10", headers=bearer(token))
        client.send("GET", f"/tenants/{claims['tid']}/plan", headers={**bearer(token), "X-Level": "10"})
        client.send("POST", "/notes", json={"tenant_id": claims["tid"], "stars": 10}, headers={"X-Auth-Token": token})


def _upload_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/uploads":
            return response(
                201, answer={"upload": {"id": own.next_id(), "key": own.secret("k", own.made)}, "parts": 10}
            )
        return response(201, answer={"attachment_id": own.next_id()})

    return serve


def _multipart(fields: dict[str, str], file: bytes) -> Body:
    lines = b"".join(
        f'--edge7\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    head = (
        b'--edge7\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: image/png\r\n\r\n'
    )
    return Body(lines + head + file + b"\r\n--edge7--\r\n", "multipart/form-data; boundary=edge7")


def _upload_script(client: Client) -> None:
    for title in ("one", "two"):
        upload = document(client.send("POST", "/uploads", json={"title": title, "parts": 10}))["upload"]
        key = client.fresh(client.own.uuid("dedup", title))
        fields = {"upload_id": str(upload["id"]), "key": upload["key"], "part": "10", "client_token": key}
        fields["meta"] = dump_json({"uploadId": upload["id"], "rank": 11}).decode()
        got = client.send("POST", "/parts", body=_multipart(fields, b"\x89PNG\xff\x00--edge"))
        client.send("DELETE", f"/attachments/{document(got)['attachment_id']}?parts=10")


def _paging_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        base = "http://shop.test/items?limit=10"
        marker = own.secret(sent.query, length=11)
        last = own.secret("last", length=11)
        link = f'<{base}&after={last}>; rel="last", <{base}&after={marker}>; rel="next", <{base}>; rel="first"'
        return response(200, answer={"items": [], "page": 1}, headers={"Link": link, "X-Total-Count": "12"})

    return serve


def _paging_script(client: Client) -> None:
    target = "/items?limit=10"
    for number in (1, 2):
        link = client.send("GET", target, headers={"X-Page": str(number)}).headers.get("link")
        target = found(r"<http://shop.test([^>]*)>; rel=\"next\"", link)
    client.send("GET", target)
    client.send("GET", found(r"<http://shop.test([^>]*)>; rel=\"last\"", link))


def _legacy_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        state = f'<input type="hidden" name="__STATE" value="{own.secret("state", own.next_id(), length=40)}">'
        if sent.path == "/list.do":
            rows = "".join(f'<tr><td><a href="/show.do?id={own.next_id()}&tab=1">show</a></td></tr>' for _ in range(2))
            return page(f"<form>{state}<table>{rows}</table></form>")
        if sent.path == "/show.do":
            hidden = f'<input name="rowVersion" type="hidden" value="{own.number("v", own.made)}">'
            choice = f'<select name="branch"><option value="b{own.secret("branch", length=8)}">B</option></select>'
            return page(
                f'<form action="/save.do" data-order="{own.secret("order", length=10)}">{state}{hidden}{choice}</form>'
            )
        return page("", 302, [("Location", f"/done.do?receipt={own.secret('r', own.made, length=12)}")])

    return serve


def _legacy_script(client: Client) -> None:
    text = client.send("GET", "/list.do?page=1").body.data.decode()
    for link in range(2):
        target = re.findall(r'href="([^"]*)"', text)[link].replace("&amp;", "&")
        shown = client.send("GET", target).body.data.decode()
        form = {
            "__STATE": found(r'__STATE" value="(\w+)"', shown),
            "rowVersion": found(r'hidden" value="(\d+)"', shown),
            "branch": found(r'option value="(\w+)"', shown),
            "orderKey": found(r'data-order="(\w+)"', shown),
            "amount": "10",
            "submit": "Save",
        }
        got = client.send("POST", "/save.do", form=form)
        client.send("GET", got.headers.get("location") + "&print=1")


STYLES = (
    Style("OAuth", _oauth_service, _oauth_script),
    Style("JWT claims", _jwt_service, _jwt_script),
    Style("multipart uploads", _upload_service, _upload_script),
    Style("paging by Link", _paging_service, _paging_script),
    Style("application of forms", _legacy_service, _legacy_script),
)
