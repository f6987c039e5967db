"""Host names whose first label may name a tenant: `acme` of `acme.app.example.com`.

    acme.app.example.com -> qwet.h5f1c09a3d1e7.example      /t/acme, X-Tenant: acme, "tid": "acme" -> qwet, too
    api.app.example.com  -> h5f1c09a3.example               an operator's word, and no tenant

Rule: words that operators use as labels (www, api, eu-west-1) name none. Addresses, single labels and registered
domains themselves have no such label.
"""

from __future__ import annotations

import re

from replay.redact.vocabulary import listed

# Labels of operators and products, and regions.
_NOT_TENANTS = listed(
    """www www2 api api2 app apps auth login sso id identity accounts oauth admin console dashboard portal cdn static
    assets img images media files download uploads docs doc help support status blog shop store mail smtp mx m mobile
    ws wss grpc gateway gw edge proxy internal int dev test stage staging qa uat prod production preview beta demo
    sandbox eu us ap uk de localhost"""
)
_REGISTRIES = listed("co com org net gov edu ac or ne go gob")  # co.uk, com.au, ... below a country
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_REGION = re.compile(r"[a-z]{2,4}-[a-z]+-?\d+[a-z]?")


def is_label(text: str) -> bool:
    """True for what may stand between the points of a host name."""
    return _LABEL.fullmatch(text) is not None


def tenant_label(host: str) -> tuple[str, tuple[str, ...]] | None:
    """The first label and those behind it, in lower case, when the first may name a tenant. `host` has no port."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 3 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        return None
    label, parent = labels[0], tuple(labels[1:])
    is_registered = len(parent) == 2 and len(parent[1]) == 2 and parent[0] in _REGISTRIES
    if is_registered or label in _NOT_TENANTS or _REGION.fullmatch(label):
        return None
    return label, parent
