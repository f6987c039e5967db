"""OpenAPI files, JSON or YAML, for the redaction policy.

YAML is read by ruamel.yaml, which mitmproxy brings; where it is missing, the file has to be JSON.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replay.model.errors import ConfigError
from replay.redact.openapi import SchemaFacts, facts_of


def read_schema(path: Path, read_text: Callable[[Path], str]) -> SchemaFacts:
    """Raises ConfigError."""
    return facts_of(_document(path, read_text(path)), str(path))


def _document(path: Path, text: str) -> Any:
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise ConfigError(f"{path} is not valid JSON.") from None
    return _yaml(path, text)


def _yaml(path: Path, text: str) -> Any:
    """Aliases become the same object and are not copied, so that a few lines cannot grow in memory."""
    try:
        library = importlib.import_module("ruamel.yaml")
    except ImportError:
        raise ConfigError(f"{path} is YAML and ruamel.yaml is not installed: convert it to JSON.") from None
    try:
        return library.YAML(typ="safe").load(text)
    except (library.error.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"{path} is not valid YAML.") from None
