"""Splitting PostgREST's little languages at separators that stand outside quotes, parentheses and braces."""

from core.sandbox.gateway.errors import bad_request


def split(text: str, separator: str) -> list[str]:
    """Return the parts of `text`. Quotes protect, a backslash escapes within them. Raises ApiError when unbalanced."""
    if not text:
        return []
    parts, current, depth, quoted, escaped = [], "", 0, False, False
    for char in text:
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "({":
            depth += 1
        elif not quoted and char in ")}":
            depth -= 1
        elif char == separator and not quoted and depth == 0:
            parts.append(current)
            current = ""
            continue
        current += char
    if quoted or depth:
        raise bad_request(f'"failed to parse ({text})"', details="unbalanced quotes or parentheses")
    return [*parts, current]


def unquote(text: str) -> str:
    """Return a value without its quotes, escapes undone; an unquoted one as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    result, escaped = "", False
    for char in text[1:-1]:
        if char == "\\" and not escaped:
            escaped = True
            continue
        result += char
        escaped = False
    return result


def inside(text: str, opening: str, closing: str) -> str | None:
    """Return the text between the first and last character, if those are the given ones; else `None`."""
    return text[1:-1] if len(text) >= 2 and text[0] == opening and text[-1] == closing else None
