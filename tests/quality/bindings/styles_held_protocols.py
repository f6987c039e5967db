"""Held-out styles whose values travel by HTTP's own means: validators, Location, presigned URLs, plain numbers."""

from __future__ import annotations

from make import bearer, response
from quality.bindings.tape import Client, Salted, Serve, Style, document
from replay.model.body import Body
from replay.model.exchange import Request, Response


def _etag_service(own: Salted) -> Serve:
    changes = [0]

    def serve(sent: Request) -> Response:
        changes[0] += sent.method == "PUT"
        tag = own.secret("etag", sent.path, changes[0], length=7)
        weak = "W/" if sent.path.endswith("weak") else ""
        return response(200, answer={"title": "x", "size": 10}, headers={"ETag": f'{weak}"{tag}"'})

    return serve


def _etag_script(client: Client) -> None:
    for path in ("/docs/plain", "/docs/weak"):
        tag = client.send("GET", path).headers.get("etag")
        tag = client.send("PUT", path, json={"title": "y"}, headers={"If-Match": tag}).headers.get("etag")
        client.send("GET", path, headers={"If-None-Match": tag})
        strong = tag.removeprefix("W/")
        client.send("GET", path, headers={"If-None-Match": f'"0", {strong}'})


def _job_service(own: Salted) -> Serve:
    polls = [0]

    def serve(sent: Request) -> Response:
        if sent.method == "POST" and sent.path == "/exports":
            place = f"http://shop.test/jobs/{own.next_id()}?token={own.secret('poll', own.made, length=16)}"
            return response(202, headers={"Location": place, "Retry-After": "1"})
        polls[0] += 1
        if polls[0] % 2:
            return response(200, answer={"state": "running", "percent": 50})
        return response(
            200, answer={"state": "done", "percent": 100, "result": f"/files/{own.secret('f', polls[0])}.csv"}
        )

    return serve


def _job_script(client: Client) -> None:
    for kind in ("daily", "weekly"):
        got = client.send("POST", "/exports", json={"kind": kind, "year": 2024})
        place = got.headers.get("location").removeprefix("http://shop.test")
        client.send("GET", place)
        done = document(client.send("GET", place))
        client.send("GET", done["result"])
        client.send("DELETE", place.partition("?")[0])


def _presigned_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/uploads":
            key = own.secret("key", own.next_id(), length=12)
            expires = 1_700_000_000 + own.number("at", own.made, high=90_000)
            signature = own.secret("sig", own.made, length=40)
            url = f"/bucket/{key}/photo.png?X-Expires={expires}&X-Signature={signature}&part=1"
            return response(201, answer={"uploadUrl": f"https://files.shop.test{url}", "fileId": f"file_{key}"})
        return response(200, headers={"ETag": f'"{own.secret("part", own.made, length=32)}"'})

    return serve


def _presigned_script(client: Client) -> None:
    for size in (10, 20):
        made = document(client.send("POST", "/uploads", json={"name": "photo.png", "size": size}))
        target = made["uploadUrl"].removeprefix("https://files.shop.test")
        got = client.send("PUT", target, body=Body(b"\x89PNG\x00\xff", "image/png"))
        tag = got.headers.get("etag").strip('"')
        parts = {"parts": [{"number": 1, "etag": tag}], "size": size}
        client.send("POST", f"/uploads/{made['fileId']}/complete", json=parts)


def _padded_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/cases":
            return response(201, answer={"caseNumber": f"{own.next_id():08}", "box": 3})
        if sent.path.endswith("/entries"):
            return response(201, answer={"entry_no": f"{own.next_id():07}"})
        return response(200, answer={"open": True})

    return serve


def _padded_script(client: Client) -> None:
    for box in (3, 4):
        case = document(client.send("POST", "/cases", json={"box": box, "code": "0042"}))["caseNumber"]
        entry = document(client.send("POST", f"/cases/{case}/entries", json={"pages": 12}))["entry_no"]
        client.send("GET", f"/cases/{case}?year=2024&box={box}")
        client.send("PUT", f"/cases/{case}/entries/{entry}", json={"case_number": case, "pages": 13})
        client.send("GET", f"/archive?key={case}:{entry}&page=1")


def _session_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/session":
            headers = [("Set-Cookie", f"sid={own.secret('sid')}; Path=/"), ("X-Request-Token", own.secret("xrt"))]
            return response(200, answer={"me": {"id": own.next_id(), "role": "clerk"}}, headers=headers)
        return response(201, answer={"receipt": {"id": own.next_id()}})

    return serve


def _session_script(client: Client) -> None:
    """A header token, a cookie, keys that the client makes, and small values that only look like ids."""
    got = client.send("POST", "/session", json={"login": "clerk", "device": 1})
    sid = got.headers.get("set-cookie").partition(";")[0]
    headers = {"Cookie": sid, "X-Request-Token": got.headers.get("x-request-token")}
    me = document(got)["me"]["id"]
    for number in (1, 2):
        once = {"Idempotency-Key": client.fresh(client.own.uuid("once", number))}
        body = {
            "user_id": me,
            "amount": 10 * number,
            "reference": client.fresh("pay-" + client.own.secret("r", number)),
        }
        made = document(client.send("POST", "/payments", json=body, headers={**headers, **once}))
        client.send("GET", f"/receipts/{made['receipt']['id']}?copies={number}", headers=headers)
    client.send("GET", "/users/10/avatar?size=10&v=2", headers=headers | bearer("static-demo-key"))


STYLES = (
    Style("ETag and If-Match", _etag_service, _etag_script),
    Style("jobs polled by Location", _job_service, _job_script),
    Style("presigned URLs", _presigned_service, _presigned_script),
    Style("zero-padded numbers", _padded_service, _padded_script),
    Style("header tokens and keys made once", _session_service, _session_script),
)
