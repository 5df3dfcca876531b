"""What travellers read is written in each of their nine languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask, g

import refund.translations
from refund.translations import (
    FURTHER_LOCALES,
    LOCALES,
    NAMES,
    TRAVELLER_LOCALES,
    load_catalogues,
    nearest,
)
from refund.web.filters import day, moment, yuan
from tests.translations.wanted import ROOT, TRAVELLERS_REFUSALS, messages, missing, travellers

FOLDER = Path(refund.translations.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
TAG = re.compile(r"</?[a-z][^>]*>")
FOREIGN_DIGIT = re.compile(r"[\u0660-\u0669\u06f0-\u06f9]")
HAN = re.compile(r"[\u4e00-\u9fff]")


def _catalogue(path: Path, locale: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def test_travellers_have_nine_languages() -> None:
    assert set(TRAVELLER_LOCALES) == {*LOCALES, *FURTHER_LOCALES} == set(NAMES)
    assert len(travellers()) > 500


@pytest.mark.parametrize("locale", FURTHER_LOCALES)
def test_every_message_of_travellers_is_written(locale: str) -> None:
    assert missing(locale) == {}


@pytest.mark.parametrize("locale", FURTHER_LOCALES)
def test_every_message_keeps_its_figures_and_marks(locale: str) -> None:
    wrong = []
    for path in sorted((FOLDER / locale).glob("*.po")):
        for message in _catalogue(path, locale):
            if not message.id:
                continue
            if message.fuzzy:
                wrong.append(f"{path.name}: fuzzy {message.id}")
            wrong += [f"{path.name}: {said}" for said in _said_wrong(message.id, message.string)]
    assert wrong == []


def _said_wrong(ids: object, strings: object) -> list[str]:
    asked = ids[-1] if isinstance(ids, tuple | list) else str(ids)
    every = strings if isinstance(strings, tuple | list) else [str(strings)]
    return [
        said
        for said in every
        if any(
            sorted(kind.findall(asked)) != sorted(kind.findall(said)) for kind in (PLACEHOLDER, TAG)
        )
        or FOREIGN_DIGIT.search(said)
        or not said.strip()
    ]


def test_what_is_said_wrong_is_found() -> None:
    assert _said_wrong("%(n)s left", "%(n)s noch") == []
    assert _said_wrong("%(n)s left", "%(m)s noch") == ["%(m)s noch"]
    assert _said_wrong("3 left", "٣ باقية") == ["٣ باقية"]
    assert _said_wrong("<b>Now</b>", "<b>Jetzt") == ["<b>Jetzt"]


@pytest.mark.parametrize("locale", FURTHER_LOCALES)
def test_no_two_files_of_a_language_say_a_message_differently(locale: str) -> None:
    seen: dict[tuple[object, object], object] = {}
    for path in sorted((FOLDER / locale).glob("*.po")):
        for message in _catalogue(path, locale):
            key = (message.id, message.context)
            if message.id:
                assert seen.setdefault(key, message.string) == message.string, message.id


@pytest.mark.parametrize("locale", FURTHER_LOCALES)
def test_no_catalogue_keeps_what_nobody_says_any_more(locale: str) -> None:
    used = {text for text, _ in messages()}
    for path in sorted((FOLDER / locale).glob("*.po")):
        if path.name == "paper.po":
            continue
        for message in _catalogue(path, locale):
            text = message.id[0] if isinstance(message.id, tuple | list) else message.id
            assert not text or text in used, f"{path.name}: {text}"


@pytest.mark.parametrize("locale", ["ko", "ru", "fr", "es", "ar"])
def test_no_chinese_is_left_in_a_language_without_it(locale: str) -> None:
    catalogue = load_catalogues(locale)
    left = [text for text in travellers() if HAN.search(catalogue.gettext(text))]
    assert left == []


def test_every_refusal_of_travellers_is_there() -> None:
    there = {path.stem for path in (ROOT / "templates" / "refusals").glob("*.html")}
    assert there >= TRAVELLERS_REFUSALS


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("zh-CN", "zh_Hans"),
        ("zh-Hant-HK", "zh_Hant"),
        ("zh-TW", "zh_Hant"),
        ("zh_MO", "zh_Hant"),
        ("zh", "zh_Hans"),
        ("ja-JP", "ja"),
        ("ar-SA", "ar"),
        ("de", None),
        ("", None),
    ],
)
def test_a_phones_language_is_found(tag: str, locale: str | None) -> None:
    assert nearest(tag, TRAVELLER_LOCALES) == locale


def test_staff_read_simplified_characters_for_every_kind_of_chinese() -> None:
    assert nearest("zh-TW", LOCALES) == "zh_Hans"
    assert nearest("ja", LOCALES) is None


@pytest.mark.parametrize(
    ("locale", "sum_said", "day_said"),
    [
        ("zh_Hans", "1,494.05", "2025年7月8日"),
        ("zh_Hant", "1,494.05", "2025年7月8日"),
        ("en", "1,494.05", "8 Jul 2025"),
        ("ja", "1,494.05", "2025年7月8日"),
        ("ko", "1,494.05", "2025년 7월 8일"),
        ("ru", "1\u00a0494,05", "8 июл. 2025 г."),
        ("fr", "1\u202f494,05", "8 juil. 2025"),
        ("es", "1.494,05", "8 jul 2025"),
        ("ar", "1,494.05", "8 يوليو 2025"),
    ],
)
def test_sums_and_days_are_written_as_the_language_does(
    locale: str, sum_said: str, day_said: str
) -> None:
    app = Flask("reader")
    refund.translations.install_babel(app, lambda: locale)
    with app.test_request_context():
        g.language = locale
        assert yuan(149_405) == sum_said
        assert day(date(2025, 7, 8)) == day_said
        at = datetime(2025, 7, 8, 6, 30, tzinfo=UTC)
        assert moment(at).startswith(day_said)
        assert moment(at).endswith("14:30")
