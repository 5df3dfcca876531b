"""Refund stores: the register, who may issue forms, and who may offer the instant refund."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from refund.core.calendar import day_of, parse_day
from refund.core.errors import Refused
from refund.core.ids import STORE_NUMBER_MAX
from refund.core.tables import Column, Problems, Row, scan_table

LIMIT_BYTES = 1_000_000
LIMIT_ROWS = STORE_NUMBER_MAX
GRADES_ACCEPTED = ("A", "B", "M")
"""The tax-credit grades that a refund store may have. Source: SAT 41/2015, SAT 11/2025."""

TAX_CREDIT_GRADES = (*GRADES_ACCEPTED, "C", "D")
"""All grades that the tax authority gives."""

_YES_NO = ("yes", "no")
_STORE_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,22}[0-9]", re.ASCII)
_SIMULATED = re.compile(r"SIM[0-9]{15}", re.ASCII)
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(f"[{_USCC_ALPHABET}]{{18}}")

COLUMNS = (
    Column("store_number", chars_max=4),
    Column("name_zh", chars_max=80),
    Column("name_en", chars_max=120),
    Column("taxpayer_number", chars_max=18),
    Column("address_zh", chars_max=200),
    Column("address_en", chars_max=200),
    Column("phone", chars_max=24, signed=True),
    Column("tax_credit_grade", chars_max=20),
    Column("general_taxpayer", chars_max=20),
    Column("goods_ledger_kept", chars_max=20),
    Column("sign_displayed", chars_max=20),
    Column("status", chars_max=20),
    Column("filed_on", filled=False, chars_max=20),
    Column("instant_from", required=False, filled=False, chars_max=20),
    Column("instant_to", required=False, filled=False, chars_max=20),
    Column("illustrative", chars_max=20),
    Column("source", chars_max=200),
    Column("note", required=False, filled=False, chars_max=300),
)
"""The columns of a register in CSV; the order in the file is free."""


class StoreStatus(Enum):
    """Where a store stands with the tax authority."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class Filing(Enum):
    """How far a store's application to join has come; none for what the register began with."""

    NONE = ""
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Standing:
    """A status and the moment from which it counts, that moment included; None: from the start."""

    status: StoreStatus
    since: datetime | None = None


START = Standing(StoreStatus.ACTIVE)
"""What counts before anything was decided."""


@dataclass(frozen=True, slots=True)
class Store:
    """A refund store of the register.

    Args:
        store_number: 1 to 9999, ours; it is part of every form number and code.
        taxpayer_number: the unified social credit code; `SIM` and 15 digits where it is simulated,
            which no real code can be, since those have neither S nor I.
        goods_ledger_kept: refund goods are kept in an account of their own.
        sign_displayed: the unified sign hangs in the store.
        filed_on: the day of the filing; None while it is not filed.
        instant_from: first day of the agreement on advances; None without one.
        instant_to: its last day, which counts; None while it is open.
        illustrative: the store does not exist; it stands for one that we could not name.
        source: where we know of the store from.
        note: which fields of a store that does exist are simulated.
        status: what was decided last; it may still be ahead, as `status_from` says.
        status_from: the moment from which the status counts; None: from the start.
        before: what counts until then.
        filing: how far the application to join has come, and `received_on` the day it came.
        version: counts the register's events of this store.

    Source: SAT 41/2015, SAT 11/2025 (conditions); SAT 9/2025 (advances).
    """

    store_number: int
    name_zh: str
    name_en: str
    taxpayer_number: str
    address_zh: str
    address_en: str
    phone: str
    tax_credit_grade: str
    general_taxpayer: bool
    goods_ledger_kept: bool
    sign_displayed: bool
    status: StoreStatus
    filed_on: date | None
    instant_from: date | None
    instant_to: date | None
    illustrative: bool
    source: str
    note: str = ""
    status_from: datetime | None = None
    before: Standing = START
    filing: Filing = Filing.NONE
    received_on: date | None = None
    version: int = 0


def standing_at(store: Store, at: datetime) -> Standing:
    """What counts at a moment, and since when.

    A status counts from its very moment on: at 14:00:00 sharp what begins at 14:00 counts.
    """
    if store.status_from is not None and at < store.status_from:
        return store.before
    return Standing(store.status, store.status_from)


def planned_at(store: Store, at: datetime) -> Standing | None:
    """What was decided for a moment that is still ahead."""
    if store.status_from is None or at >= store.status_from:
        return None
    return Standing(store.status, store.status_from)


def obstacles(store: Store, at: datetime) -> tuple[str, ...]:
    """Name every condition of a refund store that is not met at a moment; empty when all are.

    Returns:
        Words among `suspended`, `terminated`, `not_filed`, `tax_credit_grade`,
        `general_taxpayer`, `goods_ledger_kept`, `sign_displayed`.

    Source: SAT 41/2015, SAT 11/2025.
    """
    status, day = standing_at(store, at).status, day_of(at)
    conditions = (
        (status is StoreStatus.SUSPENDED, "suspended"),
        (status is StoreStatus.TERMINATED, "terminated"),
        (store.filed_on is None or day < store.filed_on, "not_filed"),
        (store.tax_credit_grade not in GRADES_ACCEPTED, "tax_credit_grade"),
        (not store.general_taxpayer, "general_taxpayer"),
        (not store.goods_ledger_kept, "goods_ledger_kept"),
        (not store.sign_displayed, "sign_displayed"),
    )
    return tuple(word for broken, word in conditions if broken)


def may_issue(store: Store, at: datetime) -> bool:
    """Whether the store may issue forms at a moment."""
    return not obstacles(store, at)


def has_agreement_on(store: Store, day: date) -> bool:
    """Whether the agreement on advances counts on a day; its first and its last day do."""
    if store.instant_from is None or day < store.instant_from:
        return False
    return store.instant_to is None or day <= store.instant_to


def is_instant_at(store: Store, at: datetime) -> bool:
    """Whether the store may issue forms with an advance at a moment.

    Source: SAT 9/2025.
    """
    return has_agreement_on(store, day_of(at)) and may_issue(store, at)


def read_taxpayer_number(text: str, field: str = "taxpayer_number") -> str:
    """Read a unified social credit code with its check character, or a simulated number.

    Raises:
        Refused: `taxpayer_number_unreadable`, with `wrong` one of `character`, `check_character`.

    Source: GB 32100-2015 (alphabet, weights 3^i mod 31).
    """
    number = text.strip(" ").upper()
    if _SIMULATED.fullmatch(number):
        return number
    if not _USCC.fullmatch(number):
        raise Refused("taxpayer_number_unreadable", field, wrong="character")
    if number[17] != uscc_check_character(number[:17]):
        raise Refused("taxpayer_number_unreadable", field, wrong="check_character")
    return number


def read_phone(text: str, field: str = "phone") -> str:
    """Read a telephone number.

    Raises:
        Refused: `field_missing`, `field_unreadable`.
    """
    number = text.strip(" ")
    if not number:
        raise Refused("field_missing", field)
    if not _PHONE.fullmatch(number):
        raise Refused("field_unreadable", field)
    return number


def uscc_check_character(body: str) -> str:
    """Work out the last character of a unified social credit code from its first seventeen.

    Source: GB 32100-2015.
    """
    total = sum(
        _USCC_ALPHABET.index(char) * pow(3, position, 31) for position, char in enumerate(body)
    )
    return _USCC_ALPHABET[-total % 31]


def read_stores(content: bytes | str) -> tuple[Store, ...]:
    """Read a register of stores in CSV, whole or not at all, in the order of their numbers.

    Raises:
        Refused: what `read_table` refuses; `file_bad_rows` names every bad cell by line and
            column, all at once.
    """
    problems = Problems()
    raw = content.encode() if isinstance(content, str) else content
    rows = scan_table(raw, COLUMNS, problems, limit_bytes=LIMIT_BYTES, limit_rows=LIMIT_ROWS)
    stores: dict[int, Store] = {}
    lines: dict[int, int] = {}
    for row in rows:
        store = _RowReader(row, problems).store()
        if store is None:
            continue
        if store.store_number in stores:
            first_line = lines[store.store_number]
            problems.add(row.line, "store_number", "row_doubled", first_line=first_line)
        stores.setdefault(store.store_number, store)
        lines.setdefault(store.store_number, row.line)
    problems.refuse()
    return tuple(stores[number] for number in sorted(stores))


class _RowReader:
    """Reads the cells of one row, each to the end, so that all that is wrong is told."""

    def __init__(self, row: Row, problems: Problems) -> None:
        self._row = row
        self._problems = problems

    def store(self) -> Store | None:
        """The store of the row; None when any cell of it was a problem."""
        before = self._problems.total
        row = self._row
        store = Store(
            store_number=self._number(),
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            taxpayer_number=self._taxpayer_number(),
            address_zh=row["address_zh"],
            address_en=row["address_en"],
            phone=self._phone(),
            tax_credit_grade=self._choice("tax_credit_grade", TAX_CREDIT_GRADES),
            general_taxpayer=self._yes("general_taxpayer"),
            goods_ledger_kept=self._yes("goods_ledger_kept"),
            sign_displayed=self._yes("sign_displayed"),
            status=StoreStatus(self._choice("status", tuple(word.value for word in StoreStatus))),
            filed_on=self._day("filed_on"),
            instant_from=self._day("instant_from"),
            instant_to=self._day("instant_to"),
            illustrative=self._yes("illustrative"),
            source=row["source"],
            note=row["note"],
        )
        self._judge(store)
        return store if self._problems.total == before else None

    def _judge(self, store: Store) -> None:
        """Note what no cell alone shows."""
        first, last = store.instant_from, store.instant_to
        if last is not None and (first is None or last < first):
            self._note("instant_to", "dates_reversed", first=first, last=last)
        simulated = store.taxpayer_number.startswith("SIM")
        if simulated and not store.illustrative and not store.note:
            self._note("note", "field_missing")

    def _note(self, column: str, code: str, **facts: object) -> None:
        self._problems.add(self._row.line, column, code, **facts)

    def _number(self) -> int:
        text = self._row["store_number"]
        if not _STORE_NUMBER.fullmatch(text) or int(text) == 0:
            self._note("store_number", "field_unreadable")
            return 0
        return int(text)

    def _taxpayer_number(self) -> str:
        try:
            return read_taxpayer_number(self._row["taxpayer_number"])
        except Refused as refused:
            self._note("taxpayer_number", refused.code, **refused.facts)
            return ""

    def _phone(self) -> str:
        try:
            return read_phone(self._row["phone"])
        except Refused as refused:
            self._note("phone", refused.code)
            return ""

    def _choice(self, column: str, known: tuple[str, ...]) -> str:
        text = self._row[column]
        if text not in known:
            self._note(column, "choice_unknown", known=known)
            return known[0]
        return text

    def _yes(self, column: str) -> bool:
        return self._choice(column, _YES_NO) == "yes"

    def _day(self, column: str) -> date | None:
        text = self._row[column]
        if not text:
            return None
        try:
            return parse_day(text, column)
        except Refused as refused:
            self._note(column, refused.code, **refused.facts)
            return None
