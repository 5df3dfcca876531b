"""Who types a zone is told which character looks wrong, and what it probably is."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.mrz_help import Suspect, corrected, help_with_mrz, with_fillers
from refund.core.mrz_zone import MISREAD

DAY = date(2025, 7, 8)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "mrz.json").read_text("utf-8"))
RIGHT = [case for case in VECTORS["cases"] if case["valid"]]
NAMES = "P<JPNTANAKA<<HARUKA<<<<<<<<<<<<<<<<<<<<<<<<<"
LOWER = "TK12345671JPN9102033F3102031<<<<<<<<<<<<<<<4"


def zone(lower: str = LOWER, names: str = NAMES) -> str:
    return f"{names}\n{lower}"


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case["lines"][-1])
def test_a_right_zone_needs_no_help(case: dict[str, Any]) -> None:
    helped = help_with_mrz("\n".join(case["lines"]), DAY)
    assert helped.reading is not None
    assert helped.reading.number == case["number"]
    assert helped.refused is None
    assert helped.suspects == ()


def test_the_seventh_character_is_named_with_what_it_was_read_as() -> None:
    helped = help_with_mrz(zone(LOWER.replace("TK12345671", "TK1234S671", 1)), DAY)
    assert helped.reading is None
    assert helped.refused is not None
    assert helped.suspects == (Suspect(2, 7, "S", "5"),)
    assert help_with_mrz(corrected(helped.text, helped.suspects[0]), DAY).reading is not None


def test_a_letter_among_digits_is_named() -> None:
    helped = help_with_mrz(zone(LOWER.replace("910203", "91O203", 1)), DAY)
    assert helped.suspects == (Suspect(2, 16, "O", "0"),)


def test_a_digit_among_the_letters_of_a_name_is_named() -> None:
    helped = help_with_mrz(zone(names="P<UTOERIKSS0N<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"), DAY)
    assert helped.suspects == (Suspect(1, 12, "0", "O"),)


def test_two_wrong_characters_name_no_place_but_the_refusal_says_where_to_look() -> None:
    helped = help_with_mrz(zone("TK1234S671JPN91O2033F3102031<<<<<<<<<<<<<<<4"), DAY)
    assert helped.suspects == ()
    assert helped.refused is not None
    assert helped.refused.code == "mrz_bad_character"


def test_a_wrong_digit_that_nobody_mistakes_names_no_place() -> None:
    helped = help_with_mrz(zone(LOWER.replace("TK12345671", "TK92345671", 1)), DAY)
    assert helped.refused is not None
    assert helped.refused.code == "mrz_check_digit"
    assert helped.suspects == ()


@pytest.mark.parametrize("fillers", [0, 1, 24, 26, 40])
def test_fillers_at_the_end_of_the_names_need_not_be_counted(fillers: int) -> None:
    names = NAMES.rstrip("<") + "<" * fillers
    helped = help_with_mrz(zone(names=names), DAY)
    assert helped.reading is not None
    assert helped.reading.latin_name == "TANAKA HARUKA"
    assert helped.text == zone()


def test_a_card_has_its_names_in_the_last_line() -> None:
    lines = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6"]
    helped = help_with_mrz("\n".join([*lines, "ERIKSSON<<ANNA<MARIA"]), DAY)
    assert helped.reading is not None
    assert helped.reading.given == "ANNA MARIA"


def test_one_long_line_is_counted_as_two() -> None:
    helped = help_with_mrz((NAMES + LOWER.replace("TK12345671", "TK1234S671")).lower(), DAY)
    assert helped.suspects == (Suspect(2, 7, "S", "5"),)


@pytest.mark.parametrize("text", ["", "   ", "hello", "A\nB\nC\nD", "<" * 1000, "TK1234567"])
def test_what_is_no_zone_is_left_as_it_is(text: str) -> None:
    helped = help_with_mrz(text, DAY)
    assert helped.text == text
    assert helped.refused is not None
    assert helped.suspects == ()


@given(st.data())
def test_a_single_common_misreading_is_among_what_is_named(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 8))
    character = LOWER[at]
    if character not in MISREAD or character in "G6":
        return
    wrong = data.draw(st.sampled_from(MISREAD[character]))
    helped = help_with_mrz(zone(LOWER[:at] + wrong + LOWER[at + 1 :]), DAY)
    assert Suspect(2, at + 1, wrong, character) in helped.suspects


@given(st.text(max_size=120))
def test_no_text_makes_the_help_fail(text: str) -> None:
    helped = help_with_mrz(text, DAY)
    assert (helped.reading is None) == (helped.refused is not None)


def test_only_line_ends_and_fillers_are_put_right() -> None:
    assert with_fillers("P<UTOE<<A\r\n" + LOWER) == "P<UTOE<<A".ljust(44, "<") + "\n" + LOWER
    assert with_fillers("P<UTOE<<A\n" + LOWER[:-1]) == "P<UTOE<<A\n" + LOWER[:-1]
