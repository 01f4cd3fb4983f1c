"""Optional SQL for a project: indexes, a function, tighter policies. Printed, never run by this product."""

from importlib.resources import files
from string import Template
from typing import Final

from core.backend.overview_sql import overview_values
from core.backend.schema import Shape

SCRIPTS: Final = ("indexes", "stats", "rls")

_MASTER: Final = "public.watchdesk_is_master()"
_COMPANY: Final = (
    f"{_MASTER} OR company_id = nullif(auth.jwt() -> 'app_metadata' ->> 'company_id', '')::uuid"  # as the rows name it
)
_VALUES: Final = {
    Shape.DEPLOYED: {"log_time": '"timestamp"', "logs_scope": _MASTER, "logs_words": ", nor the logs"},
    Shape.DOCUMENTED: {
        "log_time": "created_at",
        "logs_scope": _COMPANY,
        "logs_words": ",\n-- and of the logs only those of their own company",
    },
}


def script(name: str, shape: Shape) -> str:
    """Return one of `SCRIPTS` for one shape. Safe to run again. Raises KeyError for another name."""
    if name not in SCRIPTS:
        raise KeyError(name)
    text = files("core.backend").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    deployed = shape is Shape.DEPLOYED
    made = overview_values(_VALUES[shape]["log_time"].strip(chr(34)), deployed=deployed) if name == "stats" else {}
    return Template(text).substitute(_VALUES[shape] | made, shape=shape.value)
