"""The only package that knows Supabase and the HTTP client below it."""

import sys

# httpx brings a command line of its own, and that a syntax highlighter: 2.6 MB that a monitor of weeks never uses.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how Python leaves a module out
