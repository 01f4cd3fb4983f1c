"""Numbers and addresses of alerting. Section `alerts` of the settings."""

from typing import Final

import msgspec

from core.base.bounds import Count, Limit, Percent, Period, Port, Span

PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
"""The default port of a mail server by its security."""


class AlertRules(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds, times and recipients of alerts. Section `alerts`; the representation shows no secret."""

    evaluate_s: Period = 60.0
    """The period in which the rules are evaluated."""
    few_finished: Count = 5
    """The number of finished tasks below which a rate says nothing."""
    success_critical_percent: Percent = 80.0
    """The success rate of an hour below which the alert is critical."""
    success_warning_percent: Percent = 95.0
    """The success rate of a day below which the alert is medium."""
    breakers_s: Span = 300.0
    """The time a breaker is not closed before that is an alert."""
    database_down_s: Span = 600.0
    """The time after which a database that is down is a critical alert; it is a high one from the start."""
    slow_answer_s: Limit = 2.0
    """The time above which an answer of the project is slow, as in the database's check."""
    database_slow_s: Span = 120.0
    """The time every answer is slow before that is an alert."""
    blind_s: Span = 600.0
    """The time the monitor is blind before that is an alert."""
    review_s: Span = 3600.0
    """The longest wait of a task for a person's review."""
    clock_skew_s: Span = 30.0
    """The most this machine's clock may be off."""
    resolve_s: Span = 60.0
    """The time between the two false evaluations that resolve an alert."""
    rate_hold_s: Span = 600.0
    """The earliest an alert about a rate resolves after it was last true."""
    flap_changes: Count = 4
    """The number of changes within `flap_s` from which an alert counts as flapping."""
    flap_s: Span = 1200.0
    """The time within which those changes are counted; flapping ends after this time without a change."""
    high_after_s: Span = 900.0
    """The time a high alert fires unacknowledged before the first contact is told; a critical one is told at once."""
    medium_after_s: Span = 3600.0
    """The same for a medium alert."""
    low_after_s: Span = 86400.0
    """The same for a low alert."""
    escalate_s: Span = 300.0
    """The time after each contact until the next one is told of a critical alert that nobody acknowledges."""
    late_critical_s: Span = 90.0
    """The time after which a critical alert that the holder of the lease did not tell is told by others."""
    late_s: Span = 180.0
    """The same for any other alert."""
    repeat_s: Span = 14400.0
    """The period in which an alert that nobody acknowledges is told again."""
    ack_s: Span = 28800.0
    """The duration of an acknowledgement."""
    away_s: Span = 3600.0
    """The longest absence of the monitor after which pending alerts continue."""

    contacts: tuple[str, ...] = ()
    """The contacts in the order they are told: e-mail addresses, or URLs that apprise knows."""
    channels: tuple[str, ...] = ()
    """URLs that get everything the first contact gets."""
    smtp_host: str = ""
    """The mail server, a name or an address alone."""
    smtp_port: Port = 0
    """0: 465 for `tls`, 587 for `starttls`, 25 for `none`."""
    smtp_user: str = ""
    """The account at the mail server, if it wants one."""
    smtp_password: str = ""
    """The password of that account."""
    smtp_from: str = ""
    """The sender of our mail."""
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
        """Values that must never be shown or logged."""
        urls = (url for url in (*self.contacts, *self.channels) if "://" in url)
        return tuple(secret for secret in (self.smtp_password, *urls) if secret)
