"""The systemd units of the service, hardened as far as it needs nothing."""

from typing import Final

import msgspec

from core.base.settings import CREDENTIAL

_SERVICE: Final = """\
[Unit]
Description=watchdesk: watches {what}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command} watch{options}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=5
# A wrong configuration, key or schema is for a person: another start does not mend it.
RestartPreventExitStatus=2
WatchdogSec=30
TimeoutStartSec=30
TimeoutStopSec=5
{own}
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy={target}
"""

_SYSTEM: Final = f"""\
DynamicUser=yes
# One name for all of them: of two users each would be given what is the other's.
User=watchdesk
StateDirectory=watchdesk
CacheDirectory=watchdesk
WorkingDirectory=/var/lib/watchdesk
# Where they are for a dynamic user: /var/lib/watchdesk is a link, and what is private is never kept behind one.
Environment=XDG_STATE_HOME=/var/lib/private XDG_CACHE_HOME=/var/cache/private XDG_CONFIG_HOME=/etc
# Readable by root alone; the service gets a copy of its own.
LoadCredential={CREDENTIAL}:/etc/watchdesk/{CREDENTIAL}
MemoryHigh=300M
CapabilityBoundingSet=
DevicePolicy=closed
KeyringMode=private
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict"""

EMPTY: Final = """\
# Settings of the watchdesk service: one variable a line, as in .env. Keep this file readable by its owner alone.
SUPABASE_URL=
SUPABASE_KEY=
"""
"""What is written where the credential is to be: without the file the service would not even start."""

_USER: Final = f"""\
EnvironmentFile=-%E/watchdesk/{CREDENTIAL}"""

_STATUS: Final = """\
[Unit]
Description=watchdesk: one look at {what}

[Service]
Type=oneshot
ExecStart={command} status{options}
# 1 is a warning, 3 critical or stopped, 4 unreachable: findings, not failures of the unit, but for a person's fault.
SuccessExitStatus=1 3 4
{own}
UMask=0077
NoNewPrivileges=yes
"""

_TIMER: Final = """\
[Unit]
Description=watchdesk: looks every five minutes

[Timer]
OnBootSec=2min
OnUnitActiveSec=5min
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
"""


def as_the_service(command: list[str], *, terminal: bool) -> list[str]:
    """Return the command line that runs a command beside the system's service: as its user, on its files and settings.

    `terminal`: it gets a terminal of its own, else the streams of whoever calls.
    """
    own = [line for line in _SYSTEM.splitlines() if not line.startswith("#")]
    words = ["systemd-run", "--quiet", "--collect", "--wait", "--pty" if terminal else "--pipe"]
    return [*words, *(f"--property={line}" for line in own), "--", *command]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What the units are made for. `command`: the program and its global options, quoted as systemd reads them."""

    command: str
    project: str = ""
    metrics: str = ""
    all_projects: bool = False
    """One service for every project of the config file."""
    user: bool = False
    """A unit of this user's own service manager, not of the system's."""


def units(service: Service, *, timer: bool) -> dict[str, str]:
    """Return the units by their file names. `timer`: also one that looks every five minutes."""
    own = _USER if service.user else _SYSTEM
    what = service.project or "the project"
    every = " --all" if service.all_projects else ""
    found = {
        "watchdesk.service": _SERVICE.format(
            what=what,
            command=service.command,
            options=every + (f" --metrics {service.metrics}" if service.metrics else ""),
            own=own,
            target="default.target" if service.user else "multi-user.target",
        )
    }
    if timer:
        found |= {
            "watchdesk-status.service": _STATUS.format(what=what, command=service.command, options=every, own=own),
            "watchdesk-status.timer": _TIMER,
        }
    return found
