"""Every command and what it does, in one line each. Another one is a file beside these and a line here."""

from typing import Final

COMMANDS: Final = {
    "ack": "Take care of an alert, so that nobody else is told.",
    "alerts": "What fires, since when, and who takes care of it; the rules.",
    "config": "Every setting, its value and where that came from; which files are read.",
    "demo": "The monitor on a sandbox of its own: nothing to configure.",
    "dry-run": "The agents' dry-run on or off, read back.",
    "heal": "Plan, ask, repair, report.",
    "logs": "What the watchdog wrote, its orders, statistics.",
    "login": "Sign in and keep the session.",
    "logout": "End the session.",
    "notify": "A test message to every contact and channel.",
    "orders": "Orders that wait for the project to answer; withdraw one.",
    "report": "The incident as Markdown: what happened, who did what.",
    "resume": "Lift the emergency stop.",
    "retry": "Send one failed task back to pending.",
    "run": "Let the agents work off what is pending.",
    "sandbox": "A local Supabase in the foreground.",
    "selftest": "Ten scenarios, each really exercised, and a summary.",
    "serve": "The monitor in a browser on this machine, read-only.",
    "silence": "Tell nobody of some alerts for a while.",
    "sql": "Optional SQL for the project, printed: indexes, statistics, policies.",
    "status": "One check on one page; writes nothing.",
    "stop": "Emergency stop, read back.",
    "undo": "Take back what one order changed.",
}
