"""How redacted exchanges spell the names that the configuration uses.

A claim called `https://acme.example/tenant` or a route `/Kunden/{tenant}` looks like data to redaction, which puts a
stand-in there. Asking the policy once, at the start, with an exchange made of nothing but these names, tells which.

Rule: a name that the policy refuses stays as it was written: the source then finds nothing, which is safe.
"""

from __future__ import annotations

from dataclasses import replace

from replay.model.body import Body
from replay.model.codec import dump_json
from replay.model.exchange import Exchange, Request, Response
from replay.model.message import body_tree, path_segments
from replay.record.identify import Source, Sources
from replay.redact.policy import Policy, Refused

_PLAIN = "1"  # in place of what a path's pattern leaves open: a small number stays


def spelled(sources: Sources, policy: Policy) -> Sources:
    """The sources as exchanges redacted by `policy` show them."""
    names = {name: _name(policy, name) for name in sources.names()}
    changed = sources.spelled(lambda name: names.get(name, name))
    roles = (changed.tenant, changed.principal, changed.session)
    tenant, principal, session = (tuple(_path(policy, source) for source in role) for role in roles)
    return Sources(tenant, principal, session)


def _name(policy: Policy, name: str) -> str:
    body = Body(dump_json({name: None}), "application/json")
    try:
        tree = body_tree(policy.redact(_exchange("/", body)).exchange.request.body)
    except (Refused, ValueError):
        return name
    return next(iter(tree)) if isinstance(tree, dict) and len(tree) == 1 else name


def _path(policy: Policy, source: Source) -> Source:
    if source.kind != "path":
        return source
    literals = [str(step) if step not in ("*", source.name) else _PLAIN for step in source.steps]
    try:
        found = path_segments(policy.redact(_exchange("/".join(literals), Body())).exchange.request.path)
    except Refused:
        return source
    if len(found) != len(literals):
        return source
    steps = (old if old in ("*", source.name) else new for old, new in zip(source.steps, found, strict=True))
    return replace(source, steps=tuple(steps))


def _exchange(target: str, body: Body) -> Exchange:
    return Exchange("e0", Request("POST", target, body=body), Response(200))
