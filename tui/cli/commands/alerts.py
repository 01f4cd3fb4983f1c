"""`watchdesk alerts`: what fires, what is about to, what was over lately, and who takes care of it; the rules."""

from typing import Final

import click

from core.base.settings import SettingsError
from core.base.text import in_steps
from core.domain.alert_view import AlertView
from core.domain.alerts import Silence
from core.domain.silence_words import ends_at, shown_soon, silence_line
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.state_word import hidden
from core.monitor import Monitor
from core.services.config import read_sections
from tui.cli import exits
from tui.cli.event_loop import run_command
from tui.cli.forms import items_of, put_as, takes_form
from tui.cli.layers import checked_layers
from tui.cli.one_shot import read_once
from tui.cli.rules_page import rules_as_data, rules_page
from tui.cli.session import configure, said, tell
from tui.cli.status_page import alert_as_json, silences_as_json

_COLUMNS: Final = (
    *("rule", "subject", "severity", "state", "title", "text", "episode", "began_at", "fired_at", "resolved_at"),
    *("acknowledged_by", "muted", "flapping"),
)
_RULE_COLUMNS: Final = (
    *("name", "subject", "severity", "begins", "title", "when", "for_s", "rises_s"),
    *("hidden_by", "muted_by", "runbook"),
)


@click.command(name="alerts")
@click.option("--rules", is_flag=True, help="Every rule instead, with its numbers; needs no project.")
@takes_form
@click.pass_context
def command(context: click.Context, *, rules: bool, form: str | None) -> None:
    """Show which alerts there are: 0 none fires, 1 some do, 2 nothing is visible, 3 a critical one, 4 not known."""
    if rules:
        _print_rules(form)
        context.exit(exits.DONE)
    config = configure(context)

    def show(snapshot: Snapshot) -> int:
        alerts = [alert_as_json(one) for one in snapshot.alerts]
        put_as(
            form,
            text=lambda: _page(snapshot),
            sheet=lambda: items_of(_COLUMNS, alerts),
            data=lambda: {"known": not hidden(snapshot), "alerts": alerts, **silences_as_json(snapshot.telling)},
        )
        firing = [one for one in snapshot.alerts if one.fires]
        if any(one.severity == "critical" for one in firing):
            return exits.CRITICAL
        if snapshot.link.word not in {LinkWord.LIVE, LinkWord.STALE}:
            tell("watchdesk: the project cannot be read now; other alerts may be firing")
            return exits.UNREACHABLE
        if unseen := hidden(snapshot):
            tell(f"watchdesk: {unseen[0]}; other alerts may be firing")
            return exits.WRONG
        return exits.PARTLY if firing else exits.DONE

    context.exit(run_command(read_once(Monitor(config), show)))


def _print_rules(form: str | None) -> None:
    try:
        sections = read_sections(checked_layers())
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    put_as(
        form,
        text=lambda: rules_page(sections),
        sheet=lambda: items_of(_RULE_COLUMNS, rules_as_data(sections)),
        data=lambda: {"rules": rules_as_data(sections)},
    )


def _page(snapshot: Snapshot) -> str:
    lines = [_line(one, snapshot) for one in snapshot.alerts] or ["none known" if hidden(snapshot) else "none"]
    told = (*snapshot.telling.silences, *snapshot.telling.planned)
    first = [f"{silence_line(one, snapshot.at)}{_whose(one)}" for one in told if shown_soon(one, snapshot.at)]
    lines += [
        f"silenced: {one.called} for {in_steps(ends_at(one) - snapshot.at)} by {one.who}: {one.reason} ({one.id[:8]})"
        for one in snapshot.telling.silences
        if one.window is None
    ]
    later = (one for one in snapshot.telling.planned if not shown_soon(one, snapshot.at))
    lines = [*first, *lines, *(f"planned: {silence_line(one, snapshot.at)}{_whose(one)}" for one in later)]
    return "\n".join(lines)


def _whose(one: Silence) -> str:
    return f", by {one.who} ({one.id[:8]})"


def _line(one: AlertView, snapshot: Snapshot) -> str:
    since = (
        f" for {in_steps(snapshot.at - one.began_at)}" if one.began_at is not None and one.state != "resolved" else ""
    )
    who = f", acknowledged by {one.acked_words}" if one.acked else f", {one.muted}" if one.muted else ""
    detail = f": {one.text}" if one.text and one.text != one.title else ""
    to_do = f"\n          {one.runbook}" if one.state == "firing" else ""
    name = one.episode[:8] or "-"
    return f"{one.word:<12} {one.severity:<8} {name}  {one.key}{since}{who}: {one.title}{detail}{to_do}"
