"""Numbers that people type notice their slips; what is derived is the same every time."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.ids import (
    claim_code,
    claim_code_hash,
    damm_digit,
    group_form_number,
    make_form_number,
    operation_key,
    operation_reference,
    read_claim_code,
    read_form_number,
)

KEY = bytes(range(32))
FORM_ID = "00112233445566ff"
NUMBERS = st.builds(
    make_form_number,
    st.dates(date(2025, 1, 1), date(2099, 12, 31)),
    st.integers(1, 9_999),
    st.integers(1, 9_999),
)


def refusal_of(text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        read_form_number(text, "form_number")
    return refused.value


def test_the_check_digit_is_the_published_one() -> None:
    assert damm_digit("572") == "4"
    assert damm_digit("5724") == "0"


def test_a_form_number_holds_day_store_sequence_and_check_digit() -> None:
    number = make_form_number(date(2026, 7, 8), 1, 1)
    assert number[:-1] == "26070800010001"
    assert group_form_number(number) == f"260708-0001-0001-{damm_digit('26070800010001')}"


@given(NUMBERS)
def test_a_form_number_is_read_back_as_printed(number: str) -> None:
    assert read_form_number(f" {group_form_number(number)}\r\n") == number
    assert read_form_number(number) == number


@given(NUMBERS)
def test_every_wrong_digit_is_noticed(number: str) -> None:
    for place, digit in enumerate(number):
        for other in "0123456789":
            if other != digit:
                slip = number[:place] + other + number[place + 1 :]
                assert refusal_of(slip).facts["wrong"] == "check_digit"


@given(NUMBERS)
def test_every_swap_of_neighbours_is_noticed(number: str) -> None:
    for place in range(len(number) - 1):
        one, other = number[place], number[place + 1]
        if one != other:
            slip = number[:place] + other + one + number[place + 2 :]
            assert refusal_of(slip).facts["wrong"] == "check_digit"


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("2607080001000", "length"),
        ("2607080001000155", "length"),
        ("26070800010001O", "character"),
        ("２６０７０８０００１０００１５", "character"),
        ("260708_0001_0001_5", "character"),
        ("²60708000100015", "character"),
    ],
)
def test_what_is_no_form_number_is_refused_and_says_why(typed: str, wrong: str) -> None:
    refused = refusal_of(typed)
    assert (refused.code, refused.field) == ("form_number_unreadable", "form_number")
    assert refused.facts["wrong"] == wrong


@pytest.mark.parametrize("typed", ["", " ", "---"])
def test_no_form_number_is_missing(typed: str) -> None:
    assert refusal_of(typed).code == "field_missing"


@pytest.mark.parametrize(
    ("day", "store_number", "sequence"),
    [
        (date(1999, 7, 8), 1, 1),
        (date(2026, 7, 8), 0, 1),
        (date(2026, 7, 8), 10_000, 1),
        (date(2026, 7, 8), 1, 0),
        (date(2026, 7, 8), 1, 10_000),
    ],
)
def test_a_number_that_does_not_fit_is_a_defect(
    day: date, store_number: int, sequence: int
) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        make_form_number(day, store_number, sequence)


def test_a_check_digit_is_made_of_ascii_digits_only() -> None:
    with pytest.raises(ValueError, match="１"):
        damm_digit("１２")


@given(st.text())
def test_no_text_is_more_than_refused(typed: str) -> None:
    try:
        number = read_form_number(typed)
    except Refused:
        return
    assert damm_digit(number) == "0"


def test_a_reprint_shows_the_same_claim_code() -> None:
    assert claim_code(KEY, FORM_ID) == claim_code(KEY, FORM_ID)
    assert len(claim_code(KEY, FORM_ID)) == 6


@given(st.integers(0, 2**64 - 1))
def test_a_claim_code_is_six_digits_of_key_and_form(form: int) -> None:
    code = claim_code(KEY, f"{form:016x}")
    assert read_claim_code(code) == code
    kept = claim_code_hash(KEY, f"{form:016x}", code)
    assert len(kept) == 64
    assert kept != claim_code_hash(KEY[::-1], f"{form:016x}", code)


def test_claim_codes_are_spread_over_all_first_digits() -> None:
    firsts = [claim_code(KEY, f"{form:016x}")[0] for form in range(2_000)]
    assert all(150 < firsts.count(digit) < 250 for digit in "0123456789")


def test_a_claim_code_belongs_to_one_form_alone() -> None:
    other = "00112233445566fe"
    code = claim_code(KEY, FORM_ID)
    assert claim_code_hash(KEY, FORM_ID, code) != claim_code_hash(KEY, other, code)


@pytest.mark.parametrize("form_id", ["", "xyz", "00112233445566FF", "00112233445566ff00"])
def test_a_form_id_of_another_shape_is_a_defect(form_id: str) -> None:
    with pytest.raises(ValueError, match="^" + form_id + "$"):
        claim_code(KEY, form_id)
    with pytest.raises(ValueError, match="^" + form_id + "$"):
        operation_reference(form_id, "hold", 1)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "claim_code_missing"),
        (" \n", "claim_code_missing"),
        ("12345", "claim_code_unreadable"),
        ("1234567", "claim_code_unreadable"),
        ("１２３４５６", "claim_code_unreadable"),
        ("12345²", "claim_code_unreadable"),
        ("abcdef", "claim_code_unreadable"),
        ("12-345", "claim_code_unreadable"),
    ],
)
def test_what_is_no_claim_code_is_refused_and_not_repeated(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_claim_code(typed, "claim_code")
    assert (refused.value.code, refused.value.field) == (code, "claim_code")
    assert refused.value.facts == {}


def test_a_claim_code_may_be_typed_in_groups() -> None:
    assert read_claim_code(" 123 456 ") == "123456"


def test_an_operation_has_one_reference_and_one_key() -> None:
    reference = operation_reference(FORM_ID, "hold", 1)
    assert reference == "00112233445566ff-hold-1"
    assert operation_key(reference) == operation_key(reference)
    assert len(operation_key(reference)) == 40
    assert operation_key(reference) != operation_key(operation_reference(FORM_ID, "hold", 2))


@pytest.mark.parametrize(("kind", "attempt"), [("Hold", 1), ("", 1), ("hold-1", 1), ("hold", 0)])
def test_an_operation_of_another_shape_is_a_defect(kind: str, attempt: int) -> None:
    with pytest.raises(ValueError, match=r"^(Hold|hold-1|0|)$"):
        operation_reference(FORM_ID, kind, attempt)
