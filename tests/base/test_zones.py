"""Time zones by name, and the name of this machine's."""

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest

from core.base import zones
from core.base.zones import local_zone_name, zone_named, zone_of_name


def test_a_zone_is_known_by_its_name_alone() -> None:
    assert str(zone_named("Europe/Berlin")) == "Europe/Berlin"
    assert zone_named("UTC") is UTC
    for wrong in ("", "CEST+2", "+02:00", "europe/berlin ", "localtime", "posix/UTC", "Nowhere/At_All"):
        with pytest.raises(ValueError, match="must be a time zone's name such as Europe/Berlin"):
            zone_of_name(wrong)


def _without_data(name: str) -> None:
    raise ZoneInfoNotFoundError(name)


def test_a_machine_without_time_zone_data_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    zone_named.cache_clear()
    monkeypatch.setattr(zones, "available_timezones", set)
    monkeypatch.setattr(zones, "ZoneInfo", _without_data)
    with pytest.raises(ValueError, match="this machine has no time zone data: install tzdata, or use UTC"):
        zone_of_name("Europe/Berlin")
    assert zone_of_name("UTC") is UTC
    zone_named.cache_clear()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":America/New_York", "America/New_York"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", ""),
        ("<+02>-2", ""),
    ],
)
def test_the_variable_names_the_zone_or_it_has_no_name(said: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", said)
    assert local_zone_name() == name


def test_else_the_machine_itself_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    link, said = tmp_path / "localtime", tmp_path / "timezone"
    monkeypatch.setattr(zones, "_LINK", link)
    monkeypatch.setattr(zones, "_SAID", said)
    assert local_zone_name() == ""
    said.write_text("Europe/Paris\n")
    assert local_zone_name() == "Europe/Paris"
    link.symlink_to("/usr/share/zoneinfo/Asia/Kathmandu")
    assert local_zone_name() == "Asia/Kathmandu"
    link.unlink()
    link.write_bytes(b"TZif")
    said.write_bytes(b"\xff\xfe")
    assert local_zone_name() == ""
