"""What is given back is what was kept, field by field, however one picture differs from the one before."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.alert_view import AlertView
from core.domain.snapshot import BreakerRecord, Health, Link, Snapshot
from core.history.blackbox.delta import applied, changes
from core.history.blackbox.frame import Decoder, Encoder, Kind, microseconds, still
from tests.history.blackbox.pictures import NOON, SNAPSHOTS, any_of, busy, event, picture

MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def coded(pictures: list[Snapshot]) -> list[Snapshot]:
    encoder, decoder, given_back = Encoder(), Decoder(), []
    for one in pictures:
        decoder.take(*encoder.encode(one))
        given_back.append(decoder.snapshot(microseconds(one.at)))
    return given_back


@MANY
@given(st.lists(SNAPSHOTS, min_size=1, max_size=4))
def test_every_field_of_any_picture_comes_back(pictures: list[Snapshot]) -> None:
    assert coded(pictures) == pictures


@MANY
@given(st.lists(any_of(AlertView), max_size=6, unique_by=lambda one: one.key), st.data())
def test_a_list_comes_back_whatever_came_went_moved_or_changed(before: list[AlertView], data: st.DataObject) -> None:
    after = data.draw(st.permutations(before))[: data.draw(st.integers(0, 6))]
    after = [msgspec.structs.replace(one, told=one.told ^ 1) if one.told % 3 == 0 else one for one in after]
    new = tuple(data.draw(st.lists(any_of(AlertView), max_size=2))) + tuple(after)
    assert coded([picture(alerts=tuple(before)), picture(1, alerts=new)])[-1].alerts == new


def test_a_long_course_comes_back_over_its_whole_pictures() -> None:
    course = [busy(number) for number in range(300)]
    assert coded(course) == course
    encoder = Encoder()
    kinds = [encoder.encode(one)[0] for one in course]
    assert 2 <= kinds.count(Kind.WHOLE) <= 4


def test_one_event_more_costs_an_event_and_not_the_list() -> None:
    events = tuple(event(f"something of some length happened, number {n}", n) for n in range(200, 0, -1))
    encoder = Encoder()
    _, whole = encoder.encode(picture(events=events))
    _, change = encoder.encode(picture(1, events=(event("and another", 201), *events[:-1])))
    assert len(change) < 120 < len(whole)


def test_a_change_leaves_what_it_is_applied_to_as_it_was() -> None:
    old, new = busy(5), busy(6)
    tree, change = (msgspec.msgpack.decode(msgspec.msgpack.encode(one)) for one in (old, changes(old, new)))
    before = msgspec.msgpack.encode(tree)
    assert msgspec.convert(applied(tree, change), Snapshot) == new
    assert msgspec.msgpack.encode(tree) == before


def test_time_alone_is_no_news() -> None:
    one = BreakerRecord(key="db:x", component="db", state="open", failures=1, since=NOON, opens_in_s=3.0)
    old = picture(breakers=(one,))
    ticked = msgspec.structs.replace(one, opens_in_s=2.0)
    later = picture(1, breakers=(ticked,), link=Link(next_at=NOON), health=Health(next_at=NOON))
    assert still(old, later)
    assert not still(old, picture(1, breakers=()))
    assert not still(old, picture(1, breakers=(msgspec.structs.replace(one, failures=2),)))
    assert not still(old, picture(1, breakers=(one,), events=(event("news"),)))


def test_what_looks_like_a_key_is_not_kept() -> None:
    key, token = "sb_" + "secret_abcdefgh", "eyJ" + "hbGciOi.eyJzdWIi.c2ln"
    kept = coded([picture(events=(event(f"use {key}"),)), picture(1, events=(event(f"Bearer {token}"),))])
    assert [one.events[0].text for one in kept] == ["use sb_secret_…", "Bearer …"]
