"""The config row: every value that controls the agents, what it means, and who changed the row last."""

from collections.abc import Sequence

from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.set_config import SET_CONFIG
from core.domain.config_settings import SETTINGS, said
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choice
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line, ago, origin

_DRY_RUN = "dry_run_mode"


class ConfigList(Listed):
    """One row for each value. Enter sets it."""

    NAME = "config"
    KEY = list_key("config", "C,shift+c", "config", "config: every value that controls the agents; enter sets one")
    TITLE = "Config"
    EMPTY = "this account cannot see the config row: the agents' settings are unknown"
    COLUMNS = (
        Column(title="value of", width=22),
        Column(title="is", width=24),
        Column(title="means"),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return who changed the row last, and whether it is live."""
        config = snapshot.config.value
        if config is None or not config.values:
            return ()
        by = f" by {config.updated_by}" if config.updated_by else ""
        changed = f"  changed {ago(config.updated_at, snapshot.at)}{by}" if config.updated_at is not None else ""
        several = f"  {config.several}" if config.several else ""
        return ((changed, "dim"), (several, "critical"), (origin(snapshot.config, snapshot.at), "warning"))

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return dry-run, then the others in the order of their settings."""
        config = snapshot.config.value
        if config is None or not config.values:
            return []
        role = "text" if snapshot.config.live else "dim"
        means = "when on, the agents mark tasks as completed without doing them"
        told = [
            (_DRY_RUN, config.dry_run, means),
            *((name, value, SETTINGS[name].means) for name, value in config.values.items() if name in SETTINGS),
        ]
        return [
            Row(key=name, cells=((name, role), (said(value), "strong" if role == "text" else role), (means, "dim")))
            for name, value, means in told
        ]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one value in full, and how it is set."""
        config = snapshot.config.value
        if config is None:
            return None
        if key == _DRY_RUN:
            action = DRY_RUN_OFF if config.dry_run else DRY_RUN_ON
            return Details(
                heading=key, text=f"is {said(config.dry_run)}", choices=((Choice(action), f"{action.title} …"),)
            )
        values = config.values
        if key not in values or key not in SETTINGS:
            return None
        setting = SETTINGS[key]
        bounds = f"{setting.least:,} to {setting.most:,}" if setting.kind == "number" else ""
        text = fields(
            ("is", said(values[key])),
            ("means", setting.means),
            ("allowed", bounds),
            ("row changed", when(config.updated_at, snapshot.at)),
            ("by", config.updated_by),
        )
        return Details(heading=key, text=text, choices=((Choice(SET_CONFIG, key), "set it …"),))
