"""Fields of power that answers show and nobody sends are offered to the service, with a marker."""

from __future__ import annotations

import json
from random import Random

from make import exchange, session
from replay.model.case import Site
from replay.model.session import Session
from replay.mutate.inflate import Inflate
from replay.mutate.privileges import privileged_fields

SHOWN = {
    "data": {"id": "par_01H8", "contents": "rope", "owner_org": "org_7", "status": "new", "links": {"owner": "/o"}}
}


def parcels(shown: object = SHOWN, sent: object = None) -> Session:
    create = exchange("c", "POST", "/o/7/parcels", 201, json=sent or {"contents": "rope"})
    return session("s", create, exchange("r", "GET", "/o/7/parcels/par_01H8", answer=shown), tenant="7")


def test_which_fields_are_privileged() -> None:
    """Shown by the thing's own answers, about power, text, and never sent by anybody."""
    for remark, record, expected in (
        ("shown by a read of the thing", parcels(), ("owner_org", "owner")),
        ("clients send it: it is theirs to set", parcels(sent={"owner_org": "x", "owner": "y"}), ()),
        ("a state is often the client's to choose", parcels({"status": "new"}), ()),
        ("no text", parcels({"owner": None, "is_admin": False}), ()),
    ):
        assert privileged_fields(record, record.exchanges[0]) == expected, remark


def test_the_variant_exists_only_where_there_is_such_a_field() -> None:
    """A case that injects nothing would only cost time."""
    variants = [site.variant for site in Inflate().sites(parcels())]
    assert variants[-1] == "privileged-fields"
    assert "privileged-fields" not in [site.variant for site in Inflate().sites(parcels({"id": 1}))]


def test_each_field_gets_a_marker_of_its_own() -> None:
    """The oracle must be able to tell which one was stored; the rest of the body stays."""
    site = Site("c", "POST /o/{id}/parcels", "privileged-fields")
    step = Inflate().apply(parcels(), site, Random(5))[0]
    body = json.loads(step.request.body.data)
    injected = Inflate().injected(parcels(), site, Random(5))
    assert body == {"contents": "rope"} | {one.key: one.value for one in injected}
    assert [one.place for one in injected] == ["body.owner_org", "body.owner"]
    assert len({one.value for one in injected}) == 2
