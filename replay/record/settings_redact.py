"""The `[redact]` table of `replay.toml`, or the file that it names: the redaction policy as plain data, checked.

    [redact]
    level = "strict"                    # or "balanced"
    policy = "redact.toml"              # the keys below stand there instead, without [redact] around them
    learned = "vocabulary.json"         # written by `replay redact learn`
    schema = ["openapi.yaml"]
    keep = [{place = "body.items[*].title", endpoint = "GET /courses", reason = "public catalogue"}]

    [[redact.rule]]
    where = 'request "POST /login" body $.password'
    action = "mask"

    [[redact.detector]]
    name = "customer number"
    regex = '\\bAC-\\d{6}[A-Z]\\b'
    class = "id"
    examples = ["AC-123456X"]

Rule: everything is read, compiled and checked in the process where somebody typed the command; the writer gets what
stood in the files and opens none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from replay.model.errors import ConfigError
from replay.record.schema_files import read_schema
from replay.record.settings_keeps import KeepText, check_keeps, parse_keeps
from replay.redact.detector_net import Detector, make_detector
from replay.redact.kinds import Action
from replay.redact.lexicon import Level, Lexicon
from replay.redact.openapi import SchemaFacts
from replay.redact.policy_rules import check_rules
from replay.redact.rule_conflicts import check_against_schema
from replay.redact.rules import Constant, Decision, Rule, make_rule
from replay.redact.vocabulary_file import read_vocabulary

KEYS = ("level", "policy", "learned", "schema", "keep", "rule", "detector")
_FILE_KEYS = ("version", *(key for key in KEYS if key != "policy"))
_RULE_KEYS = ("where", "action", "class", "with", "domain", "reason", "values")
_DETECTOR_KEYS = ("name", "regex", "class", "examples", "counter")
_TEXTS = frozenset(("where", "action", "class", "domain", "reason", "name", "regex"))
_LISTS = frozenset(("values", "examples", "counter"))
_VERSION = 1
_MOST_BYTES = 32 << 20

ReadToml = Callable[[Path], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RuleText:
    """As written; `source` names file and number."""

    source: str
    where: str
    action: str = ""
    value_class: str = ""
    constant: Constant | None = None
    domain: str = ""
    reason: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DetectorText:
    source: str
    name: str
    regex: str
    value_class: str = ""
    examples: tuple[str, ...] = ()
    counter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """`names`, `values` (where, text) and `classes` (place, action, class) come from learned words and schemas."""

    level: str = Level.STRICT.value
    rules: tuple[RuleText, ...] = ()
    detectors: tuple[DetectorText, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    classes: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RedactSettings:
        """What `dataclasses.asdict` gave, also after a way through JSON."""
        known = {field.name: wire[field.name] for field in fields(cls) if field.name in wire}
        known["rules"] = tuple(RuleText(**{**one, "values": tuple(one["values"])}) for one in known.get("rules", ()))
        known["detectors"] = tuple(
            DetectorText(**{**one, "examples": tuple(one["examples"]), "counter": tuple(one["counter"])})
            for one in known.get("detectors", ())
        )
        for name in ("values", "classes"):
            known[name] = tuple(tuple(one) for one in known.get(name, ()))
        known["names"] = tuple(known.get("names", ()))
        return cls(**known)


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """What `Policy` wants, of one redaction policy."""

    rules: tuple[Rule, ...]
    detectors: tuple[Detector, ...]
    lexicon: Lexicon
    classes: Mapping[str, Decision]


@lru_cache(maxsize=4)
def compiled_rules(settings: RedactSettings) -> CompiledRules:
    """Raises ConfigError. Remembered: each tenant may have a policy of its own."""
    rules = tuple(
        make_rule(one.source, one.where, one.action, one.value_class, one.constant, one.domain, one.reason, one.values)
        for one in settings.rules
    )
    check_rules(rules)
    detectors = tuple(
        make_detector(one.source, one.name, one.regex, one.value_class, one.examples, one.counter)
        for one in settings.detectors
    )
    lexicon = Lexicon(Level(settings.level), frozenset(settings.names), frozenset(settings.values))
    from_schema = make_decisions(settings.classes)
    return CompiledRules(rules, detectors, lexicon, from_schema)


def make_decisions(classes: tuple[tuple[str, str, str], ...]) -> dict[str, Decision]:
    """By place."""
    return {place: Decision(Action(action), value_class) for place, action, value_class in classes}


def parse_redact(
    table: dict[str, Any], where: str, folder: Path, read_toml: ReadToml
) -> tuple[RedactSettings, tuple[KeepText, ...]]:
    """The policy, and its `keep` entries. `where` names the file in messages, `folder` is where it is.

    Raises ConfigError.
    """
    prefix, mark = f"{where}: [redact]", "redact."
    if "policy" in table:
        others = sorted(set(table) - {"policy"})
        if others:
            raise ConfigError(f"{prefix} names a policy file and says {others[0]} itself: say it in that file.")
        path = folder / _text(table["policy"], f"{prefix} policy")
        table = read_toml(path)
        where, folder, prefix, mark = str(path), path.parent, str(path), ""
        _check_keys(table, _FILE_KEYS, prefix)
        if table.get("version", _VERSION) != _VERSION:
            raise ConfigError(f"{prefix} has a version that this replay does not know: it reads version {_VERSION}.")
    settings = RedactSettings(
        level=_level(table.get("level", Level.STRICT.value), prefix),
        rules=_rules(table.get("rule", []), where, mark),
        detectors=_detectors(table.get("detector", []), where, mark),
    )
    keeps = parse_keeps(table.get("keep", []), prefix)
    return _with_words(settings, keeps, table, prefix, folder), keeps


def _with_words(
    settings: RedactSettings, keeps: tuple[KeepText, ...], table: dict[str, Any], prefix: str, folder: Path
) -> RedactSettings:
    """With the names, values and formats of learned words and schemas; then everything is compiled once."""
    names: set[str] = set()
    values: set[tuple[str, str]] = set()
    if "learned" in table:
        path = folder / _text(table["learned"], f"{prefix} learned")
        if not path.exists():
            hint = "`replay redact learn` writes it; leave learned out until then"
            raise ConfigError(f"{prefix} learned names {path}, which does not exist: {hint}.")
        text = read_text(path)
        try:
            lexicon = read_vocabulary(text)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
        names, values = set(lexicon.names), set(lexicon.values)
    facts = [read_schema(folder / one, read_text) for one in _texts(table.get("schema", []), f"{prefix} schema")]
    classes = _agreed(facts)
    for one in facts:
        names |= one.names
        values |= one.values
    complete = RedactSettings(
        settings.level,
        settings.rules,
        settings.detectors,
        tuple(sorted(names)),
        tuple(sorted(values)),
        tuple(sorted((place, one.action.value, one.value_class) for place, one in classes.items())),
    )
    rules = compiled_rules(complete).rules
    routes = [route for one in facts for route in one.routes] if facts else None
    known = None if not facts or any(one.is_open for one in facts) else frozenset(names)
    if routes is not None:
        check_against_schema(rules, routes, known)
    check_keeps(keeps, prefix, rules, routes, known)
    return complete


def _agreed(facts: list[SchemaFacts]) -> dict[str, Decision]:
    """Of several schemas, what none contradicts."""
    out: dict[str, Decision] = {}
    contested = set()
    for one in facts:
        contested |= {place for place, decision in one.classes.items() if out.setdefault(place, decision) != decision}
    return {place: decision for place, decision in out.items() if place not in contested}


def _level(value: Any, prefix: str) -> str:
    if value not in list(Level):
        raise ConfigError(f"{prefix} level must be {' or '.join(Level)}: there is no way to switch redaction off.")
    return str(value)


def _rules(entries: Any, where: str, mark: str) -> tuple[RuleText, ...]:
    out = []
    for source, entry in _entries(entries, where, f"{mark}rule", _RULE_KEYS, ("where",)):
        constant = entry.get("with")
        if constant is not None and not isinstance(constant, str | int | float | bool):
            raise ConfigError(f"{source}: with must be a text, a number, true or false.")
        out.append(
            RuleText(
                source,
                entry["where"],
                entry.get("action", ""),
                entry.get("class", ""),
                constant,
                entry.get("domain", ""),
                entry.get("reason", ""),
                tuple(entry.get("values", ())),
            )
        )
    return tuple(out)


def _detectors(entries: Any, where: str, mark: str) -> tuple[DetectorText, ...]:
    return tuple(
        DetectorText(
            source,
            entry["name"],
            entry["regex"],
            entry.get("class", ""),
            tuple(entry.get("examples", ())),
            tuple(entry.get("counter", ())),
        )
        for source, entry in _entries(entries, where, f"{mark}detector", _DETECTOR_KEYS, ("name", "regex"))
    )


def _entries(
    entries: Any, where: str, kind: str, keys: tuple[str, ...], required: tuple[str, ...]
) -> list[tuple[str, dict[str, Any]]]:
    """Each with its name in messages; types are checked, meanings are not."""
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ConfigError(f"{where}: [[{kind}]] must be a list of tables.")
    out = []
    for i, entry in enumerate(entries, 1):
        source = f"{where}: [[{kind}]] {i}"
        _check_keys(entry, keys, source)
        for key, value in entry.items():
            if key in _TEXTS and not isinstance(value, str):
                raise ConfigError(f"{source}: {key} must be a text.")
            if key in _LISTS:
                _texts(value, f"{source}: {key}")
        missing = next((key for key in required if not entry.get(key, "").strip()), "")
        if missing:
            raise ConfigError(f"{source} needs {missing}, a text that is not empty.")
        out.append((source, entry))
    return out


def _check_keys(table: dict[str, Any], keys: tuple[str, ...], place: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise ConfigError(f"{place} has an unknown key {unknown[0]!r:.60}; valid: {', '.join(keys)}.")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{what} must be the name of a file.")
    return value


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{what} must be a list of texts.")
    return value


def read_text(path: Path) -> str:
    """Of a file beside the configuration. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.") from None
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path} has more than {_MOST_BYTES >> 20} MB.")
    return text
