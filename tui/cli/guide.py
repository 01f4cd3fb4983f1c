"""Reference for people, printed below the `--help` of the command it belongs to. `\\b` keeps a paragraph's lines."""

from typing import Final

GENERAL: Final = """\
\b
More help:
  watchdesk config show     every setting, its value, where that came from
  watchdesk alerts --rules  every alert rule, who is notified and when
  watchdesk COMMAND --help  the command; status and sandbox tell most
  ? in the monitor          every key

\b
Exit codes, everywhere:
  0    healthy, waiting, in review, idle, disabled; done
  1    warning; done in part, or unchanged
  2    usage, configuration, key, rights or schema error: a person must act
  3    critical or stopped
  4    not reached, or nothing known
  130  interrupted

\b
Results of an action, read back from the project:
  verified         the change was read back and is in place
  done in part     some of it was skipped or failed; the counts say how much
  unchanged        nothing had to change
  refused          the project denied it (rights or rules)
  outcome unknown  the response was lost; the result could not be read back
  not reached      nothing was changed
  waiting          kept on this machine until the project answers

A time is 2h, 30min, 7d (ago), 03:10 (the most recent one), "yesterday 22:00", "24 nov 03:10", or a date and time.

Both known schema variants are detected automatically; no change to the database is needed. Of several
monitors of one project on one machine only one acts; the others are on standby and take over when it ends.
"""

COMPLETION: Final = """\
\b
Where to put it; new shells then complete:
  bash  watchdesk completion bash > ~/.local/share/bash-completion/completions/watchdesk
  zsh   watchdesk completion zsh > ~/.zfunc/_watchdesk
        with fpath+=~/.zfunc in ~/.zshrc, before compinit
  fish  watchdesk completion fish > ~/.config/fish/completions/watchdesk.fish
"""

MAN: Final = """\
\b
Where to put it:
  watchdesk man > ~/.local/share/man/man1/watchdesk.1; then: man watchdesk
"""

DOCTOR: Final = """\
\b
A step is ok, a warning, failed, or not tried because an earlier one failed. It
takes at most 20 s and writes nothing to the project. Mail servers are asked
whether they accept mail for each contact; none is sent.

\b
Exit codes: 0 nothing is wrong, 1 warnings, 2 a person must change something,
4 the project cannot be reached.
"""

METRICS: Final = """\
\b
For the textfile collector of the node exporter, every minute by a timer:
  watchdesk metrics > watchdesk.prom.new; mv watchdesk.prom.new watchdesk.prom

\b
What was not measured has no sample. A reading that is not live is the last known
one: see watchdesk_reading_age_seconds and watchdesk_reading_live. The exit code
is that of watchdesk status. A service serves the same: watchdesk watch --metrics.
"""

SERVICE: Final = """\
\b
The unit restarts it whenever it ends or hangs, but not for a wrong configuration.
  system   a user of its own, no rights, no home; settings: /etc/watchdesk/
  --user   as yourself: a screen of yours on this machine finds it and its breakers

\b
The key comes as a credential: watchdesk.env holds lines such as SUPABASE_KEY=…;
it is root's alone, and the service gets a copy, at its start: after a change of it
restart the service. A reload reads config.toml again. Check what was written:
  systemd-analyze verify watchdesk.service; systemd-analyze security watchdesk
"""

SERVICE_RUN: Final = """\
\b
As root, beside the service or after it; without a command the screen:
  watchdesk service run report --since 03:00 > incident.md
  watchdesk service run waiting
A service of your own (--user) needs none of this: any command finds it.
"""

WATCH: Final = """\
\b
It does what the monitor on a terminal does: the checks, heals and the stop where
it may act automatically, alerts, the lease, the black box. A screen beside it is
on standby and gives it its actions, which go on when that terminal is closed;
what the service does not take up within seconds the screen does itself.

\b
  stdout    one JSON line for whatever happens: "at", "event", "level", "text"
  SIGHUP    reads the settings again; where they cannot be used, or the project
            refuses them, the old ones stay
  SIGTERM   ends it within 2 s, exit code 0, with the lease given back
  a wrong key, missing rights or tables at the start end it, exit code 2; a
  project that is down does not
  systemd   Type=notify: READY, STATUS, WATCHDOG, RELOADING, STOPPING

\b
  /healthz  200 while the event loop turns, else 503
  /readyz   200 while the project answers, else 503
  /metrics  for Prometheus; every reading with its age

\b
  --all     a process for each project of the config file: one that fails, hangs
            or is misconfigured is started again, after growing pauses, and no
            other notices. "project" in each line, the label project in each
            metric; /readyz is 200 while all projects answer; SIGHUP also begins
            and ends projects.

\b
An address that other machines reach needs [service] token in the settings
(WATCHDESK_SERVICE_TOKEN), sent as "Authorization: Bearer TOKEN".
"""

STATUS: Final = """\
\b
The state is the first of these that holds:
  STOPPED   the emergency stop is set
  UNKNOWN   the data needed is missing, or not visible to this account
  CRITICAL  a check or an alert is critical
  DISABLED  the agents are disabled in the config row
  WARNING   a check warns, or a high or medium alert is firing or resolving
  ACTIVE    tasks are running
  HEALTHY   something finished within the hour
  WAITING   tasks are pending and none is running
  REVIEW    only tasks in review are left
  IDLE      there is nothing to do

\b
Next to it: how current the data is:
  LIVE     read just now
  STALE    polls are missed
  OFFLINE  the project is down (this machine's network is fine)
  BLIND    this machine cannot reach the project; its state is unknown

\b
Every failure has one cause; only the first two count as "database down":
  the project   no connection, 5xx, PGRST000 to 003, garbage, 10 s of silence:
                OFFLINE, critical, counts for the emergency stop
  its platform  402 (quota), 540 (paused), a proxy's 502: the same, and 402 and
                540 say what to do; 429 and a firewall's page do not count
  this account  401, 42501, a hidden table: the server's own hint, exit code 2
  this machine  no DNS, no route, a proxy or certificates that do not work:
                BLIND, naming the variable; no breaker opens, not counted

\b
Several projects (--all, or --project NAME several times): a line each, read side
by side; --json has "projects", each as it is alone, with "name", "known" and
"exit_code". The exit code is the worst: 3, then 4, 2, 1, 0.

Values that are not live show their age; values never read show —. Row level security hides rows as an empty list:
without a secret key an empty result counts as "not visible" until a row has been read once; its check is unknown, its
count —, the state UNKNOWN, and the exit code 2. Whether anyone with the publishable key can read the project (and
probably write to it) is checked per table: config, tasks and the execution log; if you use a secret key, also set
VITE_SUPABASE_PUBLISHABLE_DEFAULT_KEY.

\b
Where a monitor of the project runs on this machine, its checks in a row that
were critical, its last and next check and its breakers are shown, with the age
of its last report; with --json as watchdog (null without one) and breakers.
`watchdesk breaker` acts on them.

A damaged file of watchdesk is renamed to NAME.WHEN.broken and reported until you remove it. A link, a pipe or
another user's file is not used.
"""

REPORT: Final = """\
What began it, when it was detected, notified, acknowledged and resolved, its effect in numbers, a figure of its course,
who did what (here, on other hosts, the watchdog, with reasons and results), the timeline, alerts, breakers, key
figures, open questions, and the screen before, during and after. It reads the black box and the project's log; without
one of them it says what is missing. Text from the data is never markup. In the monitor N saves the same, without the
screens: of the incident that is shown, or of the last two hours; so does :report 2h.

The black box is recorded while the monitor runs, on this machine, for 30 days or 200 MB, up to the last seconds before
a kill: a file of your own (0600), from which texts that look like keys are taken out. [ and ] go back and on in it, {
and } from incident to incident, @ to a time, 0 to now; n stores a note about the time shown.
"""

SERVE: Final = """\
From another machine: ssh -L 8765:127.0.0.1:8765 HOST. The served view never acts, sends alerts or stores notes, and
never takes the place of the monitor that does. It needs the extra web.
"""

LOGIN: Final = """\
With only a publishable key you see what everybody can see. Sign in once here, or use SUPABASE_EMAIL and
SUPABASE_PASSWORD, or SUPABASE_ACCESS_TOKEN; you can then do what row level security allows that account. The session is
a private file (0600); logout ends it here and at the server.
"""

SANDBOX: Final = """\
It ends on SIGTERM or SIGINT, and needs the extra sandbox. The line has the url, keys, database_url and two accounts.
Row level security is enforced. The gateway answers what the official client's query builder sends: filters and logic
trees, embedded resources, upserts, counts, single objects, CSV, plans, functions; the rest it refuses.

\b
Faults, switched with the secret key by POST /sandbox/faults/NAME {"on": true}:
  database_down  slow  errors  edge_down  stuck_tasks  failure_storm

\b
Limits, changed at run time with PUT /sandbox/limits (DELETE resets them):
  {"max_rows": N}  {"statement_timeout_s": S}, null for the default again
  {"safeupdate": false}  {"lenient_mail": true}  {"verify_jwt": false}

The deployed variant copies the production schema column by column, with its functions: ai-agent-poll in dry-run marks
tasks as completed without doing them, and the stop function updates without WHERE. Edge Functions that verify JWTs
accept no sb_… key; the function_key in the printed line is accepted.
"""

LISTS: Final = """\
In the monitor t and l are the same as lists, filtered by words and by status:failed type:bug_fix step:task_*
action:heal check:… task:ID since:2h.
"""

FILTER_WORDS: Final = """\
\b
Words of a filter, here and in the lists of the monitor (/):
  login "time out"       every word, in the description, type, who, or error
  status:failed,pending  either; also type: (task_* is a prefix), who:, risk:
  type:"a*b, c"          in quotes: exactly this
  error:timeout          in the error text alone
  -status:completed      not; also before a word: -login
  since:2h until:03:10   created in that time
  age:>1h age:<1h        the same as until:1h and since:1h
  task:ID                one task

\b
--group error puts failures of one cause together: ids, numbers, paths and
quoted parts of the error are left out.
"""
