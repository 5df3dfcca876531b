"""The rules on what no kept file may say: addresses, this machine, code inside pages."""

import re
from collections.abc import Iterator

from tests.house.tree import Source

# Written in pieces, so that this file does not break its own rules.
_REGISTRY = re.compile(
    r"(py" r"pi\.org|python" r"hosted|npm" r"js\.(org|com)|--(extra-)?index" r"-url"
    r"|find" r"-links|deb\.debian" r"\.org|\bhttps?://[^\s/]*(mirror|artifactory|nexus)[^\s/]*/)"
)  # fmt: skip
_MACHINE = re.compile(r"(?<![\w./}>-])/(work|root|home|Users|opt/py" r"pi)/|/tmp/(probe|plan)\b")
_UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b|(#|//|/\*|<!--|\{#)\s*X" r"XX\b")
_OUTSIDE = re.compile(
    r"""\bsrc(set)?\s*=\s*["']?\s*(https?:)?//"""
    r"""|<link\b[^>]*\bhref\s*=\s*["']?\s*(https?:)?//"""
    r"""|url\(\s*["']?(https?:)?//"""
    r"""|@import\s+["'](https?:)?//"""
    r"""|\b(from|import)\s*\(?\s*["']https?://"""
    r"""|https?://cdn"""
)
_INLINE = {
    "a script in the page": re.compile(r"<script(?![^>]*\bsrc\s*=)", re.IGNORECASE),
    "a style in the page": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"""\sstyle\s*=\s*["'{]""", re.IGNORECASE),
    "an event handler attribute": re.compile(r"""<[^>]*\son[a-z]+\s*=\s*["'{]""", re.IGNORECASE),
    "an htmx handler": re.compile(r"\shx-on[:=-]|=[\"']js:", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
}
_EVALUATION = re.compile(
    r"\beval\(|\bnew Function\(|\bdocument\.write\(|set(Timeout|Interval)\([\"']"
)


def registry_address(source: Source) -> Iterator[str]:
    """Where packages come from is the machine's business."""
    yield from _lines_that_say(_REGISTRY, source)


def machine_path(source: Source) -> Iterator[str]:
    """No file knows on which machine it was written; a vendored one may name its own machine's."""
    if not source.path.startswith("static/vendor/"):
        yield from _lines_that_say(_MACHINE, source)


def unfinished(source: Source) -> Iterator[str]:
    """What is not done is not marked in the code, but written where work is planned."""
    yield from _lines_that_say(_UNFINISHED, source)


def outside_address(source: Source) -> Iterator[str]:
    """A page loads nothing from anyone else."""
    yield from _lines_that_say(_OUTSIDE, source)


def inline_code(source: Source) -> Iterator[str]:
    """A template holds no code and no style, or the content policy could not be strict."""
    for what, pattern in _INLINE.items():
        for found in pattern.finditer(source.text):
            line = source.text.count("\n", 0, found.start()) + 1
            yield f"{source.path}:{line}: {what}"


def evaluated_text(source: Source) -> Iterator[str]:
    """No script turns text into code."""
    yield from _lines_that_say(_EVALUATION, source)


def _lines_that_say(pattern: re.Pattern[str], source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := pattern.search(line):
            yield f"{source.path}:{number}: {found.group().strip()!r}"
