"""Every command and what it does, in one line each. Another one is a file beside these and a line here.

An action's command is made from its record: see `core.actions.catalogue` and `tui.cli.action_command`.
"""

from typing import Final

COMMANDS: Final = {
    "alerts": "Show firing alerts, since when, and who acknowledged them; or list all rules.",
    "breaker": "List, reset, hold or release breakers of the monitor that runs here.",
    "completion": "Print the script by which bash, zsh or fish completes commands and options.",
    "config": "Show every setting and where it came from, which files are read; write a first one.",
    "demo": "Run the monitor on a sandbox of its own: nothing to configure.",
    "doctor": "Check every step from here to the project; say how to fix what is wrong.",
    "dry-run": "Turn the agents' dry-run on or off, and read it back.",
    "logs": "Show what the watchdog wrote, the actions, or statistics.",
    "login": "Sign in and keep the session.",
    "logout": "End the session, here and at the server.",
    "metrics": "Print one sample of every metric, or example rules and a dashboard.",
    "notify": "Send a test message to every contact and channel.",
    "report": "Write the incident as Markdown or HTML: what began it, who did what.",
    "sandbox": "Serve a local Supabase in the foreground.",
    "selftest": "Exercise ten scenarios for real, and print a summary.",
    "serve": "Serve the monitor to browsers on this machine, read-only.",
    "service": "Write a hardened systemd unit for the service.",
    "silence": "Silence some alerts for a while.",
    "sql": "Print optional SQL for the project: indexes, statistics, policies.",
    "task": "Show one task in full, with its log rows and safety checks.",
    "tasks": "Show the tasks that match a filter, in rows or in groups.",
    "waiting": "Show the actions that wait for the project to answer; withdraw one.",
    "watch": "Run the monitor without a screen, as a service.",
    "status": "Check once and print one page; writes nothing.",
}

RENAMED: Final = {"orders": "waiting"}
"""Commands by their former names, which work for one release."""
