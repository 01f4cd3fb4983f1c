"""The numbers and addresses of alerts. Section `alerts` of the settings."""

from typing import Final

import msgspec

from core.base.bounds import Count, Percent, Period, Port, Span

PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
"""The port of a mail server by how it is secured, where none is set."""


class AlertRules(msgspec.Struct, frozen=True, kw_only=True):
    """When alerts fire, whom they are told to and how. Seconds, percents and addresses; shown, it shows no secret."""

    evaluate_s: Period = 60.0
    few_finished: Count = 5
    """A rate of fewer finished tasks says nothing."""
    success_critical_percent: Percent = 80.0
    """Below this over one hour is critical."""
    success_warning_percent: Percent = 95.0
    """Below this over a day is medium."""
    breakers_s: Span = 300.0
    database_down_s: Span = 600.0
    blind_s: Span = 600.0
    review_s: Span = 3600.0
    """How long a task may wait for a person's review."""
    clock_skew_s: Span = 30.0
    resolve_s: Span = 60.0
    """Two falses this far apart resolve."""
    rate_hold_s: Span = 600.0
    """An alert about a rate resolves no earlier than this after it was last true."""
    flap_changes: Count = 4
    flap_s: Span = 1200.0
    """So many changes within this time of known evaluations is flapping; so long without one, and it is over."""
    high_after_s: Span = 900.0
    medium_after_s: Span = 3600.0
    low_after_s: Span = 86400.0
    """How long an alert fires unacknowledged before the first contact is told; a critical one is told at once."""
    escalate_s: Span = 300.0
    """How long after a contact the next one is told of a critical alert that nobody acknowledges."""
    late_critical_s: Span = 90.0
    late_s: Span = 180.0
    """How long after it is due a critical alert, and any other, may stay untold by whoever holds the lease."""
    repeat_s: Span = 14400.0
    ack_s: Span = 28800.0
    away_s: Span = 3600.0
    """What was pending when the monitor ended goes on if it is back within this time."""

    contacts: tuple[str, ...] = ()
    """Who is told, in this order: e-mail addresses, or URLs that apprise knows."""
    channels: tuple[str, ...] = ()
    """URLs that hear of everything the first contact hears of."""
    smtp_host: str = ""
    smtp_port: Port = 0
    """0: 465 for `tls`, 587 for `starttls`, 25 for `none`."""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    smtp_security: str = "starttls"
    """`starttls`, `tls` or `none`."""
    email_template: str = ""
    """Send e-mail through the project's `send-template-email` too, with the template of this name."""
    bell: bool = False
    """Ring the terminal's bell when an alert begins to fire."""
    desktop: str = ""
    """`osc9` or `osc777`: a desktop notification by the terminal when an alert begins to fire."""

    def __repr__(self) -> str:
        return f"AlertRules({len(self.contacts)} contacts, {len(self.channels)} channels)"

    def secrets(self) -> tuple[str, ...]:
        """What of it must never be shown or logged."""
        urls = (url for url in (*self.contacts, *self.channels) if "://" in url)
        return tuple(secret for secret in (self.smtp_password, *urls) if secret)
