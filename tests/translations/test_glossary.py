"""The glossary's terms are the words that the catalogues use."""

from __future__ import annotations

from pathlib import Path

import pytest

from refund.translations import NAMES, load_catalogues

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
LOCALES = ("zh_Hans", "zh_Hant", "ja", "ko", "ru", "fr", "es", "ar")


def rows() -> list[list[str]]:
    """The table's cells, its head first."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def said(locale: str) -> list[str]:
    """Everything that a language says."""
    return [str(text).casefold() for text in load_catalogues(locale)._catalog.values()]


def test_the_glossary_has_every_language() -> None:
    assert set(rows()[0]) == set(NAMES.values())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_term_is_what_the_pages_say(locale: str) -> None:
    head, *terms = rows()
    column = head.index(NAMES[locale])
    texts = said(locale)
    unused = [row[column] for row in terms if not any(row[column].casefold() in t for t in texts)]
    assert unused == []


@pytest.mark.parametrize("locale", LOCALES)
def test_one_word_means_one_thing(locale: str) -> None:
    head, *terms = rows()
    words = [row[head.index(NAMES[locale])] for row in terms]
    assert len(set(words)) == len(words)
