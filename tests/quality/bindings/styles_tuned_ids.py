"""Styles that the code was tuned with: how things are named, and how their names travel in JSON, links and paths."""

from __future__ import annotations

from typing import Any

from make import bearer, response
from quality.bindings.tape import Client, Salted, Serve, Style, document
from replay.model.body import Body
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Request, Response
from replay.model.message import body_tree


def _ints_service(own: Salted) -> Serve:
    kept: list[int] = []

    def serve(sent: Request) -> Response:
        if sent.method == "POST" and sent.path == "/courses":
            kept.append(own.next_id())
            return response(201, answer={"id": kept[-1], "seats": 10, "version": 1, "rating": 12})
        if sent.path == "/courses":
            return response(
                200, answer={"items": [{"id": one} for one in kept], "page": 1, "total": len(kept), "size": 10}
            )
        return response(200, answer={"id": kept[0], "seats": 10, "version": 2})

    return serve


def _ints_script(client: Client) -> None:
    """Ids that look like the page sizes, seats, years and ratings around them."""
    made = [
        document(client.send("POST", "/courses", json={"seats": 10, "level": 1, "rating": 12}))["id"] for _ in "abc"
    ]
    client.send("GET", "/courses?page=1&size=10&min_rating=11&year=2024")
    client.send("PATCH", f"/courses/{made[0]}", json={"seats": 11, "version": 1, "active": True, "rating": 10})
    client.send("POST", f"/courses/{made[1]}/enrolments", json={"course_id": made[1], "seat": 10, "priority": 12})
    client.send("POST", "/bundles", json={"courseIds": made, "discount": 11, "months": 12})
    client.send("GET", f"/report?course_ids={made[0]},{made[2]}&top=10&quarter=1")
    client.send("GET", "/courses/9999?page=10")


def _snowflake_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        flake = 1_700_000_000_000_000_000 + int(own.digest("f", own.next_id())[:12], 16)
        if sent.path == "/channels":
            return response(201, answer={"id": str(flake), "type": 1, "position": 10})
        return response(201, answer={"message": {"id": flake, "nonce": 1}, "cursor": own.next_id()})

    return serve


def _snowflake_script(client: Client) -> None:
    channel = document(client.send("POST", "/channels", json={"type": 1, "position": 10}))["id"]
    for number in (1, 2):
        got = document(client.send("POST", f"/channels/{channel}/messages", json={"text": "hello", "nonce": number}))
        message = got["message"]["id"]
        client.send("PUT", f"/channels/{channel}/pins/{message}", json={"message": message, "in": channel, "rank": 10})
        client.send("GET", f"/channels/{channel}/messages?around={message}&limit=10")
        client.send("POST", "/mentions", json={"text": f"see <#{channel}>", "ref": f"msg-{message}"})


def _slug_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/teams":
            return response(
                201, answer={"team": {"slug": f"blue-team-{own.next_id()}x{own.secret(own.made, length=4)}"}}
            )
        return response(201, answer={"url": f"http://shop.test{sent.path}/page-{own.next_id()}", "words": 10})

    return serve


def _slug_script(client: Client) -> None:
    for name in ("blue", "red"):
        slug = document(client.send("POST", "/teams", json={"name": name}))["team"]["slug"]
        url = document(client.send("POST", f"/t/{slug}/pages", json={"title": name, "team": slug, "words": 10}))["url"]
        client.send("GET", url.removeprefix("http://shop.test") + "?words=10")
        client.send("POST", "/feeds", form={"url": url, "team_slug": slug, "every": "10"})


def _json_api_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        kind = sent.path.strip("/").split("/")[0]
        data = {"type": kind, "id": str(own.next_id()), "attributes": {"rank": 10}}
        links = {"self": f"/{kind}/{data['id']}", "related": f"/{kind}/{data['id']}/comments?page[size]=10"}
        return response(201, answer={"data": data, "links": links, "meta": {"count": 12}})

    return serve


def _json_api_script(client: Client) -> None:
    author = document(client.send("POST", "/people", json={"data": {"type": "people"}}))["data"]["id"]
    article = document(
        client.send("POST", "/articles", json={"data": {"type": "articles", "attributes": {"rank": 10}}})
    )
    key = article["data"]["id"]
    author_link = {"data": {"type": "people", "id": author}}
    body = {
        "data": {"type": "articles", "id": key, "attributes": {"rank": 11}, "relationships": {"author": author_link}}
    }
    client.send("PATCH", f"/articles/{key}", json=body)
    client.send("GET", article["links"]["related"])
    client.send("GET", f"/articles/{key}?include=author&page[number]=10")


def _batch_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/batch":
            asked: Any = body_tree(sent.body)
            return response(200, answer=[{"status": 201, "body": {"id": own.next_id()}} for _ in asked])
        if sent.path == "/_bulk":
            return response(
                200, answer={"items": [{"index": {"_id": own.secret(i, own.next_id(), length=20)}} for i in range(2)]}
            )
        return response(201, answer={"order": {"id": own.next_id(), "lines": 10}})

    return serve


def _batch_script(client: Client) -> None:
    order = document(client.send("POST", "/orders", json={"lines": 10}))["order"]["id"]
    batch = [
        {"method": "POST", "path": f"/orders/{order}/lines", "body": {"order_id": order, "qty": 10}},
        {"method": "POST", "path": f"/orders/{order}/notes?limit=10", "body": {"stars": 1}},
    ]
    client.send("POST", "/batch", json=batch)
    lines = b'{"index":{}}\n{"rank":10}\n{"index":{}}\n{"rank":11}\n'
    got = document(client.send("POST", "/_bulk", body=Body(lines, "application/x-ndjson")))
    keys = [one["index"]["_id"] for one in got["items"]]
    lines = b"".join(dump_json({"delete": {"_id": key, "version": 1}}) + b"\n" for key in keys)
    client.send("POST", "/_bulk", body=Body(lines, "application/x-ndjson"))


def _strings_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/events":
            payload = dump_json({"ticket": {"id": own.next_id()}, "lock": own.secret("lock", own.made)}).decode()
            return response(201, answer={"payload": payload, "attempts": 10})
        return response(200, answer={"ok": True})

    return serve


def _strings_script(client: Client) -> None:
    for attempt in (1, 2):
        made = parse_json(str(document(client.send("POST", "/events", json={"attempt": attempt}))["payload"]).encode())
        ticket, lock = made["ticket"]["id"], made["lock"]
        state = dump_json(
            {"ticket_id": ticket, "tries": 10, "deep": dump_json({"lock": lock, "n": 11}).decode()}
        ).decode()
        client.send("POST", "/state", json={"state": state, "size": 10})
        client.send("PUT", f"/tickets/{ticket}", form={"data": dump_json({"lock": lock, "rank": 10}).decode()})
        client.send("GET", f"/tickets?filter=%7B%22ticket_id%22%3A{ticket}%2C%22top%22%3A10%7D")


def _hyper_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/":
            return response(
                200, answer={"actions": [{"rel": "open", "href": f"/carts/{own.secret('root', length=10)}/open"}]}
            )
        if sent.path == "/seen":
            return response(204)
        cart = sent.path.split("/")[2]
        forms = {
            "add": {"action": f"http://shop.test/carts/{cart}/lines?v={own.secret(cart, 'v', length=9)}", "max": 10}
        }
        return response(200, answer={"cart": {"lines": own.next_id()}, "forms": forms})

    return serve


def _hyper_script(client: Client) -> None:
    for _ in range(2):
        href = document(client.send("GET", "/"))["actions"][0]["href"]
        action = document(client.send("POST", href, json={"size": 10}))["forms"]["add"]["action"]
        client.send("POST", action.removeprefix("http://shop.test"), json={"sku": "tea", "qty": 10})
        client.send("GET", "/seen", headers={**bearer("demo"), "X-Came-From": action})


STYLES = (
    Style("REST with small integers", _ints_service, _ints_script),
    Style("snowflakes", _snowflake_service, _snowflake_script),
    Style("slugs", _slug_service, _slug_script),
    Style("JSON:API", _json_api_service, _json_api_script),
    Style("batch endpoints", _batch_service, _batch_script),
    Style("JSON inside strings", _strings_service, _strings_script),
    Style("hypermedia", _hyper_service, _hyper_script),
)
