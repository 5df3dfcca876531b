"""What the merged message catalogues promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template_string
from flask_babel import gettext

import refund.translations
from refund.translations import LOCALES, install_babel, load_catalogues

FOLDER = Path(refund.translations.__file__).parent


def test_english_reads_its_message_ids() -> None:
    assert load_catalogues("en").gettext("Card number") == "Card number"


def test_a_catalogue_is_read_once() -> None:
    assert load_catalogues("zh_Hans") is load_catalogues("zh_Hans")


def test_code_and_templates_read_the_same_language() -> None:
    app = Flask("reader")
    install_babel(app, lambda: "zh_Hans")
    with app.test_request_context():
        assert gettext("Card number") == "卡号"
        assert render_template_string("{{ _('Card number') }}") == "卡号"


def test_a_placeholder_is_filled_after_translation() -> None:
    app = Flask("reader")
    install_babel(app, lambda: "en")
    with app.test_request_context():
        assert render_template_string("{{ _('%(n)s left', n=3) }}") == "3 left"


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "en"])
def test_no_two_files_translate_a_message_differently(locale: str) -> None:
    seen: dict[tuple[object, object], tuple[str, object]] = {}
    for path in sorted((FOLDER / locale).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale, abort_invalid=True)
        for message in catalogue:
            key = (message.id, message.context)
            if not message.id or not message.string:
                continue
            first = seen.setdefault(key, (path.name, message.string))
            assert first[1] == message.string, f"{first[0]} and {path.name} differ on {message.id}"
