"""Papers by typst: our own fonts alone, texts as data, and every character looked up before."""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast

import typst
from fontTools.ttLib import TTFont

from refund.core.errors import Refused

DOTS_PER_INCH = 203.2
"""Eight dots to the millimetre, so that 72 mm are exactly the 576 dots of a receipt printer."""

NAMED_MAX = 8
"""How many missing characters a refusal names."""

_DRAWN_BY_NONE = frozenset(
    (*map(ord, "\n\u200c\u200d\u2066\u2069"), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
"""What needs no glyph: a line's end, joiners, marks of direction, and choices of a variant."""


class TypstTypesetter:
    """Sets papers; a thread has a compiler of its own, for typst lends one out only once.

    Those of a rehearsal say so across each page.
    """

    def __init__(self, templates: Path, fonts: Path, *, is_rehearsal: bool = False) -> None:
        self._world = {"rehearsal": "yes"} if is_rehearsal else {}
        self._templates = templates
        self._folder = fonts
        self._own = threading.local()

    def pdf(self, paper: str, words: Mapping[str, object], at: datetime) -> bytes:
        """A paper as PDF/A-2b, dated by `at`.

        Raises:
            Refused: `glyph_missing`.
        """
        self._require_glyphs(words)
        made = self._compiler().compile(
            input=str(self._templates / f"{paper}.typ"),
            format="pdf",
            pdf_standards=["a-2b"],
            sys_inputs={**_inputs(words), **self._world},
            timestamp=int(at.timestamp()),
        )
        return cast("bytes", made)

    def strip(self, paper: str, words: Mapping[str, object]) -> bytes:
        """A paper of 80 mm as the picture of its printable 72 mm.

        Raises:
            Refused: `glyph_missing`.
        """
        self._require_glyphs(words)
        made = self._compiler().compile(
            input=str(self._templates / f"{paper}.typ"),
            format="png",
            ppi=DOTS_PER_INCH,
            sys_inputs={**_inputs(words), **self._world, "strip": "yes"},
        )
        return cast("bytes", made)

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points that our fonts have a glyph for."""
        found: set[int] = set()
        for path in sorted(self._folder.glob("*.?tf")):
            with TTFont(path, lazy=True) as font:
                found.update(font.getBestCmap())
        return frozenset(found)

    @cached_property
    def _fonts(self) -> typst.Fonts:
        return typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[self._folder],
        )

    def _compiler(self) -> typst.Compiler:
        compiler = getattr(self._own, "compiler", None)
        if compiler is None:
            # The fonts are read once and shared; a compiler itself is small.
            compiler = typst.Compiler(root=self._templates, font_paths=self._fonts)
            self._own.compiler = compiler
        return compiler

    def _require_glyphs(self, words: Mapping[str, object]) -> None:
        used = {ord(one) for text in _texts(words) for one in text}
        missing = sorted(used - self.characters - _DRAWN_BY_NONE)
        if missing:
            named = missing[:NAMED_MAX]
            raise Refused(
                "glyph_missing",
                characters=" ".join(chr(one) for one in named if chr(one).isprintable()),
                points=" ".join(f"U+{one:04X}" for one in named),
                more=len(missing) - len(named),
            )


def _inputs(words: Mapping[str, object]) -> dict[str, str]:
    return {"words": json.dumps(words, ensure_ascii=False)}


def _texts(value: object) -> Iterator[str]:
    """Every text within a value that becomes JSON."""
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)
        case _:
            return
