"""The manual page, in the language of man(7), made from the commands and their options themselves."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import click

from core.base.version import __version__

SECTION: Final = 1

_TITLE: Final = re.compile(r"[A-Z][^.]*:")
"""A line of the guides that is a heading over the lines below it."""

_ENVIRONMENT: Final = (
    ("SUPABASE_URL, SUPABASE_KEY", "The project's URL, and a secret or publishable key."),
    ("SUPABASE_EMAIL, SUPABASE_PASSWORD", "Whom a publishable key signs in as."),
    ("WATCHDESK_… (section and name)", "Any other setting; watchdesk config show lists them."),
    ("NO_COLOR", "Use no color, whatever the theme."),
)


def manual_page(program: click.Group, name: str) -> str:
    """Return the page of a program: its options, every command with its own, and what the help says besides."""
    context = click.Context(program, info_name=name)
    lines = [f'.TH {name.upper()} {SECTION} "" "{name} {__version__}" "User Commands"', ".SH NAME"]
    lines += [f"{name} \\- {_roff(_first(program.help))}", ".SH SYNOPSIS"]
    lines += [f".B {name}", "[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]]"]
    lines += [".SH DESCRIPTION", *_paragraphs(program.help), ".SH OPTIONS", *_options(context), ".SH COMMANDS"]
    for command_name in program.list_commands(context):
        command = program.get_command(context, command_name)
        if command is not None and not command.hidden:
            lines += _command(command, click.Context(command, info_name=command_name, parent=context))
    lines += [".SH ENVIRONMENT", *_defined((_roff(left), _roff(right)) for left, right in _ENVIRONMENT)]
    lines += [".SH NOTES", *_paragraphs(program.epilog)]
    return "\n".join(_without_needless(lines)) + "\n"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_quoted(f'{context.info_name} {usage}')}"
    yield from _paragraphs(command.help)
    yield from _options(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                called = click.Context(inner, info_name=f"{context.info_name} {name}", parent=context.parent)
                yield from _command(inner, called)
    yield from _paragraphs(command.epilog)


def _without_needless(lines: list[str]) -> Iterator[str]:
    """Yield the lines without the paragraphs that a heading begins anyway."""
    for before, line in pairwise(["", *lines]):
        if line != ".PP" or not before.startswith((".SH", ".SS")):
            yield line


def _options(context: click.Context) -> Iterator[str]:
    """Return the options that say something; `--help` of a command is no news to who reads this."""
    told = (one.get_help_record(context) for one in context.command.params)
    return _defined((f"\\fB{_roff(left)}\\fR", _roff(right)) for left, right in filter(None, told) if right)


def _defined(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for left, right in pairs:
        yield from (".TP", left, *_wrapped(right))


def _paragraphs(text: str | None) -> Iterator[str]:
    """Yield the paragraphs of a help text; click's mark of a paragraph that keeps its lines is kept so here."""
    for paragraph in re.split(r"\n\s*\n", (text or "").strip()):
        lines = [line for line in paragraph.splitlines() if line.strip()]
        if not lines:
            continue
        yield ".PP"
        if lines[0].strip() != "\b":
            yield from _wrapped(_roff(" ".join(line.strip() for line in lines)))
            continue
        if len(lines) > 1 and _TITLE.fullmatch(lines[1].strip()):
            yield _roff(lines.pop(1))
        yield from (".RS 2", ".nf", *(_roff(line) for line in lines[1:]), ".fi", ".RE")


def _wrapped(text: str) -> list[str]:
    """Return a text in lines of source that its tools call short; none begins with what would be a command."""
    return [f"\\&{line}" if line[0] in ".'" else line for line in textwrap.wrap(text, 78, break_on_hyphens=False)]


def _first(text: str | None) -> str:
    """Return the first sentence of a help text, without its full stop and small, as a NAME section has it."""
    sentence = " ".join((text or "").split()).partition(";")[0].removesuffix(".")
    return sentence[:1].lower() + sentence[1:]


def _quoted(text: str) -> str:
    return '"' + _roff(text).replace('"', "\\(dq") + '"'


def _roff(text: str) -> str:
    """Return a text in which nothing is a command or an escape of the language."""
    written = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{written}" if written.startswith(".") else written
