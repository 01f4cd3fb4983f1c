"""The metrics of several projects as one text: each sample with the label `project`, and ages as they are now."""

import re
from collections.abc import Mapping
from typing import Final

_SAMPLE: Final = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_AGE: Final = "_age_seconds"
_LABEL: Final = "project"


def merged(told: Mapping[str, tuple[str, float]]) -> bytes:
    """Return the texts of all projects in one. `told`: by project its text, and how many seconds ago it was so."""
    families: dict[str, list[str]] = {}
    heads: dict[str, list[str]] = {}
    for project, (text, old_s) in told.items():
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            elif line:
                families.setdefault(family, []).append(_labelled(line, project, old_s))
    lines = [line for family, head in heads.items() for line in (*head, *families.get(family, ()))]
    return "".join(f"{line}\n" for line in lines).encode()


def _labelled(line: str, project: str, old_s: float) -> str:
    found = _SAMPLE.match(line)
    if found is None:
        return line
    value, labels = found["value"], [f'{_LABEL}="{_escaped(project)}"', *filter(None, (found["labels"],))]
    if found["name"].endswith(_AGE):
        value = str(float(value) + old_s)
    return f"{found['name']}{{{','.join(labels)}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
