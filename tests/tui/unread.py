"""A project of which nothing has been read yet: dashes, and why."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from core.domain.checks import Check
from core.domain.snapshot import Component, Health, Link, LinkWord, Project, Snapshot, StartStep, Tasks
from core.domain.status import Level
from core.history.kpis import KpiInputs, kpis
from core.resilience.fault import Fault
from core.resilience.reading import Reading, Source
from tests.tui.rows import (
    AT,
    UNREACHED,
    ago,
)
from tests.tui.well import (
    BREAKERS,
    CHECKS,
    PARTS,
    changed,
    check,
    event,
    parts,
    worded,
)

_BARE: Final = Snapshot(
    at=AT,
    project=Project(name="atlas", url="atlas.supabase.co", user="service role"),
    health=Health(checks=tuple(Check(name=check.name) for check in CHECKS)),
    degradation=parts({name: Component(name=name, source=Source.DEFAULT) for name in PARTS}),
)
CONNECTING: Final = changed(
    _BARE,
    start=(
        StartStep(name="state", level=Level.OK, text="opened, nothing was kept"),
        StartStep(name="sign-in", level=Level.OK, text="service role"),
        StartStep(name="schema", level=Level.WARNING, text="deployed shape; no function emergency_stop"),
        StartStep(name="first look", text="asking"),
    ),
)


def _unread(fault: Fault) -> dict[str, Any]:
    unread: Reading[Any] = Reading(fault=fault)
    return {
        "config": unread,
        "logs": unread,
        "tasks": Tasks(counts=unread, newest=unread, success_24h=unread, last_completed_at=unread),
        "degradation": parts(
            {name: Component(name=name, source=Source.DEFAULT, why=fault.sentence()) for name in PARTS}
        ),
    }


BLIND: Final = worded(
    msgspec.structs.replace(
        _BARE,
        **_unread(UNREACHED),
        link=Link(word=LinkWord.BLIND, tries=12, next_at=AT + timedelta(seconds=40), why=UNREACHED.sentence()),
        health=Health(
            checks=tuple(
                Check(name=check.name, text=f"blind: {UNREACHED.message}", at=ago(seconds=12), recent=(None, None))
                for check in CHECKS
            ),
            last_at=ago(seconds=12),
            next_at=AT + timedelta(seconds=48),
            running=True,
        ),
        kpis=kpis((), KpiInputs(), AT),
        events=(event("started", "watchdesk", minutes=13),),
        ready=True,
    ),
    blind_for_s=780.0,
)


def answered_by(fault: Fault) -> Snapshot:
    """The project answers, and refuses."""
    unread = {name: value for name, value in _unread(fault).items() if name != "degradation"}
    return changed(
        _BARE,
        **unread,
        project=msgspec.structs.replace(_BARE.project, user="anon"),
        link=Link(word=LinkWord.CONNECTING, tries=3, next_at=AT + timedelta(seconds=5), why=fault.sentence()),
        health=Health(
            checks=(
                check("database", f"answers, but refuses: {fault.sentence()}", 0.04),
                check("edge_function", "answers", 0.11),
                *(
                    Check(name=check.name, text=fault.sentence(), at=ago(seconds=12), recent=(None,))
                    for check in CHECKS[2:4]
                ),
                check("breakers", "all closed", 0.0),
                Check(name="activity", text=fault.sentence(), at=ago(seconds=12), recent=(None,)),
            ),
            last_at=ago(seconds=12),
            next_at=AT + timedelta(seconds=48),
            running=True,
        ),
        breakers=BREAKERS,
        degradation=parts(
            {
                name: Component(name=name, source=Source.DEFAULT, why=fault.sentence())
                for name in PARTS
                if name != "edge_function"
            }
        ),
        kpis=kpis((), KpiInputs(), AT),
        notices=(fault.sentence(),),
        events=(event("started", "watchdesk", seconds=25),),
        ready=True,
    )
