"""What people read for every refusal: complete, translated, and whole with or without facts."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import refund.translations
from refund.core.errors import REFUSALS, Refused
from refund.core.goods import RESTRICTED, VAT_EXEMPT
from refund.core.mrz import read_mrz
from refund.core.store import read_stores
from refund.places import templates_folder
from refund.templating import environment
from refund.translations import LOCALES

FOLDER = templates_folder() / "refusals"
CATALOGUES = Path(refund.translations.__file__).parent
CODES = sorted(path.stem for path in FOLDER.glob("*.html"))
ADDRESSED = re.compile(r'<p class="refusal-(what|next)">\s*(.*?)\s*</p>', re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)s")

DAY = date(2025, 7, 8)
FACTS: dict[str, dict[str, object]] = {
    "above_ceiling": {"most_fen": 22_220_000},
    "amount_out_of_range": {"least_fen": 1, "most_fen": 9_999_999_999},
    "amount_unreadable": {"typed": "<b>1e9</b>"},
    "below_threshold": {"least_fen": 20_000, "total_fen": 19_999},
    "choice_unknown": {"known": ("yes", "no")},
    "claim_code_wrong": {"left": 4},
    "fill_in_throttled": {"minutes": 9},
    "login_taken": {"login": "li.na"},
    "login_unreadable": {"most": 60},
    "pick_up_throttled": {"minutes": 9},
    "scenario_key_unknown": {"typed": "late_shar", "likely": ("change.late_share",)},
    "scenario_unknown": {"typed": "week", "known": ("golden-week", "ordinary-week")},
    "scenario_unreadable": {"what": "title_en is missing"},
    "scenario_value": {
        "key": "change.late_share", "typed": "<b>2", "unit": "share",
        "least": "0", "most": "1", "words": (),
    },
    "set_unreadable": {"typed": "late <b>"},
    "store_not_active": {"obstacles": ("suspended",)},
    "too_late_to_issue": {"last": DAY},
    "too_many_tries": {"minutes": 9},
    "date_before_rules": {"first": DAY},
    "date_impossible": {"typed": "2025-02-30"},
    "date_unreadable": {"typed": "8.7.2025"},
    "drill_other_days": {"since": DAY, "until": DAY},
    "document_expired": {"expiry": "2025-07-07"},
    "document_not_accepted": {"wanted": "hk_macao_permit"},
    "field_too_long": {"most": 60},
    "field_unreadable": {"position": 3, "character": "\u2603"},
    "period_too_long": {"most_days": 400},
    "statement_already_imported": {"day": DAY, "at": datetime(2025, 7, 9, 4, 0, tzinfo=UTC)},
    "statement_closing_differs": {"said": 134_46, "counted": 134_47},
    "statement_count_differs": {"said": 3, "counted": 2},
    "statement_currency": {"found": "USD"},
    "statement_day_not_over": {"day": DAY},
    "statement_edited": {"day": DAY, "at": datetime(2025, 7, 9, 4, 0, tzinfo=UTC)},
    "statement_gap": {"day": DAY, "missing": DAY},
    "statement_header_unknown": {"found": "<b>document_kind"},
    "statement_line_gap": {"expected": 2, "found": 3},
    "statement_not_there": {"day": DAY},
    "statement_opening_differs": {"day": DAY, "said": -134_46, "counted": 0},
    "statement_other_day": {"line": 2, "day": DAY},
    "statement_row_unreadable": {"line": 2, "found": "<b>D,2"},
    "statement_totals_differ": {"said": 1, "counted": 2, "total": "payouts_fen"},
    "statement_truncated": {"lines": 5},
    "file_already_imported": {"at": datetime(2025, 7, 8, 4, 0, tzinfo=UTC), "rows": 12},
    "file_bad_columns": {"missing": ["phone"], "doubled": ["name"], "unknown": ["<i>"]},
    "file_formula": {"line": 3, "column": "name", "total": 2},
    "file_not_utf8": {"line": 3, "looks_like": "GBK"},
    "file_too_large": {"limit_bytes": 1_000_000, "size_bytes": 50_000_000},
    "form_number_unreadable": {"typed": "1", "wrong": "length"},
    "form_void": {"status": "superseded"},
    "goods_out_of_scope": {"name_zh": "金条", "name_en": "Gold bar", "why": "precious_metal"},
    "invoice_already_used": {"number": "12345678"},
    "invoice_before_entry": {"entry": DAY, "day": DAY},
    "mrz_bad_character": {
        "line": 2, "position": 20, "character": "?", "wanted": "0-9, <", "likely": "0",
    },
    "mrz_unknown_kind": {"document_code": "V"},
    "mrz_wrong_length": {"lines": 2, "got": (44, 43), "wanted": (44, 44)},
    "joint_changed": {"form_number": "250708000100011"},
    "other_forms_rely": {"numbers": ("250708000100011",)},
    "past_deadline": {"depart_by": DAY},
    "quantity_above_remaining": {"most": 2},
    "quantity_unreadable": {"most": 999},
    "parameter_unknown": {"typed": "promise"},
    "rehearsal_known": {"name": "<b>monday"},
    "row_doubled": {"first_line": 2},
    "rule_not_ahead": {"today": DAY},
    "row_width": {"cells": 3, "columns": 4},
    "stay_too_long": {"entry": DAY, "most_days": 183},
    "taxpayer_number_unreadable": {"wrong": "check_character"},
    "too_many_lines": {"most": 60},
    "value_out_of_range": {"parameter": "promise_days", "least": "1", "most": "365"},
    "value_unreadable": {"parameter": "promise_days", "typed": "x"},
    "vat_unknown": {"typed": "17", "known": ("13", "9", "exempt")},
}  # fmt: skip


def _read(code: str, facts: Mapping[str, object], locale: str = "en") -> str:
    template = environment(locale).get_template(f"refusals/{code}.html")
    return template.render(facts=facts)


def _text(code: str, facts: Mapping[str, object], locale: str = "en") -> str:
    found = re.sub(r"<[^>]+>", " ", _read(code, facts, locale))
    return " ".join(found.split())


def _messages() -> set[str]:
    made = environment("en")
    return {
        message[0] if isinstance(message, tuple) else message
        for path in FOLDER.glob("*.html")
        for _, _, message in made.extract_translations(  # type: ignore[attr-defined]
            path.read_text(encoding="utf-8")
        )
    }


def _first(words: object) -> str:
    """A message, or the singular of one that has a plural; Chinese has one form for both."""
    return str(words[0] if isinstance(words, (tuple, list)) else words)


def test_every_code_has_its_words_and_all_words_have_their_code() -> None:
    assert sorted(REFUSALS) == CODES


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", CODES)
def test_a_refusal_says_what_is_wrong_and_what_to_do_now(code: str, locale: str) -> None:
    for facts in ({}, FACTS.get(code, {})):
        parts = ADDRESSED.findall(_read(code, facts, locale))
        assert [name for name, _ in parts] == ["what", "next"]
        assert all(words for _, words in parts)
        assert "%(" not in _read(code, facts, locale)
        if locale == "zh_Hans":
            assert all(CHINESE.search(words) for _, words in parts)


@pytest.mark.parametrize("code", CODES)
def test_the_words_of_a_refusal_are_few(code: str) -> None:
    assert len((FOLDER / f"{code}.html").read_text(encoding="utf-8").splitlines()) <= 15
    for _, words in ADDRESSED.findall(_read(code, FACTS.get(code, {}))):
        assert len(words) <= 220


def test_every_message_is_translated_and_no_translation_is_left_over() -> None:
    with (CATALOGUES / "zh_Hans" / "refusals.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans", abort_invalid=True)
    translated = {_first(message.id): _first(message.string) for message in catalogue if message.id}
    assert set(translated) == _messages()
    for english, chinese in translated.items():
        assert CHINESE.search(chinese), english
        assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english))


def test_what_was_typed_is_shown_as_text_and_never_as_markup() -> None:
    assert "&lt;b&gt;1e9&lt;/b&gt;" in _read("amount_unreadable", FACTS["amount_unreadable"])
    assert "<i>" not in _read("file_bad_columns", FACTS["file_bad_columns"])


def test_every_reason_against_goods_has_a_word_of_its_own() -> None:
    for locale in LOCALES:
        words = set()
        for why in (*RESTRICTED, VAT_EXEMPT):
            facts = {"name_zh": "甲", "name_en": "A", "why": why}
            found = re.search(r"甲 · A:\s*(.+?)\s*</p>", _read("goods_out_of_scope", facts, locale))
            assert found, why
            words.add(found[1])
        assert len(words) == len(RESTRICTED) + 1


def test_amounts_and_days_are_written_in_the_sentence() -> None:
    text = _text("below_threshold", FACTS["below_threshold"])
    assert "come to 199.99 yuan; at least 200.00 yuan are needed" in text
    assert "183 天" in _text("stay_too_long", FACTS["stay_too_long"], "zh_Hans")


def test_a_wrong_check_digit_names_the_characters_that_look_wrong() -> None:
    typed = (
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8989O2C36UTO7408122F1204159ZE184226B<<<<<10"
    )
    with pytest.raises(Refused) as caught:
        read_mrz(typed, DAY, "mrz")
    assert caught.value.code == "mrz_check_digit"
    assert "line 2 does not fit; look at position 6" in _text("mrz_check_digit", caught.value.facts)


def test_the_rows_of_a_bad_file_are_listed_with_line_column_and_words() -> None:
    header = (
        "store_number,name_zh,name_en,taxpayer_number,address_zh,address_en,phone,"
        "tax_credit_grade,general_taxpayer,goods_ledger_kept,sign_displayed,status,filed_on,"
        "illustrative,source\n"
    )
    with pytest.raises(Refused) as caught:
        read_stores(header + "0,示例,=A,SIM1,a,b,1234567,A,yes,yes,yes,active,,maybe,x\n1,2\n")
    text = _text("file_bad_rows", caught.value.facts)
    assert "Places that cannot be used: 5." in text
    assert "Line 2 · store_number This cannot be read" in text
    assert "Line 2 · name_en The cell begins like a formula." in text
    assert "Line 2 · illustrative Only these words can stand here: yes, no." in text
    assert "Line 3 This row has 2 cells; the first line has 15." in text
    assert "第 3 行" in _text("file_bad_rows", caught.value.facts, "zh_Hans")
