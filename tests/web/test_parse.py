"""What people type is read to the end, and what no field could mean is named."""

from __future__ import annotations

from datetime import date

import pytest

from refund.core.errors import Refused
from refund.core.money import parse_yuan
from refund.web.parse import (
    TYPED_LENGTH_MAX,
    Reader,
    day_not_after,
    read_day,
    read_words,
    typed_fields,
)

TODAY = date(2025, 7, 8)


def test_a_reader_collects_every_problem_and_goes_on() -> None:
    reader = Reader()
    assert reader.read(parse_yuan, "1e9", "first") is None
    assert reader.read(parse_yuan, "12.50", "second") == 1250
    assert reader.read(parse_yuan, "", "third") is None
    assert [(p.code, p.field) for p in reader.problems] == [
        ("amount_unreadable", "first"),
        ("field_missing", "third"),
    ]


def test_characters_that_are_not_written_are_shown_as_such_and_named() -> None:
    fields, problems = typed_fields({"name": "a\x00b\x1f", "mrz": "P<\r\nX"})
    assert fields == {"name": "a\ufffdb\ufffd", "mrz": "P<\r\nX"}
    assert [(p.code, p.field) for p in problems] == [("field_unreadable", "name")]


def test_what_is_far_too_long_is_cut_and_named() -> None:
    fields, problems = typed_fields({"name": "x" * 5000})
    assert len(fields["name"]) == TYPED_LENGTH_MAX
    assert [(p.code, p.field) for p in problems] == [("field_too_long", "name")]


@pytest.mark.parametrize("text", ["2025-07-08", " 20250708 "])
def test_a_day_is_read_with_hyphens_and_without(text: str) -> None:
    assert read_day(text, "day") == TODAY


@pytest.mark.parametrize(
    "text", ["20250230", "2025078", "２０２５０７０８", "2025-07-08T00:00", "0708"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="date_"):
        read_day(text, "day")


def test_today_is_not_in_the_future_and_tomorrow_is() -> None:
    read = day_not_after(TODAY)
    assert read("2025-07-08", "day") == TODAY
    with pytest.raises(Refused, match="date_in_future"):
        read("2025-07-09", "day")


def test_words_are_one_line() -> None:
    assert read_words(" goods \n returned ", "reason", 20) == "goods returned"


@pytest.mark.parametrize(
    ("text", "code"),
    [(" ", "field_missing"), ("x" * 21, "field_too_long"), ("a\x00", "field_unreadable")],
)
def test_words_that_are_none_are_refused(text: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        read_words(text, "reason", 20)
