"""Every command and what it does, in one line each: `--help` imports no command for it.

Another one is a line here, and a file beside these or an action's record, from which its command is made: see
`core.actions.catalogue` and `tui.cli.action_command`.
"""

from typing import Final

COMMANDS: Final = {
    "ack": "Acknowledge an alert, so that nobody else is notified.",
    "alerts": "Show firing alerts, since when, and who acknowledged them; or list all rules.",
    "approve": "Let the agents run tasks that wait for a review.",
    "assign": "Assign tasks that no agent has started.",
    "breaker": "List, reset, hold or release breakers of the monitor that runs here.",
    "cancel": "Reject tasks that are pending or running.",
    "completion": "Print the script by which bash, zsh or fish completes commands and options.",
    "config": "Show every setting and where it came from, which files are read; write a first one.",
    "create": "Create a task for the agents.",
    "demo": "Run the monitor on a sandbox of its own: nothing to configure.",
    "disable": "Keep the agents from taking tasks.",
    "disable-check": "Disable a safety check of the agents.",
    "doctor": "Check every step from here to the project; say how to fix what is wrong.",
    "dry-run": "Turn the agents' dry-run on or off, and read it back.",
    "enable": "Let the agents take tasks.",
    "enable-check": "Enable a safety check of the agents.",
    "heal": "Plan, ask, repair, report.",
    "login": "Sign in and keep the session.",
    "logout": "End the session, here and at the server.",
    "logs": "Show what the watchdog wrote, the actions, or statistics.",
    "man": "Print the manual page.",
    "metrics": "Print one sample of every metric, or example rules and a dashboard.",
    "notify": "Send a test message to every contact and channel.",
    "pause": "Keep agents from picking up tasks of a type.",
    "priority": "Set the priority of tasks that no agent has begun.",
    "reject": "Reject tasks that wait for a review.",
    "report": "Write the incident as Markdown or HTML: what began it, who did what.",
    "requeue": "Requeue what was rejected or rolled back.",
    "requeue-simulated": "Requeue what was completed only in dry-run.",
    "resume": "Clear the emergency stop, and requeue what it rejected.",
    "retry": "Requeue failed tasks.",
    "run": "Let the agents run the pending tasks.",
    "sandbox": "Serve a local Supabase in the foreground.",
    "selftest": "Exercise ten scenarios for real, and print a summary.",
    "serve": "Serve the monitor to browsers on this machine, read-only.",
    "service": "Write a hardened systemd unit for the service.",
    "set": "Set one value of the config row.",
    "silence": "Silence some alerts for a while.",
    "sql": "Print optional SQL for the project: indexes, statistics, policies.",
    "status": "Check once and print one page; writes nothing.",
    "stop": "Set the emergency stop, and read it back.",
    "task": "Show one task in full, with its log rows and safety checks.",
    "tasks": "Show the tasks that match a filter, in rows or in groups.",
    "undo": "Undo what one action changed.",
    "unpause": "End a pause: return its tasks to pending.",
    "waiting": "Show the actions that wait for the project to answer; withdraw one.",
    "watch": "Run the monitor without a screen, as a service.",
}

RENAMED: Final = {"orders": "waiting"}
"""Commands by their former names, which work for one release."""
