"""What papers say is written in each of their languages, with every figure in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import refund.translations
from refund.places import templates_folder
from refund.translations import FURTHER_LOCALES, load_catalogues
from refund.web.paper_languages import LANGUAGES, Words, guess
from refund.web.paper_words import (
    CONTEXT,
    FOR_TRAVELLERS,
    LABELS,
    WORDINGS,
    sentences,
)
from tests import sheets
from tests.world import TYPESETTER

FOLDER = Path(refund.translations.__file__).parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
SAME_IN_ALL = {"Alipay", "WeChat Pay"}
SAME_IN_FRENCH = {"Date", "Contact", "Document"}
TEMPLATES = templates_folder() / "paper"
ASKED = re.compile(r"\bw\.([a-z_]+)")


def labels_of_travellers() -> list[str]:
    """Every label of a paper that a traveller reads, each once."""
    return list(dict.fromkeys(text for paper in FOR_TRAVELLERS for text in LABELS[paper].values()))


@pytest.mark.parametrize("locale", FURTHER_LOCALES)
def test_every_label_and_sentence_is_written_in_each_language_of_papers(locale: str) -> None:
    catalogue = load_catalogues(locale)
    same = SAME_IN_ALL | (SAME_IN_FRENCH if locale == "fr" else set())
    missing = [
        text
        for text in labels_of_travellers()
        if text not in same and catalogue.pgettext(CONTEXT, text) == text
    ]
    missing += [text for text in sentences() if catalogue.gettext(text) == text]
    assert missing == []


def test_every_label_is_written_in_chinese() -> None:
    catalogue = load_catalogues("zh_Hans")
    every = [text for paper in LABELS.values() for text in paper.values()]
    assert [text for text in every if catalogue.pgettext(CONTEXT, text) == text] == []
    assert [text for text in sentences() if catalogue.gettext(text) == text] == []


@pytest.mark.parametrize("locale", [*FURTHER_LOCALES, "zh_Hans"])
def test_translations_of_papers_keep_figures_and_say_nothing_more(locale: str) -> None:
    known = {*labels_of_travellers(), *sentences(), *LABELS["settlement"].values()}
    with (FOLDER / locale / "paper.po").open("rb") as file:
        for message in read_po(file, locale=locale, abort_invalid=True):
            if not message.id:
                continue
            said = str(message.string)
            assert message.id in known, f"no paper says {message.id}"
            assert sorted(PLACEHOLDER.findall(said)) == sorted(PLACEHOLDER.findall(str(message.id)))


def test_papers_have_every_language_of_travellers() -> None:
    assert set(LANGUAGES) == {*FURTHER_LOCALES, "en"}


def test_every_character_of_the_words_has_a_glyph() -> None:
    for locale in (*FURTHER_LOCALES, "zh_Hans"):
        text = (FOLDER / locale / "paper.po").read_text(encoding="utf-8")
        missing = {one for one in text if ord(one) not in TYPESETTER.characters and one != "\n"}
        assert missing == set(), locale


@pytest.mark.parametrize("paper", LABELS)
def test_a_template_asks_for_no_label_that_its_paper_lacks(paper: str) -> None:
    further = {"application": ["_lines.typ"], "receipt": ["receipt_strip.typ"]}
    parts = [f"{paper}.typ", *further.get(paper, [])]
    for part in parts:
        asked = set(ASKED.findall((TEMPLATES / part).read_text(encoding="utf-8"))) - {"at"}
        assert asked <= set(LABELS[paper]), part


def test_every_wording_that_can_be_signed_is_on_paper_too() -> None:
    pages = templates_folder() / "traveller" / "wording"
    assert {int(page.stem) for page in pages.glob("*.html")} == set(WORDINGS)
    for page in pages.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for head, said in WORDINGS[int(page.stem)]:
            assert f'_("{head}")' in text
            assert all(f'_("{one}"' in text for one in said)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_document_suggests_the_language(locale: str) -> None:
    assert guess(sheets.TRAVELLERS[locale]) == locale


def test_a_third_language_that_says_the_same_is_not_said_twice() -> None:
    words = Words(LANGUAGES["zh_Hant"])
    assert words.label("Port") == ["口岸", "Port", ""]
    assert words.label("Invoice") == ["发票", "Invoice", "發票"]
