"""Docstrings below the attributes of a class, read from the source: the one place that explains a setting."""

import ast
import inspect
import itertools
import textwrap


def attribute_docs(kind: type) -> dict[str, str]:
    """Return each attribute's docstring in one line, by name; nothing for those without, or without the source."""
    try:
        (found,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    except (OSError, TypeError):
        return {}
    body = found.body if isinstance(found, ast.ClassDef) else []
    docs: dict[str, str] = {}
    for attribute, below in itertools.pairwise(body):
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    docs[attribute.target.id] = " ".join(text.split())
    return docs
