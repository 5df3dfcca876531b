"""What leaves the back office as a file: rows of a period, read a batch at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import chain, repeat

from refund.core.calendar import end_of_day
from refund.core.case import Case
from refund.core.form import Form
from refund.core.ledger import Entry, Side
from refund.ports import Ports
from refund.services.dashboards import figures, read_period
from refund.transaction import Transaction

BATCH = 1_000
"""Rows that are in memory at once."""

FIRST_BATCH = 100
"""Rows that are read first: so many that a file begins at once, however long it is."""

Cell = str | int | date | datetime
Progress = Callable[[int, int], None]
"""Told how many rows are done, and of how many; of none where that is not known beforehand."""


class Kind(Enum):
    """How a column's cells are written."""

    TEXT = "text"
    WHOLE = "whole"
    YUAN = "yuan"
    DAY = "day"
    MOMENT = "moment"
    FORM = "form"


class What(Enum):
    """What can be exported."""

    FORMS = "forms"
    LEDGER = "ledger"
    CASES = "cases"
    DAYS = "days"
    STORES = "stores"


COLUMNS: Mapping[What, Sequence[tuple[str, Kind]]] = {
    What.FORMS: (
        *(("form_number", Kind.FORM), ("store_number", Kind.WHOLE), ("issued_at", Kind.MOMENT)),
        *(("state", Kind.TEXT), ("way", Kind.TEXT), ("port", Kind.TEXT)),
        *(("depart_by", Kind.DAY), ("export_by", Kind.DAY), ("sales", Kind.YUAN)),
        *(("refund", Kind.YUAN), ("fee", Kind.YUAN), ("net", Kind.YUAN)),
    ),
    What.LEDGER: (
        *(("posted_at", Kind.MOMENT), ("entry", Kind.TEXT), ("kind", Kind.TEXT)),
        *(("form_id", Kind.TEXT), ("store_number", Kind.WHOLE), ("account", Kind.TEXT)),
        *(("debit", Kind.YUAN), ("credit", Kind.YUAN), ("actor", Kind.TEXT)),
        *(("reverses", Kind.TEXT), ("reason", Kind.TEXT)),
    ),
    What.CASES: (
        *(("case", Kind.TEXT), ("kind", Kind.TEXT), ("subject", Kind.TEXT)),
        *(("form_id", Kind.TEXT), ("store_number", Kind.WHOLE), ("amount", Kind.YUAN)),
        *(("found_at", Kind.MOMENT), ("opened_at", Kind.MOMENT), ("owner", Kind.TEXT)),
        *(("closed_at", Kind.MOMENT), ("closed_by", Kind.TEXT), ("fix", Kind.TEXT)),
        ("reason", Kind.TEXT),
    ),
    What.DAYS: (
        *(("day", Kind.DAY), ("issued", Kind.WHOLE), ("issued_net", Kind.YUAN)),
        *(("advanced", Kind.WHOLE), ("advanced_net", Kind.YUAN), ("timed", Kind.WHOLE)),
        *(("seconds_p50", Kind.WHOLE), ("seconds_p95", Kind.WHOLE)),
    ),
    What.STORES: (
        *(("store_number", Kind.WHOLE), ("store_zh", Kind.TEXT), ("store_en", Kind.TEXT)),
        *(("issued", Kind.WHOLE), ("issued_net", Kind.YUAN), ("advanced", Kind.WHOLE)),
        *(("advanced_net", Kind.YUAN), ("timed", Kind.WHOLE), ("seconds_p50", Kind.WHOLE)),
        ("seconds_p95", Kind.WHOLE),
    ),
}
"""The columns of each file; their names stand in its first line and are stable."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a file is asked to hold: rows of some days, the first and the last included."""

    what: What
    first: date
    last: date


def _nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def rows_of(ports: Ports, asked: Asked, progress: Progress = _nobody) -> Iterator[tuple[Cell, ...]]:
    """The rows of a file, in the order of its columns; sums in fen, empty cells as "".

    Raises:
        Refused: as `dashboards.read_period`.
    """
    read_period(asked.first, asked.last)
    return _ROWS[asked.what](ports, asked, progress)


def _forms(ports: Ports, asked: Asked, progress: Progress) -> Iterator[tuple[Cell, ...]]:
    after, last = f"{asked.first:%y%m%d}", f"{asked.last:%y%m%d}999999999"
    found = ports.storage.read(lambda tx: tx.day_figures(asked.first, asked.last))
    total, done = sum(one.count for one in found if one.name == "issued"), 0
    for size in _sizes():
        batch = ports.storage.read(_forms_after(after, last, size))
        for form in batch:
            amounts = form.amounts
            yield (
                *(form.form_number, form.store_number, form.issued_at, form.status.value),
                *(form.channel.value, form.port, form.depart_by, form.export_by),
                *(amounts.sales_fen, amounts.gross_fen, amounts.fee_fen, amounts.net_fen),
            )
        done += len(batch)
        progress(done, max(total, done))
        if len(batch) < size:
            return
        after = batch[-1].form_number


def _sizes() -> Iterator[int]:
    return chain((FIRST_BATCH,), repeat(BATCH))


def _forms_after(after: str, last: str, limit: int) -> Callable[[Transaction], list[Form]]:
    return lambda tx: tx.forms_numbered(after, last, limit)


Since = tuple[datetime, str]
Posted = tuple[Entry, datetime, str, int]


def _entries_after(
    after: Since, end: datetime, limit: int
) -> Callable[[Transaction], list[Posted]]:
    return lambda tx: tx.entries_after(after, end, limit)


def _cases_after(after: Since, end: datetime, limit: int) -> Callable[[Transaction], list[Case]]:
    return lambda tx: tx.cases_after(after, end, limit)


def _span(asked: Asked) -> tuple[datetime, datetime]:
    return end_of_day(asked.first - timedelta(days=1)), end_of_day(asked.last)


def _ledger(ports: Ports, asked: Asked, progress: Progress) -> Iterator[tuple[Cell, ...]]:
    start, end = _span(asked)
    after, done = (start, ""), 0
    for size in _sizes():
        batch = ports.storage.read(_entries_after(after, end, size))
        for entry, at, actor, store_number in batch:
            for posting in entry.postings:
                is_debit = posting.side is Side.DEBIT
                yield (
                    *(at, entry.event_key, entry.kind, entry.form_id, store_number),
                    posting.account.value,
                    posting.amount_fen if is_debit else "",
                    "" if is_debit else posting.amount_fen,
                    *(actor, entry.reverses, entry.reason),
                )
        done += len(batch)
        progress(done, 0)
        if len(batch) < size:
            return
        after = (batch[-1][1], batch[-1][0].event_key)


def _cases(ports: Ports, asked: Asked, progress: Progress) -> Iterator[tuple[Cell, ...]]:
    start, end = _span(asked)
    after, done = (start, ""), 0
    for size in _sizes():
        batch = ports.storage.read(_cases_after(after, end, size))
        for case in batch:
            yield (
                *(case.case_id, case.kind.value, case.subject, case.form_id, case.store_number),
                *(case.amount_fen, case.found_at, case.opened_at, case.owner),
                *("" if case.closed_at is None else case.closed_at, case.closed_by),
                *("" if case.fix is None else case.fix.value, case.reason),
            )
        done += len(batch)
        progress(done, 0)
        if len(batch) < size:
            return
        after = (batch[-1].opened_at, batch[-1].case_id)


def _known(seconds: int | None) -> Cell:
    return "" if seconds is None else seconds


def _days(ports: Ports, asked: Asked, progress: Progress) -> Iterator[tuple[Cell, ...]]:
    found = figures(ports, asked.first, asked.last)
    for done, (day, line) in enumerate(found.days.items(), 1):
        fast = line.fast
        yield (
            *(day, line.issued.count, line.issued.amount_fen),
            *(line.advanced.count, line.advanced.amount_fen, fast.count),
            *(_known(fast.half), _known(fast.most)),
        )
        progress(done, len(found.days))


def _stores(ports: Ports, asked: Asked, progress: Progress) -> Iterator[tuple[Cell, ...]]:
    found = figures(ports, asked.first, asked.last)
    for done, (number, line) in enumerate(found.stores.items(), 1):
        store, fast = found.names[number], line.fast
        yield (
            *(number, store.name_zh, store.name_en, line.issued.count, line.issued.amount_fen),
            *(line.advanced.count, line.advanced.amount_fen, fast.count),
            *(_known(fast.half), _known(fast.most)),
        )
        progress(done, len(found.stores))


_ROWS: Mapping[What, Callable[[Ports, Asked, Progress], Iterator[tuple[Cell, ...]]]] = {
    What.FORMS: _forms,
    What.LEDGER: _ledger,
    What.CASES: _cases,
    What.DAYS: _days,
    What.STORES: _stores,
}
