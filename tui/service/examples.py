"""Example alert rules and an example dashboard on top of the metrics."""

import json
from typing import Any, Final

_TOLD: Final = "unless on (instance) watchdesk_maintenance_active == 1"
"""Not while watchdesk itself sends no alert: what a planned maintenance causes is told at its end, if it lasts."""

_RULES: Final = (
    (
        "WatchdeskAbsent",
        "absent(watchdesk_up)",
        "10m",
        "critical",
        "No watchdesk is scraped: nobody watches the project.",
    ),
    (
        "WatchdeskStale",
        "watchdesk_snapshot_age_seconds > 120",
        "2m",
        "critical",
        "The monitor of {{ $labels.instance }} is not updating: systemctl status watchdesk.",
    ),
    ("WatchdeskProjectDown", "watchdesk_up == 0", "5m", "critical", "The project does not answer."),
    (
        "WatchdeskCritical",
        f'watchdesk_state{{watchdesk_state=~"critical|stopped"}} == 1 {_TOLD}',
        "5m",
        "critical",
        "The project is {{ $labels.watchdesk_state }}: watchdesk status.",
    ),
    ("WatchdeskSuccessLow", f"watchdesk_success_ratio < 0.9 {_TOLD}", "15m", "warning", "Too many tasks fail."),
    (
        "WatchdeskReviewWaits",
        "time() - watchdesk_oldest_review_timestamp_seconds > 86400",
        "15m",
        "warning",
        "A task has waited for a review for more than a day.",
    ),
    (
        "WatchdeskBreakerOpen",
        f"watchdesk_breaker_open == 1 {_TOLD}",
        "15m",
        "warning",
        "The breaker {{ $labels.breaker }} is open.",
    ),
    (
        "WatchdeskAlert",
        'sum by (instance, severity) (watchdesk_alerts{state="firing"}) > 0',
        "1m",
        "{{ $labels.severity }}",
        "An alert fires: watchdesk alerts.",
    ),
)
"""Name, expression, time, severity and summary of each rule."""

_PANELS: Final = (
    ("State", "watchdesk_state == 1", "{{watchdesk_state}}", "none", "stat"),
    ("Success in a day", "watchdesk_success_ratio", "success", "percentunit", "stat"),
    ("Firing alerts", 'sum(watchdesk_alerts{state="firing"})', "alerts", "none", "stat"),
    ("Tasks", 'watchdesk_tasks{status!="completed"}', "{{status}}", "none", "timeseries"),
    ("Checks: 0 ok, 1 warning, 2 critical", "watchdesk_check_level", "{{check}}", "none", "timeseries"),
    ("Duration of checks", "watchdesk_check_duration_seconds", "{{check}}", "s", "timeseries"),
    ("Silences", "watchdesk_silences", "{{state}}", "none", "timeseries"),
    ("Open breakers", "watchdesk_breaker_open", "{{breaker}}", "none", "timeseries"),
    ("Age of readings", "watchdesk_reading_age_seconds", "{{reading}}", "s", "timeseries"),
)
"""Title, expression, legend, unit and kind of each panel."""


def rules() -> str:
    """Return a rule file for Prometheus. JSON strings are YAML strings, so that no quote goes wrong."""
    lines = ["groups:", "  - name: watchdesk", "    rules:"]
    for name, expression, held, severity, summary in _RULES:
        lines += [
            f"      - alert: {name}",
            f"        expr: {json.dumps(expression)}",
            f"        for: {held}",
            f"        labels: {{severity: {json.dumps(severity)}}}",
            f"        annotations: {{summary: {json.dumps(summary)}}}",
        ]
    return "\n".join(lines) + "\n"


def dashboard() -> str:
    """Return a dashboard for Grafana as JSON, to be imported there."""
    panels = [_panel(number, *panel) for number, panel in enumerate(_PANELS)]
    board = {
        "title": "watchdesk",
        "uid": "watchdesk",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }
    return json.dumps(board, indent=2) + "\n"


def _panel(number: int, title: str, expression: str, legend: str, unit: str, kind: str) -> dict[str, Any]:
    small = kind == "stat"
    width, height = (8, 4) if small else (12, 8)
    per_row = 24 // width
    place = number if small else number - 3
    return {
        "id": number + 1,
        "title": title,
        "type": kind,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {
            "w": width,
            "h": height,
            "x": width * (place % per_row),
            "y": (0 if small else 4) + height * (place // per_row),
        },
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "options": {"textMode": "name"} if title == "State" else {},
        "targets": [{"expr": expression, "legendFormat": legend, "refId": "A"}],
    }
