"""Strict reading and guarded writing of CSV files."""

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.tables import (
    TOLD_MAX,
    Column,
    Problems,
    Row,
    guard_cell,
    read_table,
    scan_table,
    write_table,
)

COLUMNS = (
    Column("name", chars_max=20),
    Column("phone", signed=True),
    Column("note", required=False, filled=False),
)


def _read(content: bytes | str, limit_bytes: int = 10_000, limit_rows: int = 1000) -> list[Row]:
    raw = content.encode() if isinstance(content, str) else content
    return read_table(raw, COLUMNS, limit_bytes=limit_bytes, limit_rows=limit_rows)


def _refusal(content: bytes | str, limit_bytes: int = 10_000, limit_rows: int = 1000) -> Refused:
    with pytest.raises(Refused) as caught:
        _read(content, limit_bytes, limit_rows)
    return caught.value


def _problems(content: bytes | str) -> list[tuple[object, object, object]]:
    problems = _refusal(content).facts["problems"]
    assert isinstance(problems, list)
    return [(problem["line"], problem["column"], problem["code"]) for problem in problems]


def test_a_sound_file_is_read_with_its_line_numbers() -> None:
    rows = _read("name,phone,note\nAda,123,x\n\nBei, 456 ,\n")
    assert [(row.line, dict(row.cells)) for row in rows] == [
        (2, {"name": "Ada", "phone": "123", "note": "x"}),
        (4, {"name": "Bei", "phone": "456", "note": ""}),
    ]
    assert rows[1]["phone"] == "456"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_byte_order_mark_and_either_line_ending_are_accepted(ending: str) -> None:
    text = ending.join(["\ufeffname,phone", '"示例, 商店",1', ""])
    assert _read(text)[0]["name"] == "示例, 商店"


def test_the_order_and_the_case_of_the_columns_are_free() -> None:
    assert _read("Phone, NAME\n1,Ada\n")[0]["name"] == "Ada"


def test_an_optional_column_that_is_absent_reads_as_empty() -> None:
    assert not _read("name,phone\nAda,1\n")[0]["note"]


def test_a_file_in_gbk_is_named_so_with_its_line() -> None:
    refusal = _refusal("name,phone\nAda,1\n武汉恒隆,2\n".encode("gb18030"))
    assert refusal.code == "file_not_utf8"
    assert refusal.facts == {"line": 3, "looks_like": "GBK"}


def test_a_file_in_utf_16_is_named_so() -> None:
    refusal = _refusal("name,phone\nAda,1\n".encode("utf-16"))
    assert (refusal.code, refusal.facts["looks_like"]) == ("file_not_utf8", "UTF-16")


def test_missing_doubled_and_unknown_columns_are_told_together() -> None:
    refusal = _refusal("name,name,colour,note\n1,2,3,4\n")
    assert refusal.code == "file_bad_columns"
    assert refusal.facts == {"missing": ["phone"], "doubled": ["name"], "unknown": ["colour"]}


@pytest.mark.parametrize("content", ["", "\ufeff", "\n\n", "name,phone\n", "name,phone\n,\n"])
def test_a_file_without_rows_is_empty(content: str) -> None:
    assert _refusal(content).code == "file_empty"


def test_a_file_over_its_limits_is_refused_before_it_is_read() -> None:
    assert _refusal(b"\xff" * 101, limit_bytes=100).facts["limit_bytes"] == 100
    refusal = _refusal("name,phone\na,1\nb,2\nc,3\n", limit_rows=2)
    assert (refusal.code, refusal.facts) == ("file_too_large", {"limit_rows": 2})


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1+1",
        "-1",
        "@SUM(A1)",
        "＝1",
        "－1",
        "＋1",
        "＠a",
        "\tx",
        " =1",
        "\u3000=1",
        '"=1"',
    ],
)
def test_a_formula_in_a_cell_is_refused_where_it_stands(cell: str) -> None:
    refusal = _refusal(f"name,phone\nAda,1\n{cell},2\n")
    assert (refusal.code, refusal.facts["line"], refusal.facts["column"]) == (
        "file_formula",
        3,
        "name",
    )


def test_a_carriage_return_at_the_start_of_a_cell_is_a_formula() -> None:
    assert _problems('name,phone\n"\rAda",1\n') == [(2, "name", "file_formula")]


@pytest.mark.parametrize("cell", ["+86 27 0000 0001", "-12.50", "+1 (212) 555-0100", "027-1"])
def test_a_signed_column_takes_numbers_and_telephone_numbers(cell: str) -> None:
    assert _read(f"name,phone\nAda,{cell}\n")[0]["phone"] == cell


@pytest.mark.parametrize("cell", ["+86+A1", "-A1", "=1", "+", "--1", "+1*2", "-1(", "+１"])
def test_a_signed_column_takes_no_formula(cell: str) -> None:
    assert _problems(f"name,phone\nAda,{cell}\n") == [(2, "phone", "file_formula")]


def test_all_problems_are_told_at_once_each_with_line_and_column() -> None:
    content = (
        "name,phone\n"
        ",1\n"  # nothing in the name
        "Ada\n"  # too few cells
        "Ada,1,2\n"  # too many
        'A"da,"1\n'  # a quote that does not close
        f"{'x' * 21},1\n"  # too long
        "A\x07da,1\n"  # not printable
        "A\x00da,1\n"  # a NUL byte
        "=1,=2\n"
    )
    assert _problems(content) == [
        (2, "name", "field_missing"),
        (3, "", "row_width"),
        (4, "", "row_width"),
        (5, "", "row_unreadable"),
        (6, "name", "field_too_long"),
        (7, "name", "field_unreadable"),
        (8, "", "row_unreadable"),
        (9, "name", "file_formula"),
        (9, "phone", "file_formula"),
    ]


def test_a_line_break_inside_quotes_is_refused_and_later_lines_keep_their_numbers() -> None:
    assert _problems('name,phone\n"Ada\nBei",1\n=1,2\n') == [
        (2, "", "row_unreadable"),
        (4, "name", "file_formula"),
    ]


def test_at_most_fifty_problems_are_told_and_all_are_counted() -> None:
    refusal = _refusal("name,phone\n" + "=1,1\n" * 80)
    problems = refusal.facts["problems"]
    assert isinstance(problems, list)
    assert (len(problems), refusal.facts["total"]) == (TOLD_MAX, 80)


def test_a_formula_among_other_problems_makes_a_file_of_bad_rows() -> None:
    assert _refusal("name,phone\n=1,1\n,1\n").code == "file_bad_rows"


def test_a_code_that_is_not_registered_can_not_be_a_problem() -> None:
    with pytest.raises(ValueError, match="no_such_code"):
        Problems().add(1, "", "no_such_code")


def test_rows_come_while_problems_are_collected_so_that_other_cells_can_be_judged() -> None:
    problems = Problems()
    content = b"name,phone\nAda,1\n=1,x\nBei\n"
    names = []
    for row in scan_table(content, COLUMNS, problems, limit_bytes=1000, limit_rows=10):
        names.append(row["name"])
        if not row["phone"].isdigit():
            problems.add(row.line, "phone", "field_unreadable")
    assert names == ["Ada", "=1"]
    with pytest.raises(Refused) as caught:
        problems.refuse()
    assert caught.value.facts["total"] == 3


def test_one_cell_has_one_problem_and_the_first_stands() -> None:
    problems = Problems()
    for code in ("file_formula", "field_unreadable"):
        problems.add(2, "name", code)
    problems.add(3, "name", "field_missing")
    assert [problem.code for problem in problems.told] == ["file_formula", "field_missing"]
    assert problems.total == 2


def test_a_large_file_streams_through_a_small_memory() -> None:
    content = b"name,phone\n" + b"Ada,1\n" * 100_000
    problems = Problems()
    tracemalloc.start()
    count = sum(
        1 for _ in scan_table(content, COLUMNS, problems, limit_bytes=10**9, limit_rows=10**9)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000


def test_a_line_without_end_is_not_split_into_cells() -> None:
    endless = b"," * 1_000_000
    assert _refusal(endless, limit_bytes=10**7).code == "file_bad_columns"
    refusal = _refusal(b"name,phone\n" + endless, limit_bytes=10**7)
    assert (refusal.code, refusal.facts["total"]) == ("file_bad_rows", 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for start in (b"", b"name,phone\n"):
        try:
            _read(start + content)
        except Refused as refusal:
            assert refusal.code.startswith("file_")  # noqa: PT017 - both ends are right here


@pytest.mark.parametrize(
    "text", ["=1+1", "+86 27", "-1-1", "@x", "\tx", "\rx", "\nx", "＝1", " =1"]
)
def test_what_a_spreadsheet_would_run_is_written_as_text(text: str) -> None:
    assert guard_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ada", "-12.50", "+3", "12", "a=b", "示例"])
def test_words_and_plain_numbers_are_written_as_they_are(text: str) -> None:
    assert guard_cell(text) == text


def test_a_written_table_opens_as_utf_8_and_holds_what_was_given() -> None:
    content = write_table(["name", "phone"], [["示例, “商店”", "1"], ["=1", "-2"]])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows == [["name", "phone"], ["示例, “商店”", "1"], ["'=1", "-2"]]
