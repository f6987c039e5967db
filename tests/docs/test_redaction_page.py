"""What the pages on redaction say can be done: the policy loads as it stands, and the tests that are named exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from replay.record.redacting import policy_of
from replay.record.settings import load_settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/redaction.md").read_text("utf-8")
SCHEMA = {
    "openapi": "3.0.3",
    "paths": {
        "/users": {"get": {"parameters": [{"name": one, "in": "query"} for one in ("page", "limit", "sort")]}},
        "/courses": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "items": {
                                            "type": "array",
                                            "items": {"type": "object", "properties": {"title": {"type": "string"}}},
                                        }
                                    },
                                }
                            }
                        }
                    }
                }
            }
        },
        "/t/{tenant}/orders": {"get": {"parameters": [{"name": one, "in": "cookie"} for one in ("sid", "session")]}},
        "/login": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "password": {"type": "string"},
                                    "mood": {"type": "string"},
                                    "orderId": {"type": "integer"},
                                    "users": {
                                        "type": "array",
                                        "items": {"type": "object", "properties": {"email": {"type": "string"}}},
                                    },
                                    "address": {"type": "object", "properties": {"country": {"type": "string"}}},
                                },
                            }
                        }
                    }
                }
            }
        },
    },
}


def test_the_policy_of_the_page_loads(tmp_path: Path) -> None:
    """Both files as they are printed, beside a schema and a vocabulary: they make a policy, unlike an empty one."""
    outer, inner = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "replay.toml").write_text(outer)
    (tmp_path / "redact.toml").write_text(inner)
    (tmp_path / "openapi.yaml").write_text(json.dumps(SCHEMA))  # JSON is YAML
    (tmp_path / "vocabulary.json").write_text('{"version": 1, "k": 5, "tenants": 2, "names": [], "values": {}}')
    (tmp_path / "empty.toml").write_text("[redact]\n")
    made, plain = (policy_of(bytes(32), load_settings(tmp_path / name)) for name in ("replay.toml", "empty.toml"))
    assert made.digest != plain.digest


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/.]+)`", PAGE))))
def test_a_test_that_is_named_exists(name: str) -> None:
    """The threat model is worth what its tests are."""
    assert (ROOT / name).exists()
