"""The network's daily statement, read line by line; each way in which it can be wrong has a code.

Its text, as the network's document describes it: a line `H` with the day and the opening balance,
a line `D` for each change that was booked on that day of Shanghai, and a line `T` with the number
of lines, the sums, the closing balance and the SHA-256 of everything before it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from refund.core.calendar import end_of_day, parse_day
from refund.core.errors import Refused
from refund.core.money import FEN_MAX

NAME = "refund-network-statement"
VERSION = 1
CURRENCY = "CNY"
LINE_BYTES_MAX = 1000
"""No line of a statement is nearly as long, so a file without line ends fills no memory."""

LINES_MAX = 5_000_000
BALANCE_FEN_MAX = 10**15
TOLD_CHARS = 80

PAYOUT_FEE_FEN = 60
CAPTURE_FEE_PER_MILLE = 3
"""What the network may charge: 0.60 yuan a payout, 0.3 % of a charge, to the fen, at least one.

Source: project decision (our agreement with the network).
"""

STATE_OF = {
    "hold": ("held",),
    "extend": ("extended",),
    "increase": ("increased",),
    "release": ("released",),
    "capture": ("captured",),
    "advance": ("paid", "returned"),
    "refund": ("paid", "returned"),
}
"""What a line of each kind can say."""

_WORD = rb"[A-Za-z0-9_.:-]"
_HEAD = re.compile(
    rb"H,([A-Za-z0-9-]{1,60}),([0-9]{1,4}),([0-9-]{1,20}),([A-Za-z]{1,8}),(-?[0-9]{1,15})"
)
_LINE = re.compile(
    rb"D,([1-9][0-9]{0,8}),(%(word)s{1,80}),(%(word)s{1,80}),([a-z]{1,20}),([a-z]{1,20}),"
    rb"([0-9]{1,12}),([A-Z]{3}),([0-9]{1,12}),"
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z),(%(word)s{0,80})"
    % {b"word": _WORD}
)
_TRAILER = re.compile(
    rb"T,([0-9]{1,9}),([0-9]{1,15}),([0-9]{1,15}),([0-9]{1,15}),([0-9]{1,15}),(-?[0-9]{1,15}),"
    rb"([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Head:
    """What a statement says first; the balance is our account's at the day's beginning, fen."""

    day: date
    opening_fen: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One change that the network booked.

    `amount_fen` is always above zero, whichever way the money went; `hold_reference` is empty
    where no hold is concerned.
    """

    number: int
    network_id: str
    reference: str
    kind: str
    state: str
    amount_fen: int
    currency: str
    fee_fen: int
    booked_at: datetime
    hold_reference: str

    @property
    def is_return(self) -> bool:
        """Whether a payout came back."""
        return self.state == "returned"

    @property
    def effect_fen(self) -> int:
        """What our account at the network gained by it, its fee aside."""
        return effect_fen(self.kind, self.state, self.amount_fen)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a day's lines come to, fen; `amount_fen` sums all of them, holds and releases too."""

    lines: int = 0
    payouts_fen: int = 0
    returned_fen: int = 0
    captures_fen: int = 0
    fees_fen: int = 0
    amount_fen: int = 0
    agreed_fees_fen: int = 0

    @property
    def gained_fen(self) -> int:
        """What our account at the network gained."""
        return self.captures_fen + self.returned_fen - self.payouts_fen - self.fees_fen


@dataclass(frozen=True, slots=True)
class Trailer:
    """What a statement says last, and the SHA-256 of the whole file, by which it is recognised."""

    totals: Totals
    closing_fen: int
    digest: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A day's statement as it was taken in; `digest` is the SHA-256 of the whole file.

    `source` says where it came from: `network` or `file`. One that another one replaced, or that
    was set aside with it, says when and by whom, and the case in which two persons decided it.
    """

    number: int
    day: date
    opening_fen: int
    closing_fen: int
    totals: Totals
    digest: str
    source: str
    file_name: str
    imported_at: datetime
    imported_by: str
    matched_at: datetime | None = None
    superseded_at: datetime | None = None
    superseded_by: str = ""
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Apart:
    """The lines that one statement of a day has and another one has not; the first references."""

    lines: int
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reissue:
    """A statement that is offered in the place of the one that counts.

    `set_aside` are the later days that do not begin where it ends: they are to be fetched anew.
    """

    taken_in: Statement
    offered: Statement
    set_aside: tuple[Statement, ...]


def effect_fen(kind: str, state: str, amount_fen: int) -> int:
    """What our account at the network gains by an operation: payouts leave it, charges come in."""
    if state == "returned" or kind == "capture":
        return amount_fen
    return -amount_fen if kind in ("advance", "refund") else 0


def agreed_fee_fen(kind: str, state: str, amount_fen: int) -> int:
    """What the network may charge for an operation.

    Source: project decision (our agreement with the network).
    """
    if state == "paid":
        return PAYOUT_FEE_FEN
    if state == "captured" and kind == "capture":
        return max(1, (amount_fen * CAPTURE_FEE_PER_MILLE + 500) // 1000)
    return 0


class StatementReader:
    """A statement that is being read; never more of it than a few lines is in memory.

    Raises, while it is read: Refused `file_empty`, `statement_header_unknown`,
        `statement_currency`, `statement_day_not_over`, `statement_row_unreadable`,
        `statement_line_gap`, `statement_other_day`, `statement_truncated`,
        `statement_goes_on`, `statement_count_differs`, `statement_totals_differ`,
        `statement_closing_differs`, `statement_checksum_differs`.
    """

    def __init__(self, chunks: Iterable[bytes], now: datetime) -> None:
        """Read the first line.

        Args:
            chunks: the file's bytes, in pieces of any size.
            now: the day must be over by then.
        """
        self._lines = _lines_of(chunks)
        self._hash = hashlib.sha256()
        self._totals = Totals()
        self._trailer: Trailer | None = None
        self.head = self._read_head(now)

    @property
    def trailer(self) -> Trailer:
        """What the statement says last, once all of its lines were read.

        Raises:
            ValueError: they were not, which is a defect.
        """
        if self._trailer is None:
            raise ValueError("the statement was not read to its end")
        return self._trailer

    def lines(self) -> Iterator[StatementLine]:
        """The lines in their order; after the last one, the trailer was read and agrees."""
        start, end = end_of_day(self.head.day - timedelta(days=1)), end_of_day(self.head.day)
        sums = _Sums()
        for raw in self._lines:
            if raw.startswith(b"T,"):
                self._read_trailer(raw, sums.totals())
                return
            self._hash.update(raw)
            line = _read_line(raw, sums.lines + 1)
            if not start <= line.booked_at < end:
                raise Refused("statement_other_day", "file", line=line.number, day=self.head.day)
            sums.add(line)
            yield line
        raise Refused("statement_truncated", "file", lines=sums.lines)

    def _read_head(self, now: datetime) -> Head:
        raw = next(self._lines, None)
        if raw is None:
            raise Refused("file_empty", "file")
        found = _HEAD.fullmatch(raw.removesuffix(b"\n"))
        words = [] if found is None else [word.decode("ascii") for word in found.groups()]
        if words[:2] != [NAME, str(VERSION)]:
            raise Refused("statement_header_unknown", "file", found=_told(raw))
        if not raw.endswith(b"\n"):
            raise Refused("statement_truncated", "file", lines=0)
        if words[3] != CURRENCY:
            raise Refused("statement_currency", "file", found=words[3])
        day = parse_day(words[2], "file")
        if now < end_of_day(day):
            raise Refused("statement_day_not_over", "file", day=day)
        self._hash.update(raw)
        return Head(day, int(words[4]))

    def _read_trailer(self, raw: bytes, totals: Totals) -> None:
        """Compare what the statement says last with what was read."""
        found = _TRAILER.fullmatch(raw.removesuffix(b"\n"))
        if found is None:
            raise Refused("statement_truncated", "file", lines=totals.lines)
        *figures, checksum = (word.decode("ascii") for word in found.groups())
        lines, *sums, closing_fen = (int(figure) for figure in figures)
        _agree("statement_count_differs", lines, totals.lines)
        names = ("payouts_fen", "returned_fen", "captures_fen", "fees_fen")
        for name, said in zip(names, sums, strict=True):
            _agree("statement_totals_differ", said, getattr(totals, name), total=name)
        expected_fen = self.head.opening_fen + totals.gained_fen
        _agree("statement_closing_differs", closing_fen, expected_fen)
        if checksum != self._hash.hexdigest():
            raise Refused("statement_checksum_differs", "file")
        self._hash.update(raw)
        if next(self._lines, None) is not None:
            raise Refused("statement_goes_on", "file", lines=totals.lines)
        self._trailer = Trailer(totals, closing_fen, self._hash.hexdigest())


class _Sums:
    """What the lines read so far come to."""

    __slots__ = ("agreed", "amount", "fees", "lines", "moved")

    def __init__(self) -> None:
        self.lines = self.amount = self.fees = self.agreed = 0
        self.moved = {"paid": 0, "returned": 0, "captured": 0}

    def add(self, line: StatementLine) -> None:
        """Count a line."""
        self.lines += 1
        self.amount += line.amount_fen
        self.fees += line.fee_fen
        self.agreed += agreed_fee_fen(line.kind, line.state, line.amount_fen)
        if line.state in self.moved:
            self.moved[line.state] += line.amount_fen

    def totals(self) -> Totals:
        """All of it."""
        moved = (self.moved["paid"], self.moved["returned"], self.moved["captured"])
        return Totals(self.lines, *moved, self.fees, self.amount, self.agreed)


def _agree(code: str, said: int, counted: int, **facts: object) -> None:
    if said != counted:
        raise Refused(code, "file", said=said, counted=counted, **facts)


def _lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines with their ends; the last one may have none.

    Raises:
        Refused: `statement_row_unreadable` for a line without an end in sight.
    """
    rest, count = b"", 0
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for raw in whole:
            count += 1
            yield raw + b"\n"
        if len(rest) > LINE_BYTES_MAX:
            raise Refused("statement_row_unreadable", "file", line=count, found=_told(rest))
    if rest:
        yield rest


def _read_line(raw: bytes, expected: int) -> StatementLine:
    """Read one line, which must be the next."""
    if not raw.endswith(b"\n"):
        raise Refused("statement_truncated", "file", lines=expected - 1)

    def unreadable() -> Refused:
        return Refused("statement_row_unreadable", "file", line=expected, found=_told(raw))

    found = _LINE.fullmatch(raw[:-1])
    if found is None:
        raise unreadable()
    words = [word.decode("ascii") for word in found.groups()]
    number, kind, state, amount_fen = int(words[0]), words[3], words[4], int(words[5])
    if number != expected:
        raise Refused("statement_line_gap", "file", expected=expected, found=number)
    if number > LINES_MAX:
        raise Refused("file_too_large", "file", limit_rows=LINES_MAX)
    if state not in STATE_OF.get(kind, ()) or not 0 < amount_fen <= FEN_MAX:
        raise unreadable()
    try:
        booked_at = datetime.fromisoformat(words[8])
    except ValueError:
        raise unreadable() from None
    return StatementLine(
        number=number,
        network_id=words[1],
        reference=words[2],
        kind=kind,
        state=state,
        amount_fen=amount_fen,
        currency=words[6],
        fee_fen=int(words[7]),
        booked_at=booked_at,
        hold_reference=words[9],
    )


def _told(raw: bytes) -> str:
    """The beginning of a line as a page can show it."""
    shown = raw[:TOLD_CHARS].decode("ascii", "replace").rstrip("\n")
    return "".join(one if one.isprintable() else "?" for one in shown)
