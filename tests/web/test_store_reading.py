"""What is typed becomes a draft, and what the rules say of the draft is put where it was typed."""

from __future__ import annotations

from datetime import date

import pytest

from refund.core.errors import Refused
from refund.core.goods import Goods, load_goods
from refund.core.invoice import Invoice
from refund.places import data_folder
from refund.web.store_forms import Typed, new_page, read_typed, with_one_more, without
from refund.web.store_reading import Reading, read_draft, read_goods
from tests.web.counter import BY_FIELDS, PURCHASE

TODAY = date(2025, 7, 8)
MASTER: dict[str, Goods] = {
    kind.goods_code: kind
    for kind in load_goods((data_folder() / "goods.csv").read_text(encoding="utf-8"))
}


def typed(**changes: str) -> Typed:
    """The purchase as typed, with changes; `lines_0_goods` is `lines-0-goods`."""
    fields = dict(PURCHASE)
    for name, text in changes.items():
        group = name.startswith(("lines_", "invoices_"))
        fields[name.replace("_", "-", 2) if group else name] = text
    return read_typed(fields)


def read(**changes: str) -> Reading:
    """The purchase read, with changes."""
    return read_draft(typed(**changes), MASTER, TODAY)


def problems(reading: Reading) -> list[tuple[str, str]]:
    """Codes and fields of what could not be read."""
    return [(problem.code, problem.field) for problem in reading.draft.problems]


def invoice(number: int, **changes: str) -> dict[str, str]:
    """A further invoice."""
    fields = {"number": f"2542200000001234567{number}", "day": "2025-07-08", "kind": "ordinary"}
    return {f"invoices_{number}_{name}": text for name, text in {**fields, **changes}.items()}


def line(number: int, goods: str, owner: int) -> dict[str, str]:
    """A further line on an invoice."""
    fields = {"goods": goods, "quantity": "1", "unit_price": "300.00", "invoice": str(owner)}
    return {f"lines_{number}_{name}": text for name, text in fields.items()}


def codes(invoices: tuple[Invoice, ...]) -> list[list[str]]:
    """The goods of each invoice, by code."""
    return [[line.goods.goods_code for line in one.lines] for one in invoices]


def test_a_new_page_is_read_as_nothing_at_all() -> None:
    reading = read_draft(new_page("k" * 32, TODAY), MASTER, TODAY)
    assert reading.draft.traveller is None
    assert reading.draft.invoices[0].lines == ()
    assert problems(reading) == [("field_missing", "invoices-0-number")]


def test_lines_stand_on_the_invoice_that_was_chosen() -> None:
    changes = {**invoice(1), **line(1, "BAG02", 1), **line(2, "BAG03", 0)}
    assert codes(read(**changes).draft.invoices) == [["BAG01", "BAG03"], ["BAG02"]]


def test_a_refusal_comes_back_to_the_line_that_was_typed() -> None:
    """The rules count through the invoices: BAG01, JEW13 (typed third), BAG02 (typed second)."""
    reading = read(**{**invoice(1), **line(1, "BAG02", 1), **line(2, "JEW13", 0)})
    assert codes(reading.draft.invoices) == [["BAG01", "JEW13"], ["BAG02"]]
    told = reading.put_right([Refused("goods_out_of_scope", "lines-1-goods")])
    assert [refused.field for refused in told] == ["lines-2-goods"]


def test_a_line_that_was_not_understood_does_not_move_the_others() -> None:
    reading = read(**{**line(1, "no such goods", 0), **line(2, "JEW13", 0)})
    assert codes(reading.draft.invoices) == [["BAG01", "JEW13"]]
    told = reading.put_right(
        [*reading.draft.problems, Refused("goods_out_of_scope", "lines-1-goods")]
    )
    assert [refused.field for refused in told] == ["lines-1-goods", "lines-2-goods"]


def test_a_blank_line_and_a_blank_invoice_are_not_missed() -> None:
    blank = {"invoices_1_number": "", "lines_1_unit_price": "", "lines_1_goods": ""}
    reading = read(**{**invoice(1), **line(1, "", 0), **blank, **invoice(2)})
    assert problems(reading) == [("no_lines", "invoices-2-number")]
    told = reading.put_right([Refused("invoice_not_ordinary", "invoices-1-kind")])
    assert told[0].field == "invoices-2-kind"


def test_no_sum_is_called_too_small_while_a_line_is_not_understood() -> None:
    reading = read(lines_0_unit_price="1,00")
    told = reading.put_right([*reading.draft.problems, Refused("below_threshold")])
    assert [refused.code for refused in told] == ["amount_unreadable"]


def test_refusals_of_the_document_stand_at_the_zone_unless_it_was_typed() -> None:
    expired = Refused("document_expired", "document_expiry")
    assert read().put_right([expired])[0].field == "mrz"
    assert read(**BY_FIELDS).put_right([expired])[0].field == "document_expiry"


def test_refusals_are_told_from_top_to_bottom() -> None:
    fields = ["channel", "lines-0-goods", "", "invoices-0-day", "last_entry", "mrz"]
    told = read().put_right([Refused("field_unreadable", field) for field in fields])
    assert [r.field for r in told] == [
        "mrz", "last_entry", "invoices-0-day", "lines-0-goods", "channel", "",
    ]  # fmt: skip


def test_a_line_on_an_invoice_that_is_not_there_is_refused() -> None:
    reading = read(**{**invoice(1), **line(1, "BAG02", 1), "lines_0_invoice": "7"})
    assert problems(reading) == [("field_unreadable", "lines-0-invoice")]


def test_with_one_invoice_every_line_stands_on_it() -> None:
    assert codes(read(lines_0_invoice="7").draft.invoices) == [["BAG01"]]


def test_what_is_not_ours_is_not_kept() -> None:
    found = typed(store_number="2", lines_0_net="1")
    assert "store_number" not in found.fields
    assert "lines-0-net" not in found.fields


def test_numbers_are_closed_up() -> None:
    found = read_typed({"lines-3-goods": "a", "lines-9-goods": "b", "invoices-5-number": "c"})
    assert (found["lines-0-goods"], found["lines-1-goods"]) == ("a", "b")
    assert (found["invoices-0-number"], found.lines, found.invoices) == ("c", 2, 1)


def test_the_last_line_and_the_last_invoice_stay() -> None:
    assert without(typed(), "lines", 0) == typed()
    assert without(typed(), "invoices", 0) == typed()


def test_lines_follow_their_invoice_when_another_goes() -> None:
    found = typed(**{**invoice(1), **invoice(2), **line(1, "BAG02", 1), **line(2, "BAG03", 2)})
    left = without(found, "invoices", 1)
    assert [left[f"lines-{n}-invoice"] for n in range(3)] == ["0", "0", "1"]


def test_another_line_has_one_unit_on_the_first_invoice() -> None:
    found = with_one_more(typed(), "lines", TODAY)
    assert (found["lines-1-quantity"], found["lines-1-invoice"], found.lines) == ("1", "0", 2)


@pytest.mark.parametrize("text", ["BAG", "BAG01 other", "bag", "皮革", "BAG01BAG02"])
def test_half_a_name_is_no_goods(text: str) -> None:
    with pytest.raises(Refused, match="goods_unknown"):
        read_goods(text, MASTER, "lines-0-goods")
