"""A file of departures, read: its rows, what it says of itself, and what is wrong with it."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest

from refund.core import exit_file
from refund.core.errors import Refused
from refund.core.exit_file import ExitFile, sample_file
from refund.core.tables import LINE_BYTES_MAX
from tests import make

HEAD = "document_kind,document_number,port,exited_at\n"
ROW = "hk_macao_permit,H12345678,WUH,2025-07-08T11:00:00+08:00\n"


def file_of(text: str | bytes, name: str = "exits.csv") -> ExitFile:
    """A file at noon of 8 July 2025."""
    raw = text.encode() if isinstance(text, str) else text
    return ExitFile(BytesIO(raw), name, make.NOON)


def read(text: str | bytes, name: str = "exits.csv") -> ExitFile:
    """A file of which all rows were read, and that is whole."""
    file = file_of(text, name)
    for _ in file.rows():
        pass
    file.require_whole()
    return file


def code(text: str | bytes, name: str = "exits.csv") -> str:
    """Why a file is refused."""
    with pytest.raises(Refused) as caught:
        read(text, name)
    return caught.value.code


def test_rows_come_with_the_line_that_they_stand_on() -> None:
    found = list(file_of("\n" + HEAD + "\n" + ROW + ",,,\n" + ROW.replace("WUH", "YIH")).rows())
    assert [(at, line.port) for at, line in found] == [(4, "WUH"), (6, "YIH")]
    assert found[0][1].document == make.traveller().document


def test_the_same_bytes_have_the_same_digest_wherever_the_file_stands() -> None:
    raw = (HEAD + ROW).encode()
    moved = BytesIO(b"before" + raw)
    moved.seek(6)
    assert ExitFile(moved, "other", make.NOON).digest == file_of(raw).digest
    assert file_of(raw + b"\n").digest != file_of(raw).digest


@pytest.mark.parametrize("total", ["total,2", "TOTAL,2,,", " total , 2 ", "total,2\n\n,,,"])
def test_a_total_that_is_right_is_taken_at_its_word(total: str) -> None:
    assert read(HEAD + ROW + ROW.replace("T11", "T10") + total + "\n").count == 2


@pytest.mark.parametrize(
    "total", ["total,1", "total,3", "total,", "total,x", "total,-2", "total,2,3"]
)
def test_a_file_that_has_other_than_its_total_was_cut_short_or_edited(total: str) -> None:
    found = code(HEAD + ROW + ROW.replace("T11", "T10") + total + "\n")
    assert found == ("file_bad_rows" if total == "total,2,3" else "file_truncated")


def test_no_row_follows_the_total() -> None:
    file = file_of(HEAD + ROW + "total,1\n" + ROW)
    assert len(list(file.rows())) == 1
    assert [(p.line, p.code) for p in file.problems.told] == [(4, "row_after_total")]


def test_a_file_without_its_total_is_a_file() -> None:
    assert read(HEAD + ROW).count == 1


def test_what_is_wrong_is_told_in_the_order_of_its_lines() -> None:
    file = file_of(HEAD + ROW)
    assert len(list(file.rows())) == 1
    file.problems.add(9, "", "row_width")
    file.problems.add(3, "port", "port_unknown")
    with pytest.raises(Refused) as caught:
        file.require_whole()
    assert caught.value.facts["line"] == 3


def test_a_file_that_changes_while_it_is_read_is_refused() -> None:
    stream = BytesIO((HEAD + ROW).encode())
    file = ExitFile(stream, "exits.csv", make.NOON)
    assert len(list(file.rows())) == 1
    stream.seek(0)
    stream.write((HEAD + ROW.replace("WUH", "YIH")).encode())
    with pytest.raises(Refused, match="file_changed"):
        file.require_whole()


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("days,2025-07-05,2025-07-08\n", "exits.csv"),
        ("\nDays, 2025-07-05 ,2025-07-08,,\r\n", "exits.csv"),
        ("\ufeffdays,2025-07-05,2025-07-08\n", "exits.csv"),
        ("", "exits_2025-07-05_2025-07-08.csv"),
        ("", "2025-07-05--2025-07-08"),
        ("", "out 2025-07-05_to_2025-07-08 (2).csv"),
        ("days,2025-07-05,2025-07-08\n", "exits_2024-01-01_2024-01-02.csv"),
    ],
)
def test_the_days_that_a_file_covers_stand_in_its_first_line_or_its_name(
    head: str, name: str
) -> None:
    file = read(head + HEAD + ROW + ROW.replace("08T", "06T"), name)
    assert file.days is not None
    assert (file.days.first, file.days.last) == (date(2025, 7, 5), date(2025, 7, 8))
    assert file.missing_days == (date(2025, 7, 5), date(2025, 7, 7))


def test_today_is_not_missing_while_it_lasts() -> None:
    assert read(HEAD + ROW.replace("08T", "07T"), "2025-07-07_2025-07-08").missing_days == ()
    assert read(HEAD + ROW).missing_days == (), "it does not say which days it covers"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("days,2025-07-08", "file_days_unreadable"),
        ("days,2025-07-08,2025-07-07", "file_days_unreadable"),
        ("days,2025-02-30,2025-07-08", "file_days_unreadable"),
        ("days,x,2025-07-08", "file_days_unreadable"),
        ("days,2024-07-01,2025-07-08", "file_days_unreadable"),
        ("days,2025-07-08,2025-07-08,x", "file_days_unreadable"),
        ("days,2025-07-08,2025-07-09", "date_in_future"),
        ("days,2025-07-01,2025-07-07", "file_bad_rows"),
    ],
)
def test_days_that_cannot_be_are_refused(days: str, expected: str) -> None:
    assert code(f"{days}\n{HEAD}{ROW}") == expected


def test_a_name_with_days_that_cannot_be_is_refused() -> None:
    assert code(HEAD + ROW, "2025-07-08_2025-07-01.csv") == "file_days_unreadable"
    assert code(HEAD + ROW, "2025-07-08_2025-07-10.csv") == "date_in_future"
    assert read(HEAD + ROW, "9992025-07-08_2025-07-01.csv").days is None


def test_a_day_in_shanghai_is_meant() -> None:
    early = ROW.replace("2025-07-08T11:00:00+08:00", "2025-07-07T16:00:00Z")
    assert read("days,2025-07-08,2025-07-08\n" + HEAD + early).missing_days == ()


def test_a_line_that_never_ends_takes_no_memory_and_is_one_bad_row() -> None:
    endless = b"x" * (3 * LINE_BYTES_MAX + 1)
    file = file_of((HEAD + ROW).encode() + endless + b"\n" + ROW.encode())
    assert [at for at, _ in file.rows()] == [2, 4]
    assert [(p.line, p.code) for p in file.problems.told] == [(3, "row_unreadable")]


def test_a_file_larger_than_any_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused, match="file_too_large"):
        file_of(b"x" * (exit_file.FILE_BYTES_MAX + 1))


def test_the_sample_is_a_file() -> None:
    later = make.NOON.replace(month=8)
    file = ExitFile(BytesIO(sample_file()), "sample.csv", later)
    assert len(list(file.rows())) == 3
    file.require_whole()
