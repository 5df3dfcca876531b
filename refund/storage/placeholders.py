"""Turns `:name` parameters into psycopg's `%(name)s`, and touches nothing else in a statement."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# What is skipped whole comes first: strings, quoted names, comments, dollar quotes, casts.
_TOKEN: Final = re.compile(
    r"""
      (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | --[^\n]*
    | /\*.*?\*/
    | (?<![\w$])\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$
    | ::
    | :(?P<name>[A-Za-z_]\w*)
    | %
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def _written(found: re.Match[str]) -> str:
    if found["name"] is not None:
        return f"%({found['name']})s"
    return found[0].replace("%", "%%")


@lru_cache(maxsize=2048)
def for_psycopg(sql: str) -> bytes:
    """Rewrite a statement's parameters, once per text, and double every other `%`."""
    return _TOKEN.sub(_written, sql).encode()
