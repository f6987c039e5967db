"""The pace benchmarks run and tell what they promise; what they measure is nobody's pass or fail."""

from benchmarks import drive_cost, pace_precision


def test_precision_is_told_beside_asyncios(capsys):
    """Every variant sends the whole plan, and none of it early."""
    found = pace_precision.main(["--rate", "200", "--seconds", "0.3", "--rounds", "1"])
    assert set(found) == set(pace_precision.VARIANTS)
    assert len({one["requests"] for one in found.values()}) == 1
    assert found["driver, timerfd"]["early"] == found["driver, call_at"]["early"] == 0
    assert "as exact" in capsys.readouterr().out


def test_the_drivers_cost_is_told_without_the_clients(capsys):
    found = drive_cost.main(["--requests", "500", "--rounds", "1"])
    assert set(found) == set(drive_cost.VARIANTS)
    assert "of that player and driver" in capsys.readouterr().out
