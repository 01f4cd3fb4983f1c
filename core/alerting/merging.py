"""One alert that two monitors watch: what becomes of ours once we hear of theirs. Pure."""

import msgspec

from core.domain.alerts import Alert


def merged(ours: Alert, theirs: Alert) -> Alert:
    """Merge our observations with another monitor's episode and what it told; what it fired fires."""
    ahead = theirs.told > ours.told or not ours.firing
    return msgspec.structs.replace(
        ours,
        stage=theirs.stage,
        severity=min(ours.severity, theirs.severity, key=lambda one: one.rank) if ours.active else theirs.severity,
        text=ours.text or theirs.text,
        episode=theirs.episode,
        began_at=theirs.began_at,
        fired_at=theirs.fired_at,
        resolved_at=None,
        owed=False,
        over=ours.over and ours.episode == theirs.episode,
        logged=True,
        reached=theirs.reached or (ours.reached and ours.episode == theirs.episode),
        here=ours.here if ours.active else 0,
        alone=ours.alone and ours.active,
        seen_s=ours.seen_s if ours.active else 0.0,
        false_s=ours.false_s if ours.active else None,
        quiet_s=ours.quiet_s if ours.active else 0.0,
        firing_s=theirs.firing_s if ahead else ours.firing_s,
        told=max(theirs.told, ours.told if ours.active else 0),
        told_s=theirs.told_s if ahead else ours.told_s,
        messages=max(theirs.messages, ours.messages if ours.active else 0),
    )


def older(theirs: Alert, ours: Alert) -> bool:
    """Return whether another monitor's episode began to fire before ours; of one moment the name decides."""
    if theirs.fired_at is None or ours.fired_at is None:
        return True
    return (theirs.fired_at, theirs.episode) < (ours.fired_at, ours.episode)
