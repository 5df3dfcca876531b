"""The register of refund stores: who may issue, and what an import refuses."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.store import (
    COLUMNS,
    Store,
    StoreStatus,
    is_instant_at,
    may_issue,
    obstacles,
    read_stores,
    read_taxpayer_number,
    uscc_check_character,
)
from refund.core.tables import write_table
from refund.places import data_folder

CONTENT = (data_folder() / "stores.csv").read_bytes()
REGISTER = read_stores(CONTENT)
DIOR = REGISTER[0]


def noon(day: int) -> datetime:
    """Noon of a day of July 2025 in Shanghai."""
    return datetime(2025, 7, day, 12, tzinfo=SHANGHAI)


NOON = noon(8)

SOUND = {
    "store_number": "21",
    "name_zh": "示例",
    "name_en": "Example",
    "taxpayer_number": "SIM000000000000021",
    "address_zh": "武汉",
    "address_en": "Wuhan",
    "phone": "+86 27 0000 0021",
    "tax_credit_grade": "A",
    "general_taxpayer": "yes",
    "goods_ledger_kept": "yes",
    "sign_displayed": "yes",
    "status": "active",
    "filed_on": "2025-07-01",
    "instant_from": "2025-07-01",
    "instant_to": "",
    "illustrative": "yes",
    "source": "a test",
    "note": "",
}


def _file(*rows: dict[str, str]) -> bytes:
    names = [column.name for column in COLUMNS]
    lines = [",".join(names), *(",".join(row[name] for name in names) for row in rows)]
    return "\n".join(lines).encode()


def _problems(*rows: dict[str, str]) -> list[tuple[object, object, object]]:
    with pytest.raises(Refused) as caught:
        read_stores(_file(*rows))
    problems = caught.value.facts["problems"]
    assert isinstance(problems, list)
    return [(problem["line"], problem["column"], problem["code"]) for problem in problems]


def test_the_register_holds_fourteen_stores_three_reported_and_eleven_illustrative() -> None:
    assert [store.store_number for store in REGISTER] == list(range(1, 15))
    reported = [store.name_en.split(",")[0] for store in REGISTER if not store.illustrative]
    assert reported == ["Dior", "Hermès", "Burberry"]


def test_every_store_says_where_it_comes_from_and_what_of_it_is_simulated() -> None:
    for store in REGISTER:
        assert store.source
        assert "simulated" in store.note
        assert store.taxpayer_number.startswith("SIM")
        assert ("project decision" in store.source) is store.illustrative


def test_every_store_of_the_register_may_issue_from_the_day_hubei_began() -> None:
    assert all(may_issue(store, noon(1)) for store in REGISTER)
    assert not any(may_issue(store, noon(1) - timedelta(days=1)) for store in REGISTER)


def test_one_store_of_the_register_is_without_the_instant_refund() -> None:
    assert [store.store_number for store in REGISTER if not is_instant_at(store, NOON)] == [14]


def test_every_condition_of_a_store_is_asked() -> None:
    for change, word in (
        ({"status": StoreStatus.SUSPENDED}, "suspended"),
        ({"status": StoreStatus.TERMINATED}, "terminated"),
        ({"filed_on": None}, "not_filed"),
        ({"filed_on": date(2025, 7, 9)}, "not_filed"),
        ({"tax_credit_grade": "C"}, "tax_credit_grade"),
        ({"general_taxpayer": False}, "general_taxpayer"),
        ({"goods_ledger_kept": False}, "goods_ledger_kept"),
        ({"sign_displayed": False}, "sign_displayed"),
    ):
        store = replace(DIOR, **change)
        assert obstacles(store, NOON) == (word,)
        assert not may_issue(store, NOON)
        assert not is_instant_at(store, NOON)


def test_a_store_in_order_passes() -> None:
    assert obstacles(DIOR, NOON) == ()


def test_the_first_and_the_last_day_of_the_agreement_count() -> None:
    store = replace(DIOR, instant_from=date(2025, 7, 8), instant_to=date(2025, 7, 10))
    answers = [is_instant_at(store, noon(day)) for day in range(7, 12)]
    assert answers == [False, True, True, True, False]


def test_a_register_is_read_back_as_it_was_written() -> None:
    names = [column.name for column in COLUMNS]
    assert read_stores(write_table(names, [_cells(store) for store in REGISTER])) == REGISTER


def _cells(store: Store) -> list[str]:
    def written(value: object) -> str:
        match value:
            case None:
                return ""
            case bool():
                return "yes" if value else "no"
            case StoreStatus():
                return value.value
            case _:
                return str(value)

    return [written(getattr(store, column.name)) for column in COLUMNS]


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_a_taxpayer_number_needs_its_check_character(body: str) -> None:
    check = uscc_check_character(body)
    assert read_taxpayer_number(body + check) == body + check
    other = "0" if check != "0" else "1"
    with pytest.raises(Refused) as caught:
        read_taxpayer_number(body + other)
    assert caught.value.facts["wrong"] == "check_character"


def test_the_check_character_agrees_with_a_published_code() -> None:
    # The example that is printed with the standard's explanation.
    assert uscc_check_character("91350100M000100Y4") == "3"


@pytest.mark.parametrize("text", ["", "SIM1", "91350100M000100Y4", "9135 100M000100Y43", "Ｓ" * 18])
def test_a_taxpayer_number_of_other_characters_is_unreadable(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_taxpayer_number(text)
    assert caught.value.facts["wrong"] == "character"


def test_a_simulated_taxpayer_number_can_not_be_a_real_one() -> None:
    assert not set("SI") & set("0123456789ABCDEFGHJKLMNPQRTUWXY")
    assert read_taxpayer_number("sim000000000000001") == "SIM000000000000001"


def test_bad_cells_are_told_all_at_once_by_line_and_column() -> None:
    bad = {
        "store_number": "0",
        "taxpayer_number": "911",
        "phone": "ring",
        "name_en": "=HYPERLINK()",
        "tax_credit_grade": "E",
        "general_taxpayer": "maybe",
        "status": "open",
        "filed_on": "2025-02-30",
        "instant_from": "1.7.2025",
    }
    codes = [
        ("name_en", "file_formula"),
        ("store_number", "field_unreadable"),
        ("taxpayer_number", "taxpayer_number_unreadable"),
        ("phone", "field_unreadable"),
        ("tax_credit_grade", "choice_unknown"),
        ("general_taxpayer", "choice_unknown"),
        ("status", "choice_unknown"),
        ("filed_on", "date_impossible"),
        ("instant_from", "date_unreadable"),
    ]
    assert _problems(SOUND, SOUND | bad) == [(3, column, code) for column, code in codes]


def test_a_store_number_stands_in_a_file_once() -> None:
    assert _problems(SOUND, SOUND, SOUND | {"store_number": "0021"}) == [
        (3, "store_number", "row_doubled"),
        (4, "store_number", "row_doubled"),
    ]


def test_an_agreement_ends_after_it_begins() -> None:
    column = (2, "instant_to", "dates_reversed")
    assert _problems(SOUND | {"instant_to": "2025-06-30"}) == [column]
    assert _problems(SOUND | {"instant_from": "", "instant_to": "2025-08-01"}) == [column]


def test_a_store_that_exists_says_when_its_taxpayer_number_is_simulated() -> None:
    assert _problems(SOUND | {"illustrative": "no"}) == [(2, "note", "field_missing")]
    assert read_stores(_file(SOUND | {"illustrative": "no", "note": "number simulated"}))


def test_a_telephone_number_may_begin_with_a_plus_and_a_name_may_not() -> None:
    assert read_stores(_file(SOUND))[0].phone == "+86 27 0000 0021"
    assert _problems(SOUND | {"name_en": "+Example"}) == [(2, "name_en", "file_formula")]


def test_the_days_of_the_instant_refund_and_the_note_may_be_absent() -> None:
    rows = CONTENT.decode().splitlines()[:1]
    names = [
        name for name in rows[0].split(",") if name not in {"instant_from", "instant_to", "note"}
    ]
    content = ",".join(names) + "\n" + ",".join(SOUND[name] for name in names)
    store = read_stores(content)[0]
    assert (store.instant_from, store.instant_to, store.note) == (None, None, "")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    header = ",".join(column.name for column in COLUMNS).encode() + b"\n"
    for start in (b"", header, header + b"21,a,b,"):
        with pytest.raises(Refused):
            read_stores(start + content)
