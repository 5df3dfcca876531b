"""What the back office reads is found by an index, and added up as it happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from refund.core.form import Form, Status
from refund.core.matching import BEGINNING, Place, place_of
from refund.core.trail import Submission
from refund.gateways.sealing import Sealer
from refund.services.reconcile import OPEN
from refund.storage.database import Queries
from refund.storage.engine import Engine, Row, Session, Value, open_engine
from refund.storage.protocol import EngineName
from refund.storage.schema import STEPS
from refund.transaction import Transaction
from tests import make

SEALER = Sealer(bytes(32), bytes([1] * 32))
START = datetime(2025, 7, 8, tzinfo=UTC)
END = START + timedelta(days=30)
FIRST, LAST = date(2025, 7, 8), date(2025, 8, 6)
LEFT = (Status.VERIFIED, Status.VERIFIED_PARTLY)
AFTER = Place(FIRST, "0000000000000001")

READS: dict[str, Callable[[Transaction], object]] = {
    "cases_by_owner": lambda tx: tx.cases_by_owner(),
    "promises_of_days": lambda tx: tx.promises_of_days(LEFT, FIRST, LAST),
    "forms_left_count": lambda tx: tx.forms_left_count(LEFT, 500),
    "forms_waiting": lambda tx: tx.forms_waiting(LEFT, 500),
    "counts_of": lambda tx: tx.counts_of(START, END),
    "forms_by_last4": lambda tx: tx.forms_by_last4("1111", 50),
    "forms_by_amount": lambda tx: tx.forms_by_amount(13446, 50),
    "forms_by_invoice": lambda tx: tx.forms_by_invoice("25422000000000000001", 50),
    "day_figures": lambda tx: tx.day_figures(FIRST, LAST),
    "day_times": lambda tx: tx.day_times(FIRST, LAST),
    "refusals_between": lambda tx: tx.refusals_between(START, END),
    "forms_numbered": lambda tx: tx.forms_numbered("250708", "250806999999999", 1000),
    "entries_after": lambda tx: tx.entries_after((START, ""), END, 1000),
    "cases_after": lambda tx: tx.cases_after((START, ""), END, 1000),
    "first_claim_day": lambda tx: tx.first_claim_day(),
    "figures": lambda tx: tx.figures(),
    "form_by_number": lambda tx: tx.form_by_number("250708000100015"),
    "forms_of_traveller": lambda tx: tx.forms_of_traveller("0" * 64),
    "holds_ending": lambda tx: tx.holds_ending(END, 50),
    "forms_in": lambda tx: tx.forms_in(OPEN, 51, AFTER),
    "forms_left": lambda tx: tx.forms_left(OPEN, 51, AFTER),
    "count_forms_in": lambda tx: tx.count_forms_in(OPEN),
    "decisions_between": lambda tx: tx.decisions_between(START, END, (END, ""), 51),
    "entries_between": lambda tx: tx.entries_between(START, END, 1000),
}
"""Every statement of the queues, the search, the exit board, the figures and the files."""

IN_ORDER = (
    *("forms_in", "forms_left", "decisions_between"),
    *("forms_numbered", "entries_after", "entries_between", "cases_after"),
)
"""Those of which a page is a part of a long list: it is read as far as it is shown."""


@dataclass
class Told:
    """A session that asks the engine how it would go about each statement, and then runs it."""

    session: Session
    plans: list[str] = field(default_factory=list)

    @property
    def engine(self) -> EngineName:
        """The engine's own name."""
        return self.session.engine

    def _explain(self, sql: str, values: dict[str, Value]) -> None:
        if self.engine == "sqlite":
            rows = self.session.rows(f"EXPLAIN QUERY PLAN {sql}", **values)
            self.plans += [str(row["detail"]) for row in rows]
        else:
            rows = self.session.rows(f"EXPLAIN {sql}", **values)
            self.plans += [str(row["QUERY PLAN"]) for row in rows]

    def run(self, sql: str, /, **values: Value) -> int:
        """Run a statement."""
        return self.session.run(sql, **values)

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """The only row."""
        self._explain(sql, values)
        return self.session.row(sql, **values)

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """All rows."""
        self._explain(sql, values)
        return self.session.rows(sql, **values)


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    """Open migrated tables, once on each engine."""
    opened = open_engine(engine_url)
    try:
        opened.migrate(STEPS, 1)
        yield opened
    finally:
        opened.close()


LARGE = ("form", "invoice", "guarantee", "advance", "entry", "posting", "operation", "visit",
         "verification", "audit_event")  # fmt: skip
"""Tables that have a row for each form, or more."""

PARTIAL = "guarantee_ends_sum|operation_pending|operation_one_pending"
"""Indexes of what stands or waits now alone: they may be read whole."""

_NAMES = "|".join(LARGE)
SCANS = re.compile(
    rf"^(?:SCAN ({_NAMES})\b(?! USING (?:COVERING )?INDEX (?:{PARTIAL}))"
    rf"|.*Seq Scan on ({_NAMES}) )"
)


@pytest.mark.parametrize("name", READS)
def test_no_page_of_the_office_reads_all_forms(engine: Engine, name: str) -> None:
    def plan(session: Session) -> list[str]:
        if session.engine == "postgresql":
            # On empty tables a scan is cheapest: what counts is whether an index can be used.
            session.run("SET LOCAL enable_seqscan = off")
        told = Told(session)
        READS[name](Queries(told, SEALER))
        return told.plans

    plans = engine.read(plan)
    assert plans
    assert not [line for line in plans if SCANS.match(line.strip())], "\n".join(plans)


SORTS = re.compile(r"^(?:USE TEMP B-TREE|(?:-> +)?(?:Incremental )?Sort +\()")
A_PAGE = re.compile(r"^SCAN of_s\d+$")
"""SQLite reads a part that ends with a page, and sorts the few rows of it again."""


def sorts(plans: list[str]) -> list[str]:
    """The steps of a plan that sort more than a page."""
    lines = [line.strip() for line in plans]
    pairs = zip(["", *lines], lines, strict=False)
    return [line for before, line in pairs if SORTS.match(line) and not A_PAGE.match(before)]


@pytest.mark.parametrize("name", IN_ORDER)
def test_a_page_of_a_long_list_sorts_nothing(engine: Engine, name: str) -> None:
    def plan(session: Session) -> list[str]:
        if session.engine == "postgresql":
            for other_way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                session.run(f"SET LOCAL enable_{other_way} = off")
        told = Told(session)
        READS[name](Queries(told, SEALER))
        return told.plans

    plans = engine.read(plan)
    assert plans
    assert not sorts(plans), "\n".join(plans)


def test_the_pattern_of_sorts_knows_one(engine: Engine) -> None:
    def plan(session: Session) -> list[str]:
        told = Told(session)
        told.rows("SELECT form_id FROM form ORDER BY tries_left LIMIT 1")
        return told.plans

    assert sorts(engine.read(plan))


def test_forms_of_several_states_come_in_one_order_page_by_page(engine: Engine) -> None:
    forms = [
        make.form(
            status,
            form_id=f"{n * 7 % 24:016}",
            form_number=f"2507080001{n:05}",
            depart_by=FIRST + timedelta(days=n % 5),
            code=f"CODE{n}",
        )
        for n, status in enumerate([*OPEN, Status.ISSUED] * 2)
    ]

    def fill(session: Session) -> None:
        tx = Queries(session, SEALER)
        tx.put_store(make.store())
        tx.put_staff(make.staff(make.clerk()))
        for form in forms:
            tx.add_form(form, make.traveller(), Submission(form.form_number, ""))

    def pages(session: Session) -> list[Form]:
        tx, found, after = Queries(session, SEALER), [], BEGINNING
        # A state that is named twice is meant once.
        while page := tx.forms_in((*OPEN, *OPEN), 4, after):
            assert len(page) <= 4
            found += page
            after = place_of(page[-1])
        return found

    engine.write(fill)
    waiting = [form for form in forms if form.status in OPEN]
    wanted = sorted(waiting, key=lambda form: (form.depart_by, form.form_id))
    assert [form.form_id for form in engine.read(pages)] == [form.form_id for form in wanted]


def test_the_pattern_of_scans_knows_one(engine: Engine) -> None:
    def plan(session: Session) -> list[str]:
        told = Told(session)
        told.rows("SELECT COUNT(*) AS n FROM form WHERE tries_left = 3")
        return told.plans

    assert [line for line in engine.read(plan) if SCANS.match(line.strip())]
