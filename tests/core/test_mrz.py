"""A machine-readable zone is believed only when all of it agrees, and says what looks wrong."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.mrz import MrzReading, read_mrz
from refund.core.mrz_zone import DIGITS, FILLER, LETTERS, check_digit
from refund.core.traveller import DocumentKind
from tests.zones import SPECIMEN, TD3, td1, td3, with_character

TODAY = date(2025, 7, 8)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "mrz.json").read_text("utf-8"))


def refusal_of(text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        read_mrz(text, TODAY, "mrz")
    return refused.value


def test_every_shared_case_is_run() -> None:
    assert len(VECTORS["cases"]) == 6
    assert sum(case["valid"] for case in VECTORS["cases"]) == 4


@pytest.mark.parametrize("case", [case for case in VECTORS["cases"] if case["valid"]])
def test_a_right_zone_is_read_as_the_shared_vectors_say(case: dict[str, Any]) -> None:
    reading = read_mrz("\n".join(case["lines"]), TODAY)
    for name in ("surname", "given", "number", "nationality", "sex"):
        assert getattr(reading, name) == case[name]
    assert reading.birth == date.fromisoformat(case["birth"])
    assert reading.expiry == date.fromisoformat(case["expiry"])


@pytest.mark.parametrize("case", [case for case in VECTORS["cases"] if not case["valid"]])
def test_a_wrong_zone_is_refused_by_the_field_of_the_shared_vectors(case: dict[str, Any]) -> None:
    refused = refusal_of("\n".join(case["lines"]))
    assert (refused.code, refused.facts["which"]) == ("mrz_check_digit", case["field"])


def test_a_zone_of_a_visa_or_of_something_else_is_not_guessed_at() -> None:
    refused = refusal_of("\n".join(("V" + TD3[0][1:], TD3[1])))
    assert (refused.code, refused.facts) == ("mrz_unknown_kind", {"document_code": "V"})
    assert refusal_of(td1("XX", "H12345678")).code == "mrz_unknown_kind"


def test_a_long_number_goes_on_in_the_optional_data() -> None:
    specimen = (
        "I<UTOD23145890<7349<<<<<<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<2",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    )
    reading = read_mrz("\n".join(specimen), TODAY)
    assert (reading.number, reading.latin_name) == ("D23145890734", "STEVENSON PETER JOHN")
    refused = refusal_of("\n".join((with_character(specimen[0], 16, "1"), *specimen[1:])))
    assert (refused.facts["which"], refused.facts["position"]) == ("number", 19)
    assert refused.facts["suspect"] == (9, 16)


@pytest.mark.parametrize("tail", ["<", "<<"])
def test_a_number_without_its_check_digit_is_refused(tail: str) -> None:
    first, second, third = td1("CR", "H12345678").split("\n")
    at = 15 - len(tail)
    refused = refusal_of("\n".join((first[:at] + tail + first[15:], second, third)))
    assert (refused.code, refused.facts["position"]) == ("mrz_bad_character", 15)


def test_a_zone_without_a_number_is_refused() -> None:
    assert refusal_of(td3("", "910203", "310203")).code == "document_number_unreadable"


@pytest.mark.parametrize(
    ("code", "number", "kind"),
    [
        ("CR", "H12345678", DocumentKind.HK_MACAO_PERMIT),
        ("CS", "M12345678", DocumentKind.HK_MACAO_PERMIT),
        ("CR", "H1234567801", DocumentKind.HK_MACAO_PERMIT),
        ("CT", "12345678", DocumentKind.TAIWAN_PERMIT),
        ("CD", "12345678", DocumentKind.TAIWAN_PERMIT),
        ("CT", "12345678A1", DocumentKind.TAIWAN_PERMIT),
        ("CX", "K1234567", None),
    ],
)
def test_the_document_is_guessed_by_its_code_and_number(
    code: str, number: str, kind: DocumentKind | None
) -> None:
    reading = read_mrz(td1(code, number), TODAY)
    assert (reading.kind, reading.number) == (kind, number)


def test_a_card_of_another_state_is_none_of_the_three_documents() -> None:
    assert read_mrz(td1("I<", "12345678", issuer="UTO"), TODAY).kind is None


@pytest.mark.rule("exit_permit_trap")
@pytest.mark.parametrize(
    ("code", "number"), [("CS", "C12345678"), ("CS", "CA1234567"), ("CD", "L12345678")]
)
def test_a_mainland_residents_exit_permit_is_not_accepted(code: str, number: str) -> None:
    assert refusal_of(td1(code, number)).code == "document_not_accepted"


@pytest.mark.parametrize(
    ("birth", "day"),
    [
        ("250708", date(2025, 7, 8)),
        ("250709", date(1925, 7, 9)),
        ("991231", date(1999, 12, 31)),
        ("000229", date(2000, 2, 29)),
    ],
)
def test_a_birth_is_the_latest_that_is_not_in_the_future(birth: str, day: date) -> None:
    assert read_mrz(td3("TK1234567", birth, "310203"), TODAY).birth == day


@pytest.mark.parametrize(
    ("expiry", "day"),
    [
        ("750101", date(2075, 1, 1)),
        ("760101", date(1976, 1, 1)),
        ("120415", date(2012, 4, 15)),
        ("350101", date(2035, 1, 1)),
    ],
)
def test_an_expiry_is_read_within_its_window(expiry: str, day: date) -> None:
    assert read_mrz(td3("TK1234567", "910203", expiry), TODAY).expiry == day


@pytest.mark.parametrize(
    ("birth", "expiry", "which", "position"),
    [
        ("910230", "310203", "birth", 14),
        ("911301", "310203", "birth", 14),
        ("270229", "310203", "birth", 14),
        ("910203", "310229", "expiry", 22),
        ("910203", "310000", "expiry", 22),
    ],
)
def test_a_day_that_the_calendar_does_not_have_is_refused(
    birth: str, expiry: str, which: str, position: int
) -> None:
    refused = refusal_of(td3("TK1234567", birth, expiry))
    assert (refused.code, refused.facts["which"]) == ("date_impossible", which)
    assert (refused.facts["line"], refused.facts["position"]) == (2, position)


def test_what_the_document_leaves_open_stays_open() -> None:
    reading = read_mrz(td3("TK1234567", "91<<<<", "<<<<<<", sex="<"), TODAY)
    assert (reading.birth, reading.expiry, reading.sex) == (None, None, "X")


def test_names_that_fill_their_field_may_be_cut() -> None:
    second = TD3[1]
    cut = "P<JPN" + "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<KRASUANG"[:39]
    reading = read_mrz(f"{cut}\n{second}", TODAY)
    assert reading.names_cut
    assert reading.surname == "NILAVADHANANANDA"
    assert not read_mrz("\n".join(TD3), TODAY).names_cut


def test_a_single_name_is_a_surname() -> None:
    reading = read_mrz("P<JPN" + "SUKARNO".ljust(39, FILLER) + "\n" + TD3[1], TODAY)
    assert (reading.surname, reading.given, reading.latin_name) == ("SUKARNO", "", "SUKARNO")


def test_germany_is_one_letter_with_fillers() -> None:
    number, _, rest = TD3[1].partition("JPN")
    reading = read_mrz(f"P<D<<{TD3[0][5:]}\n{number}D<<{rest}", TODAY)
    assert (reading.issuer, reading.nationality) == ("D", "D")


@pytest.mark.rule("document_check_digits")
@given(
    st.text(alphabet=sorted(LETTERS | DIGITS), min_size=1, max_size=9),
    st.dates(date(1926, 1, 1), TODAY),
    st.dates(date(1980, 1, 1), date(2070, 1, 1)),
    st.text(alphabet=sorted(LETTERS | DIGITS | {FILLER}), max_size=14),
)
def test_every_right_passport_is_read(
    number: str, birth: date, expiry: date, optional: str
) -> None:
    reading = read_mrz(td3(number, f"{birth:%y%m%d}", f"{expiry:%y%m%d}", optional=optional), TODAY)
    assert (reading.number, reading.birth, reading.expiry) == (number, birth, expiry)


@pytest.mark.rule("document_check_digits")
@given(st.integers(0, 43), st.sampled_from(sorted(LETTERS | DIGITS | {FILLER})))
def test_a_changed_character_of_the_second_line_is_noticed_unless_it_weighs_the_same(
    place: int, character: str
) -> None:
    changed = with_character(SPECIMEN[1], place + 1, character)
    weighs_same = check_digit(changed[place]) == check_digit(SPECIMEN[1][place])
    is_unchecked = place in {10, 11, 12, 20}
    try:
        reading: MrzReading | None = read_mrz(f"{SPECIMEN[0]}\n{changed}", TODAY)
    except Refused:
        reading = None
    assert reading is None or weighs_same or is_unchecked


ALMOST = st.one_of(
    st.text(),
    st.text(alphabet=sorted(LETTERS | DIGITS | {FILLER, "\n", " "}), max_size=100),
    st.text(alphabet=sorted(DIGITS | {FILLER}), min_size=44, max_size=44).map(
        lambda second: f"{SPECIMEN[0]}\n{second}"
    ),
    st.text(alphabet=sorted(LETTERS | DIGITS | {FILLER}), min_size=60, max_size=60).map(
        lambda rest: "CRCHN" + rest[5:] + "LI".ljust(30, FILLER)
    ),
    st.tuples(st.integers(0, 88), st.characters()).map(
        lambda at: "\n".join(SPECIMEN)[: at[0]] + at[1] + "\n".join(SPECIMEN)[at[0] + 1 :]
    ),
)


@given(ALMOST, st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_no_text_is_more_than_refused(typed: str, today: date) -> None:
    try:
        reading = read_mrz(typed, today, "mrz")
    except Refused:
        return
    assert reading.number
