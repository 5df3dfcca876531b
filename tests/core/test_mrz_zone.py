"""A zone's lines, characters and check digits: what is wrong is named by its place."""

from datetime import date

import pytest

from refund.core.errors import Refused
from refund.core.mrz import read_mrz
from refund.core.mrz_zone import FILLER, check_digit
from tests.zones import SPECIMEN, TD3, td1, td3, with_character

TODAY = date(2025, 7, 8)


def refusal_of(text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        read_mrz(text, TODAY, "mrz")
    return refused.value


@pytest.mark.parametrize(
    ("text", "digit"), [("L898902C3", 6), ("740812", 2), ("120415", 9), ("D23145890", 7)]
)
def test_check_digits_are_those_of_the_standard(text: str, digit: int) -> None:
    assert check_digit(text) == digit


@pytest.mark.parametrize(
    "typed",
    [
        "\r".join(TD3),
        "\r\n".join(TD3) + "\r\n",
        "\n\n".join(TD3),
        "".join(TD3),
        " ".join(TD3),
        "\ufeff" + "\n".join(TD3).lower(),
        "  " + " \t\n ".join(TD3) + "  ",
        "\n".join((TD3[0][:20], TD3[0][20:], TD3[1][:30], TD3[1][30:])),
    ],
)
def test_how_a_scanner_or_a_paste_ends_its_lines_does_not_matter(typed: str) -> None:
    assert read_mrz(typed, TODAY).latin_name == "TANAKA HARUKA"


def test_a_card_in_one_go_is_read_too() -> None:
    assert read_mrz(td1("CR", "H12345678").replace("\n", ""), TODAY).number == "H12345678"


@pytest.mark.parametrize(
    ("typed", "lines", "got", "wanted"),
    [
        ("P<JPN", 1, (5,), (44, 44)),
        ("\n".join((TD3[0], TD3[1][:-1])), 2, (44, 43), (44, 44)),
        ("\n".join((TD3[0] + "<", TD3[1][:-1])), 2, (45, 43), (44, 44)),
        ("\n".join(("C" * 30, "C" * 30, "C" * 29)), 3, (30, 30, 29), (30, 30, 30)),
        ("C" * 89, 1, (89,), (30, 30, 30)),
        ("\n".join(("P" * 36, "P" * 36)), 2, (36, 36), (44, 44)),
        ("x" * 10_000, 1, (10_000,), (44, 44)),
    ],
)
def test_a_wrong_length_says_what_came_and_what_is_wanted(
    typed: str, lines: int, got: tuple[int, ...], wanted: tuple[int, ...]
) -> None:
    refused = refusal_of(typed)
    assert (refused.code, refused.field) == ("mrz_wrong_length", "mrz")
    assert refused.facts == {"lines": lines, "got": got, "wanted": wanted}


@pytest.mark.parametrize("typed", ["", " \r\n "])
def test_nothing_typed_is_missing(typed: str) -> None:
    assert refusal_of(typed).code == "field_missing"


@pytest.mark.parametrize(
    ("line", "position", "character", "likely"),
    [
        (1, 12, "＜", ""),
        (1, 3, "?", ""),
        (1, 7, "4", ""),
        (1, 8, "8", "B"),
        (2, 13, "0", "O"),
        (2, 17, "O", "0"),
        (2, 20, "I", "1"),
        (2, 21, "A", ""),
        (2, 10, "S", "5"),
        (2, 28, "<", ""),
        (2, 44, "Z", "2"),
    ],
)
def test_a_character_that_cannot_stand_there_is_named_by_line_and_position(
    line: int, position: int, character: str, likely: str
) -> None:
    lines = list(TD3)
    lines[line - 1] = with_character(lines[line - 1], position, character)
    refused = refusal_of("\n".join(lines))
    assert refused.code == "mrz_bad_character"
    facts = refused.facts
    assert (facts["line"], facts["position"], facts["character"]) == (line, position, character)
    assert facts["likely"] == likely


def test_a_misread_character_of_the_number_is_suspected() -> None:
    slip = with_character(SPECIMEN[1], 6, "O")
    refused = refusal_of("\n".join((SPECIMEN[0], slip)))
    assert refused.code == "mrz_check_digit"
    assert refused.facts == {
        "which": "number",
        "line": 2,
        "position": 10,
        "first": 1,
        "last": 9,
        "suspect": (6,),
        "suspect_above": (),
    }


@pytest.mark.parametrize(("right", "read"), ["O0", "I1", "B8", "S5", "Z2"])
@pytest.mark.parametrize("place", range(9))
def test_every_common_misreading_of_a_number_is_among_the_suspects(
    right: str, read: str, place: int
) -> None:
    for one, other in ((right, read), (read, right)):
        number = with_character("TK4344447", place + 1, one)
        lines = td3(number, "910203", "310203").split("\n")
        refused = refusal_of("\n".join((lines[0], with_character(lines[1], place + 1, other))))
        assert refused.facts["which"] == "number"
        assert place + 1 in refused.facts["suspect"]  # type: ignore[operator]


def test_a_misread_digit_of_a_date_is_suspected() -> None:
    lines = td3("TK1234567", "910203", "310203").split("\n")
    refused = refusal_of("\n".join((lines[0], with_character(lines[1], 15, "7"))))
    assert (refused.facts["which"], refused.facts["position"]) == ("birth", 20)
    assert 15 in refused.facts["suspect"]  # type: ignore[operator]
    refused = refusal_of("\n".join((lines[0], with_character(lines[1], 23, "7"))))
    assert refused.facts["which"] == "expiry"
    assert 23 in refused.facts["suspect"]  # type: ignore[operator]


def test_wrong_optional_data_of_a_passport_is_refused() -> None:
    slip = with_character(SPECIMEN[1], 31, "I")
    refused = refusal_of("\n".join((SPECIMEN[0], slip)))
    assert (refused.facts["which"], refused.facts["suspect"]) == ("optional", (31, 34))


def test_optional_data_has_its_digit_and_empty_data_may_go_without() -> None:
    with_zero = td3("TK1234567", "910203", "310203")
    assert with_zero[-2] == "0"
    assert read_mrz(with_zero, TODAY) == read_mrz("\n".join(TD3), TODAY)
    without = with_character(SPECIMEN[1], 43, FILLER)
    refused = refusal_of("\n".join((SPECIMEN[0], without)))
    assert (refused.code, refused.facts["position"]) == ("mrz_bad_character", 43)


def test_the_composite_digit_itself_looks_wrong_when_all_else_is_vouched_for() -> None:
    refused = refusal_of("\n".join((SPECIMEN[0], with_character(SPECIMEN[1], 44, "1"))))
    assert (refused.facts["which"], refused.facts["suspect"]) == ("composite", (44,))


def test_optional_data_of_a_card_is_suspected_in_either_line() -> None:
    first, second, third = td1("CR", "H12345678", optional="SA4", more="KB4").split("\n")
    above = refusal_of("\n".join((with_character(first, 16, "5"), second, third)))
    assert above.facts["which"] == "composite"
    assert (above.facts["suspect"], above.facts["suspect_above"]) == ((), (16,))
    here = refusal_of("\n".join((first, with_character(second, 20, "8"), third)))
    assert (here.facts["suspect"], here.facts["suspect_above"]) == ((20,), ())
