"""Figures of a period, and the files beside them: what the books say, added up as it happens."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from refund.core.errors import Refused
from refund.core.ledger import freed_entry
from refund.core.office import percentile
from refund.services import dashboards, exports
from refund.services.claim import claim_advance
from refund.services.dashboards import Sum
from refund.services.exports import Asked, What
from refund.transaction import Transaction
from refund.web.export_files import csv_of, name_of, xlsx_into
from tests import make
from tests.services import steps
from tests.world import World, open_world

FIRST, LAST = date(2025, 7, 8), date(2025, 7, 31)


def test_a_percentile_is_the_least_time_that_is_enough() -> None:
    assert percentile([], 50) is None
    assert percentile([(7, 1)], 95) == 7
    assert percentile([(30, 1), (10, 1), (20, 2)], 50) == 20
    assert percentile([(10, 94), (40, 6)], 95) == 40
    assert percentile([(10, 95), (40, 5)], 95) == 10


def three_forms(world: World) -> None:
    """Two advances, of 20 and of 50 seconds from the first scan, and a card that is declined."""
    for number, seconds in ((1, 20), (2, 50)):
        draft = make.draft(
            f"2542200000000000000{number}", traveller=make.traveller(f"H0000000{number}")
        )
        form = steps.agreed(world, steps.unlocked(world, steps.issued(world, draft, f"k{number}")))
        world.clock.pass_by(seconds=seconds)
        entry = steps.card(world, form)
        claim_advance(world.ports, steps.PHONE, form.form_id, entry)
    draft = make.draft("25422000000000000003", traveller=make.traveller("H00000003"))
    steps.claimed(world, steps.issued(world, draft, "k3"), make.DECLINED)


def test_days_and_stores_say_what_was_issued_advanced_and_refused(world: World) -> None:
    three_forms(world)
    found = dashboards.figures(world.ports, FIRST, LAST)
    total = found.total
    assert total.issued == Sum(3, 3 * 134_46)
    assert total.advanced == Sum(2, 2 * 134_46)
    assert (total.fast.count, total.fast.half, total.fast.most) == (2, 20, 50)
    assert found.days[FIRST] == total
    assert found.days[LAST].issued == Sum()
    assert list(found.stores) == [1]
    assert found.stores[1] == total
    assert found.exposed == Sum(2, 2 * 134_46)
    assert [(one.by, one.reason, one.count) for one in found.refusals] == [
        ("network:hold", "declined", 1)
    ]
    later = dashboards.figures(world.ports, LAST, LAST)
    assert (later.total.issued, later.refusals) == (Sum(), ())
    assert later.exposed == found.exposed


def test_the_sums_are_those_of_the_books(world: World) -> None:
    three_forms(world)
    found = dashboards.figures(world.ports, FIRST, LAST)
    balances = world.ports.storage.read(lambda tx: tx.balances())
    assert found.total.advanced.amount_fen == balances["advance"]
    assert found.exposed.amount_fen == balances["guarantee_held"]


def test_a_period_has_an_end_after_its_beginning_and_is_not_endless(small_world: World) -> None:
    with pytest.raises(Refused, match="dates_reversed"):
        dashboards.figures(small_world.ports, LAST, FIRST)
    with pytest.raises(Refused, match="period_too_long"):
        dashboards.figures(small_world.ports, FIRST, FIRST + timedelta(days=400))


def lines(world: World, what: What) -> list[list[str]]:
    """A file as CSV, read again; the mark and the heads are looked at here."""
    asked = Asked(what, FIRST, LAST)
    content = b"".join(csv_of(asked, exports.rows_of(world.ports, asked)))
    assert content.startswith("\ufeff".encode())
    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert found[0] == [name for name, _ in exports.COLUMNS[what]]
    assert found[-1][0] == "total"
    return found[1:]


def test_every_file_ends_with_the_sums_of_the_screen(world: World) -> None:
    three_forms(world)
    forms = lines(world, What.FORMS)
    assert len(forms) == 4
    assert forms[-1][-1] == "403.38"
    assert [row[3] for row in forms[:-1]] == ["advanced", "advanced", "agreed"]
    ledger = lines(world, What.LEDGER)
    assert ledger[-1][6] == ledger[-1][7] == "537.84"
    days = lines(world, What.DAYS)
    assert days[0][:3] == ["2025-07-08", "3", "403.38"]
    assert days[0][5:] == ["2", "20", "50"]
    assert lines(world, What.STORES)[0][6] == "268.92"
    assert lines(world, What.CASES)[-1][5] == "0.00"


def test_a_file_of_several_pieces_has_each_row_once_and_in_order(
    tmp_path: Path, engine_url: str
) -> None:
    keys = [f"entry-{n:04}" for n in range(exports.FIRST_BATCH + exports.BATCH + 1)]
    # No audit follows: so many entries of one form are nobody's work.
    with open_world(tmp_path, engine_url) as world:
        form, at = steps.issued(world), world.clock.at

        def post(tx: Transaction) -> None:
            for key in reversed(keys):
                tx.post(freed_entry(key, form.form_id, 1), form.store_number, "operator", at)

        world.ports.storage.write(post)
        rows = lines(world, What.LEDGER)[:-1]
    assert len({row[0] for row in rows}) == 1, "all of one moment"
    assert [row[1] for row in rows] == [key for key in keys for _ in range(2)]


def test_a_long_file_tells_how_far_it_is(small_world: World) -> None:
    three_forms(small_world)
    told: list[tuple[int, int]] = []
    asked = Asked(What.FORMS, FIRST, LAST)
    rows = exports.rows_of(small_world.ports, asked, lambda done, of: told.append((done, of)))
    assert len(list(rows)) == 3
    assert told == [(3, 3)]


def test_a_spreadsheet_has_numbers_and_no_formulas(small_world: World) -> None:
    three_forms(small_world)
    asked = Asked(What.FORMS, FIRST, LAST)
    file = io.BytesIO()
    xlsx_into(file, asked, exports.rows_of(small_world.ports, asked))
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<v>403.38</v>" in sheet
    assert name_of(asked, "xlsx") == "SIMULATION-forms-2025-07-08-2025-07-31.xlsx"
