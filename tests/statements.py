"""Builders of the network's daily statement: a good one, but for what the test changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from refund.core.calendar import end_of_day
from refund.core.statement import agreed_fee_fen
from tests import make


@dataclass
class Booked:
    """One line of a statement; without a fee it is the one that was agreed."""

    reference: str = "00000000000000f1-advance-1"
    kind: str = "advance"
    state: str = "paid"
    amount_fen: int = make.NET_FEN
    currency: str = "CNY"
    fee_fen: int | None = None
    at: datetime | None = None
    hold_reference: str = ""
    network_id: str = ""

    @property
    def fee(self) -> int:
        """The fee in fen."""
        agreed = agreed_fee_fen(self.kind, self.state, self.amount_fen)
        return agreed if self.fee_fen is None else self.fee_fen


@dataclass
class Sheet:
    """A statement before it is written."""

    day: date = make.DAY
    opening_fen: int = 0
    lines: list[Booked] = field(default_factory=list)

    @property
    def closing_fen(self) -> int:
        """The balance at the day's end."""
        return self.opening_fen + sum(gained_fen(line) for line in self.lines)

    def next_day(self, *lines: Booked) -> Sheet:
        """The statement of the day after, which begins where this one ends."""
        return Sheet(self.day + timedelta(days=1), self.closing_fen, list(lines))

    def text(self) -> bytes:
        """The file."""
        return b"".join(written(self.day, self.opening_fen, self.lines))


def gained_fen(line: Booked) -> int:
    """What our account at the network gained by a line, its fee included."""
    sign = {"paid": -1, "returned": 1, "captured": 1}.get(line.state, 0)
    return sign * line.amount_fen - line.fee


def row(number: int, line: Booked, day: date) -> bytes:
    """One line as text."""
    start = end_of_day(day - timedelta(days=1))
    at = (line.at or start + timedelta(hours=12)).astimezone(UTC).isoformat()[:19] + "Z"
    network_id = line.network_id or f"id_{number}"
    return (
        f"D,{number},{network_id},{line.reference},{line.kind},{line.state},{line.amount_fen},"
        f"{line.currency},{line.fee},{at},{line.hold_reference}\n"
    ).encode()


def written(day: date, opening_fen: int, lines: Iterable[Booked]) -> Iterator[bytes]:
    """A statement line by line, however many there are."""
    head = f"H,refund-network-statement,1,{day},CNY,{opening_fen}\n".encode()
    digest = hashlib.sha256(head)
    yield head
    sums = {"paid": 0, "returned": 0, "captured": 0}
    fees = closing_fen = count = 0
    for count, line in enumerate(lines, 1):
        text = row(count, line, day)
        digest.update(text)
        fees += line.fee
        closing_fen += gained_fen(line)
        if line.state in sums:
            sums[line.state] += line.amount_fen
        yield text
    told = (count, *sums.values(), fees, opening_fen + closing_fen, digest.hexdigest())
    yield f"T,{','.join(map(str, told))}\n".encode()


def sealed(text: bytes) -> bytes:
    """A text whose last line has the right checksum for whatever stands before it."""
    body, _, trailer = text.rstrip(b"\n").rpartition(b"\n")
    words, _, _ = trailer.rpartition(b",")
    return body + b"\n" + words + b"," + hashlib.sha256(body + b"\n").hexdigest().encode() + b"\n"
