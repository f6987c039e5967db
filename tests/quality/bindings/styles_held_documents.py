"""Held-out styles whose values travel in documents: hypermedia, pages, XML, GraphQL, cursors."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from make import response
from quality.bindings.tape import Client, Salted, Serve, Style, document, found, page
from replay.model.body import Body
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Request, Response


def _uuid_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/api/projects":
            return response(201, answer={"id": own.uuid("project"), "name": "x", "seats": 10})
        if sent.path == "/api/tasks":
            return response(201, answer={"task": {"uuid": own.uuid("task", own.next_id())}, "priority": 1})
        return response(200, answer={"ok": True})

    return serve


def _uuid_script(client: Client) -> None:
    project = document(client.send("POST", "/api/projects", json={"name": client.fresh(client.own.uuid("n"))}))["id"]
    for priority in (1, 2):
        made = document(
            client.send("POST", "/api/tasks", json={"project": project, "priority": priority, "done": False})
        )
        task = made["task"]["uuid"]
        client.send("PATCH", f"/api/projects/{project}/tasks/{task}", json={"done": True, "priority": 1})
        client.send("GET", f"/api/tasks/{task}?project={project}&limit=10&page=1", headers={"X-Project": project})


def _hal_service(own: Salted) -> Serve:
    orders: list[int] = []

    def serve(sent: Request) -> Response:
        if sent.method == "POST" and sent.path == "/orders":
            orders.append(own.next_id())
            base = f"/orders/{orders[-1]}"
            links = {
                "self": {"href": base},
                "payment": {"href": f"{base}/payment"},
                "items": {"href": f"{base}/items{{?page}}"},
            }
            return response(201, answer={"status": "open", "_links": links})
        if sent.path == "/orders":
            embedded = [{"total": 10, "_links": {"self": {"href": f"http://shop.test/orders/{one}"}}} for one in orders]
            return response(200, answer={"_embedded": {"orders": embedded}, "count": len(orders)})
        return response(200, answer={"status": "paid"})

    return serve


def _hal_script(client: Client) -> None:
    for quantity in (1, 2):
        links = document(client.send("POST", "/orders", json={"quantity": quantity, "sku": "tea"}))["_links"]
        client.send("PUT", links["payment"]["href"], json={"amount": 10, "currency": "EUR"})
        client.send("GET", links["self"]["href"] + "?expand=1")
    listed = document(client.send("GET", "/orders?page=1"))["_embedded"]["orders"]
    for one in listed:
        client.send("GET", one["_links"]["self"]["href"].removeprefix("http://shop.test"))


def _cursor_of(inner: object) -> str:
    return urlsafe_b64encode(dump_json(inner)).decode().rstrip("=")


def _cursor_service(own: Salted) -> Serve:
    ids = [own.next_id() for _ in range(6)]

    def serve(sent: Request) -> Response:
        text = found(r"after=([^&]*)", sent.query) if "after=" in sent.query else ""
        last = parse_json(urlsafe_b64decode(text + "=" * (-len(text) % 4)))["id"] if text else 0
        rest = [one for one in ids if one > last][:2]
        items = [{"id": one, "stars": 3} for one in rest]
        return response(200, answer={"items": items, "total": 6, "end": _cursor_of({"id": rest[-1]}) if rest else None})

    return serve


def _cursor_script(client: Client) -> None:
    got = document(client.send("GET", "/articles?first=2"))
    got = document(client.send("GET", f"/articles?first=2&after={got['end']}"))
    client.send("GET", f"/articles?first=2&after={_cursor_of({'id': got['items'][-1]['id']})}")  # made by the client
    client.send("GET", f"/articles/{got['items'][0]['id']}")
    client.send("GET", "/articles?first=3")


def _csrf_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/login" and sent.method == "GET":
            head = f'<html><head><meta name="csrf-token" content="{own.secret("meta")}"></head><form action="/login">'
            text = head + f'<input value="{own.secret("form")}" type=hidden name="_csrf"><input name="user"></form>'
            return page(text, headers=[("Set-Cookie", f"pre={own.secret('pre', length=12)}; Path=/")])
        if sent.path == "/login":
            return page("", 303, [("Location", "/home"), ("Set-Cookie", f"SESSION={own.secret('sid')}; HttpOnly")])
        return page(f"<form><input type='hidden' name='_csrf' value='{own.secret('second')}'></form>")

    return serve


def _csrf_script(client: Client) -> None:
    text = client.send("GET", "/login").body.data.decode()
    pre = client.kept["a-one"][-1].response
    assert pre is not None
    cookie = pre.headers.get("set-cookie").partition(";")[0]
    form = found(r'value="(\w+)" type=hidden', text)
    meta = found(r'content="(\w+)"', text)
    sent = {"_csrf": form, "user": "operator", "remember": "1"}
    got = client.send("POST", "/login", form=sent, headers={"Cookie": f"lang=en; {cookie}"})
    cookie += "; " + got.headers.get("set-cookie").partition(";")[0]
    client.send("POST", "/ajax/mark", json={"read": True, "count": 1}, headers={"Cookie": cookie, "X-CSRF-Token": meta})
    text = client.send("GET", "/home", headers={"Cookie": cookie}).body.data.decode()
    again = found(r"name='_csrf' value='(\w+)'", text)
    client.send("POST", "/settings", form={"_csrf": again, "theme": "dark"}, headers={"Cookie": cookie})


def _graphql_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        text = str(parse_json(sent.body.data)["query"])
        if "createBoard" in text:
            return response(200, answer={"data": {"createBoard": {"id": str(own.next_id()), "title": "x"}}})
        if "addCard" in text:
            return response(
                200, answer={"data": {"addCard": {"card": {"id": own.secret("card", own.next_id(), length=10)}}}}
            )
        return response(200, answer={"data": {"board": {"cards": []}}})

    return serve


def _graphql_script(client: Client) -> None:
    def ask(query: str, **variables: object) -> object:
        return document(client.send("POST", "/graphql", json={"query": query, "variables": variables}))["data"]

    board = ask("mutation($t: String!) { createBoard(title: $t) { id title } }", t="plans")["createBoard"]["id"]
    card = ask("mutation($b: ID!, $n: Int) { addCard(boardId: $b, rank: $n) { card { id } } }", boardId=board, n=1)
    card_id = card["addCard"]["card"]["id"]
    ask(f'mutation {{ moveCard(id: "{card_id}", boardId: {board}, position: 2) {{ ok }} }}')
    ask(f"query {{ board(id: {board}) {{ cards(first: 10) {{ id }} }} }}")
    ask("query($input: BoardInput!) { board(input: $input) { id } }", input={"boardId": board, "first": 10})


def _soap_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        text = sent.body.data.decode()
        if "OpenAccount" in text:
            ticket = f'<m:ticket ref="{own.secret("t", length=14)}"/>'
            account = f"<m:accountId>{own.next_id()}</m:accountId>"
            inner = f"<m:OpenAccountResponse>{account}{ticket}</m:OpenAccountResponse>"
        else:
            inner = "<m:Done>true</m:Done>"
        return page(
            f'<s:Envelope xmlns:s="urn:s"><s:Body>{inner}</s:Body></s:Envelope>', media="text/xml; charset=utf-8"
        )

    return serve


def _soap_script(client: Client) -> None:
    def call(action: str, inner: str) -> str:
        inner = f'<m:{action} xmlns:m="urn:bank">{inner}</m:{action}>'
        text = f'<?xml version="1.0"?><s:Envelope xmlns:s="urn:s"><s:Body>{inner}</s:Body></s:Envelope>'
        body = Body(text.encode(), "text/xml; charset=utf-8")
        return client.send(
            "POST", "/services/bank", body=body, headers={"SOAPAction": f'"{action}"'}
        ).body.data.decode()

    for kind in ("giro", "savings"):
        text = call("OpenAccount", f"<m:kind>{kind}</m:kind><m:limit>10</m:limit>")
        account, ticket = found(r"accountId>(\d+)<", text), found(r'ref="(\w+)"', text)
        call("Confirm", f'<m:accountId>{account}</m:accountId><m:ticket ref="{ticket}"/><m:step>1</m:step>')
        call("Deposit", f'<m:account id="{account}"><m:amount currency="EUR">25</m:amount></m:account>')


def _mixed_service(own: Salted) -> Serve:
    def serve(sent: Request) -> Response:
        if sent.path == "/v2/customers":
            return response(201, answer={"customer": {"id": own.next_id(), "ref": f"cus-{own.secret('c', length=8)}"}})
        if sent.path == "/v2/invoices":
            return response(
                201, answer={"invoiceId": str(own.next_id()), "lines": [{"lineId": own.next_id(), "qty": 2}]}
            )
        return response(200, answer={})

    return serve


def _mixed_script(client: Client) -> None:
    """Numbers become text and text becomes a number on their way through the client."""
    customer = document(client.send("POST", "/v2/customers", json={"level": 1}))["customer"]
    made = document(client.send("POST", "/v2/invoices", json={"customerId": str(customer["id"]), "net": 30, "vat": 19}))
    line = made["lines"][0]["lineId"]
    client.send("POST", f"/v2/invoices/{made['invoiceId']}/send", json={"to": customer["ref"], "copies": 1})
    client.send("PUT", "/v2/reminders", json={"invoiceId": int(made["invoiceId"]), "days": 14, "lineIds": [line]})
    client.send("GET", f"/v2/search?customer_id={customer['id']}&key=customer:{customer['id']}&line={line}&page=1")


STYLES = (
    Style("UUIDs", _uuid_service, _uuid_script),
    Style("HAL links", _hal_service, _hal_script),
    Style("cursors, base64 of JSON", _cursor_service, _cursor_script),
    Style("CSRF in forms, meta, cookies", _csrf_service, _csrf_script),
    Style("GraphQL", _graphql_service, _graphql_script),
    Style("SOAP", _soap_service, _soap_script),
    Style("string-number mixes", _mixed_service, _mixed_script),
)
