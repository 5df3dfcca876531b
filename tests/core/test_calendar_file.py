"""A calendar file that every calendar takes: folded, escaped, and the same one for ever."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar_file import OCTETS_MAX, Deadline, calendar_file

AT = datetime(2025, 7, 8, 6, 0, tzinfo=UTC)
TODAY = date(2025, 7, 8)


def deadline(**changes: object) -> Deadline:
    facts: dict[str, object] = {
        "uid": "00112233aabbccdd.leave@refund.example",
        "sequence": 4,
        "day": date(2025, 8, 5),
        "summary": "Leave China by today: tax refund of CNY 1,006.20",
        "description": "Customs desk first; then bags, then the gate.\nTake goods along.",
        "location": "Wuhan Tianhe",
        "url": "https://refund.example/traveller/pass",
    }
    return Deadline(**{**facts, **changes})  # type: ignore[arg-type]


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def test_a_deadline_is_a_whole_day_with_three_reminders() -> None:
    lines = unfolded(calendar_file([deadline()], AT, TODAY))
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-1] == "END:VCALENDAR"
    assert "UID:00112233aabbccdd.leave@refund.example" in lines
    assert "DTSTART;VALUE=DATE:20250805" in lines
    assert "DTEND;VALUE=DATE:20250806" in lines
    assert "DTSTAMP:20250708T060000Z" in lines
    triggers = [line for line in lines if line.startswith("TRIGGER")]
    assert triggers == ["TRIGGER:-P6DT15H", "TRIGGER:-P2DT15H", "TRIGGER:-PT15H"]


def test_what_means_something_to_a_calendar_is_escaped() -> None:
    said = deadline(summary="A; B, C\\D", description="one\r\ntwo")
    lines = unfolded(calendar_file([said], AT, TODAY))
    assert "SUMMARY:A\\; B\\, C\\\\D" in lines
    assert "DESCRIPTION:one\\ntwo" in lines


@pytest.mark.parametrize(
    ("today", "left"), [(date(2025, 7, 30), 2), (date(2025, 8, 4), 1), (date(2025, 8, 5), 0)]
)
def test_reminders_of_the_past_are_left_out(today: date, left: int) -> None:
    assert calendar_file([deadline()], AT, today).count("BEGIN:VALARM") == left


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_no_line_is_too_long_and_no_text_is_changed_by_that(text: str) -> None:
    file = calendar_file([deadline(summary=text, description="")], AT, TODAY)
    assert all(len(line.encode()) <= OCTETS_MAX for line in file.split("\r\n"))
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    assert f"SUMMARY:{escaped}" in unfolded(file)


def test_the_same_deadline_keeps_its_name_in_every_language() -> None:
    english = unfolded(calendar_file([deadline()], AT, TODAY))
    chinese = unfolded(calendar_file([deadline(summary="请在今天离境", sequence=5)], AT, TODAY))
    assert [one for one in english if one.startswith("UID")] == [
        one for one in chinese if one.startswith("UID")
    ]
