"""Which units there are, and how `replay.toml` configures them: a unit's fields are its configuration."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from replay.compose.units import all_formats, all_mutators, all_oracles, pick, probe_for
from replay.model import plugins
from replay.model.errors import ConfigError, UsageError
from replay.mutate.duplicate import Duplicate


class Broken:
    """A plugin whose constructor quotes something that must not be printed."""

    def __init__(self):
        raise ValueError("secret-of-the-plugin")


def entry_point(monkeypatch, group, name, value):
    found = {group: EntryPoints([EntryPoint(name, value, group)])}
    monkeypatch.setattr(plugins, "entry_points", lambda group: found.get(group, EntryPoints()))


def test_builtin_mutators_come_in_their_order():
    names = [unit.name for unit in all_mutators({})]
    assert names[:4] == ["duplicate", "race", "inflate", "swap-tenant"]
    assert names[4:] == ["retry", "abort", "idempotency-key", "delete-then-read"]


def test_a_table_sets_fields():
    configured = {unit.name: unit for unit in all_mutators({"duplicate": {"copies": 5}})}
    assert configured["duplicate"] == Duplicate(copies=5)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"duplicates": {}}, ["duplicates", "duplicate, idempotency-key, inflate, race, retry, swap-tenant"]),
        ({"duplicate": {"copy": 3}}, ["copy", "copies"]),
        ({"duplicate": {"copies": "3"}}, ["copies", "a whole number"]),
        ({"duplicate": {"copies": True}}, ["copies", "a whole number"]),
        ({"\x1b[31mred": {}}, ["?[31mred"]),
    ],
)
def test_a_wrong_table_names_the_valid_choices(tables, words):
    with pytest.raises(ConfigError) as raised:
        all_mutators(tables)
    assert all(word in str(raised.value) for word in words)
    assert "\x1b" not in str(raised.value)


def test_a_list_of_texts_is_a_setting_too():
    """The one documented way to name what tenants share legitimately."""
    tables = {"list-leak": {"shared_endpoints": ["GET /api/catalog"]}}
    leak = next(unit for unit in all_oracles(tables) if unit.name == "list-leak")
    assert leak.shared_endpoints == ("GET /api/catalog",)
    with pytest.raises(ConfigError, match="a list of texts"):
        all_oracles({"list-leak": {"shared_endpoints": [1]}})


def test_picking_keeps_the_order_of_the_tuple_and_refuses_strangers():
    units = all_mutators({})
    assert [unit.name for unit in pick(units, ["swap-tenant", " duplicate ", ""])] == ["duplicate", "swap-tenant"]
    with pytest.raises(UsageError, match="There is no mutator `rase`"):
        pick(units, ["rase"])


def test_an_entry_point_adds_a_mutator(monkeypatch):
    entry_point(monkeypatch, "replay.mutators", "twice", "replay.mutate.duplicate:Duplicate")
    assert [unit.name for unit in all_mutators({})][-1] == "duplicate"
    assert len(all_mutators({})) == 9


def test_an_entry_point_adds_a_format_and_a_database(monkeypatch):
    entry_point(monkeypatch, "replay.reporters", "again", "replay.report.json_report:render")
    assert set(all_formats()) == {"text", "json", "junit", "sarif", "html", "markdown", "again"}
    entry_point(monkeypatch, "replay.probes", "duck", "replay.probe.sqlite:SqliteProbe")
    assert probe_for("duck:///x").name == "sqlite"
    with pytest.raises(UsageError, match="duck://"):
        probe_for("goose:///x")


@pytest.mark.parametrize("value", ["no.such.module:Unit", "unit.compose.test_units_and_plugins:Broken"])
def test_a_plugin_that_fails_is_one_sentence(monkeypatch, value):
    entry_point(monkeypatch, "replay.oracles", "mine", value)
    with pytest.raises(ConfigError, match=r"The plugin `mine` of replay\.oracles does not load") as raised:
        all_oracles({})
    assert "secret-of-the-plugin" not in str(raised.value)
