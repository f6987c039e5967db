"""What the recorder works with: the `[redact]` and `[record]` tables of `replay.toml`, and the options over them.

    [redact]                            # the redaction policy, see `record.settings_redact`
    keep = [{place = "body.items[*].title", endpoint = "GET /courses", reason = "public catalogue"}]

    [record]
    queue_mb = 32                       # memory for exchanges on their way to the writer
    body_kb = 1024                      # longer bodies are cut; request_body_kb and response_body_kb set one direction
    sample = 0.1                        # share of sessions that are kept, whole
    exclude = ["health", "/static/**"]
    tenant = ["claim:org_id", "subdomain"]

    [[record.routes]]                   # a share of its own; the first that matches counts
    match = "GET /catalogue/**"
    sample = 0.01

Rule: an unknown key is an error that names the valid ones; other tables belong to other rooms and pass by. An option
that was said wins over the same key of the file; a list replaces the list.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from replay.model.errors import ConfigError, UsageError
from replay.record.routes import RouteRule, parse_pattern
from replay.record.settings_keeps import KeepText
from replay.record.settings_redact import KEYS as REDACT_KEYS
from replay.record.settings_redact import RedactSettings, parse_redact
from replay.record.settings_values import FILE_READERS, READERS, read_share
from replay.store.expiry import DAY_SECONDS, DEFAULT_DAYS

_RECORD_KEYS = (*FILE_READERS, "routes")
_ROUTE_KEYS = ("match", "sample")
_LISTS = ("include", "exclude")

"""Place, reason and endpoint (or an empty text) of a kept field, as written."""
Said = str | int | float | bool | Sequence[str]


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """Sizes in bytes, times in seconds; 0 is "none" for rotation and retention. `key` says where the key is, not what.

    `routes` holds include, exclude and per-route shares in one list (see `replay.record.routes`).
    """

    keeps: tuple[KeepText, ...] = ()
    redact: RedactSettings = RedactSettings()
    raw_hosts: tuple[str, ...] = ()  # upstream hosts with synthetic data: what goes there is not redacted
    queue_bytes: int = 32 << 20
    request_body_bytes: int = 1 << 20
    response_body_bytes: int = 1 << 20
    sample: float = 1.0  # of sessions
    routes: tuple[RouteRule, ...] = ()
    tenant: tuple[str, ...] = ()  # source texts, see replay.record.identify
    principal: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    gap_seconds: float = 1800.0
    rotate_bytes: int = 0
    rotate_seconds: float = 0.0
    keep_bytes: int = 0
    keep_seconds: float = 0.0
    capture: str = ""
    key: str = ""
    key_scope: str = ""  # "capture" or "project"; "": project, since whoever names a key wants recorders to agree
    key_per_tenant: bool = False
    encrypt_to: str = ""  # where the recipient's public key is, then (see `record.capture_start`) that key, hex
    lifetime: float = DEFAULT_DAYS * DAY_SECONDS  # after the last exchange
    append: bool = False
    metrics: str = ""
    drain_seconds: int = 10  # for requests in flight at the end; with what follows well under Kubernetes' 30 s

    def to_wire(self) -> dict[str, Any]:
        """Plain data that `marshal` takes."""
        return asdict(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RecordSettings:
        """What `to_wire` gave, also from a version that knew fewer or more fields."""
        known = {field.name: wire[field.name] for field in fields(cls) if field.name in wire}
        for name in ("raw_hosts", "tenant", "principal", "session"):
            known[name] = tuple(known.get(name, ()))
        known["keeps"] = tuple((keep[0], keep[1], keep[2]) for keep in known.get("keeps", ()))
        known["redact"] = RedactSettings.from_wire(known.get("redact", {}))
        known["routes"] = tuple(RouteRule(**route) for route in known.get("routes", ()))
        return cls(**known)


def load_settings(path: Path) -> RecordSettings:
    """Raises ConfigError with one sentence."""
    return parse_settings(read_toml(path), str(path), path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """Raises ConfigError with one sentence."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def parse_settings(document: Mapping[str, Any], where: str, folder: Path = Path()) -> RecordSettings:
    """`where` names the document in messages; files that it names lie in `folder`. Raises ConfigError."""
    _check_tables(document, where)
    redact = _table(document, "redact", REDACT_KEYS, where)
    record = _table(document, "record", _RECORD_KEYS, where)
    policy, keeps = parse_redact(redact, where, folder, read_toml)
    settings = RecordSettings(keeps=keeps, redact=policy)
    for name, reader in FILE_READERS.items():
        if name in record:
            try:
                settings = _changed(settings, reader(record[name]))
            except ValueError as problem:
                raise ConfigError(f"{where}: [record] {name} {problem}") from None
    return replace(settings, routes=(*settings.routes, *_shares(record.get("routes", []), where)))


def with_options(settings: RecordSettings, values: Mapping[str, Said]) -> RecordSettings:
    """Options by name without `replay_`; 0, an empty text or list, and False were not said. Raises UsageError."""
    unknown = sorted(set(values) - set(READERS) - {"config"})
    if unknown:
        raise UsageError(f"the recorder has no option {unknown[0]}; valid: {', '.join(READERS)}")
    for name, reader in READERS.items():
        value = values.get(name)
        if not value:
            continue
        try:
            settings = _changed(settings, reader(value))
        except ValueError as problem:
            raise UsageError(f"the recorder's option {name} {problem}") from None
    return settings


def _changed(settings: RecordSettings, changes: dict[str, Any]) -> RecordSettings:
    """Include and exclude lists live in `routes`, where each replaces its own kind."""
    for name in _LISTS:
        if name in changes:
            fresh: tuple[RouteRule, ...] = changes.pop(name)
            is_record = name == "include"
            rest = [rule for rule in settings.routes if rule.sample is not None or rule.record is not is_record]
            changes["routes"] = (*fresh, *rest)
    return replace(settings, **changes)


def _shares(entries: Any, where: str) -> list[RouteRule]:
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: [[record.routes]] must be a list of tables")
    out = []
    for i, entry in enumerate(entries, 1):
        place = f"{where}: [[record.routes]] entry {i}"
        if not isinstance(entry, dict):
            raise ConfigError(f"{place} must be a table with {', '.join(_ROUTE_KEYS)}")
        _check_keys(entry, _ROUTE_KEYS, place)
        if not isinstance(entry.get("match"), str) or "sample" not in entry:
            raise ConfigError(
                f"{place} needs match, a route such as GET /catalogue/**, and sample, a share from 0 to 1"
            )
        for name, check in (("match", parse_pattern), ("sample", read_share)):
            try:
                check(entry[name])
            except ValueError as problem:
                raise ConfigError(f"{place}: {name} {problem}") from None
        out.append(RouteRule(entry["match"].strip(), True, read_share(entry["sample"])))
    return out


def _check_tables(document: Mapping[str, Any], where: str) -> None:
    """Tables of other rooms pass by; a slip of one of ours would switch off in silence what it says."""
    for name in document:
        meant = difflib.get_close_matches(str(name).lower(), ("record", "redact"), 1, 0.75)
        if meant and name not in ("record", "redact", "redactors"):
            raise ConfigError(f"{where}: there is no table [{name!s:.40}]: it is [{meant[0]}]")


def _table(document: Mapping[str, Any], name: str, keys: tuple[str, ...], where: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: [{name}] must be a table")
    _check_keys(table, keys, f"{where}: [{name}]")
    return table


def _check_keys(table: dict[str, Any], keys: tuple[str, ...], place: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise ConfigError(f"{place} has an unknown key {unknown[0]!r}; valid: {', '.join(keys)}")
