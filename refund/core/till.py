"""A counter's cash, the ways in which it pays, and the receipt that the traveller signs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from refund.core.errors import Refused
from refund.core.money import Amounts
from refund.core.policy import RuleSet


class Way(Enum):
    """How a counter pays; all but cash goes through the payment network."""

    CASH = "cash"
    BANK_ACCOUNT = "bank_account"
    CARD = "card"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"


NETWORK_WAYS = tuple(way for way in Way if way is not Way.CASH)


def read_network_way(text: str, field: str = "way") -> Way:
    """Read a way that goes through the payment network.

    Raises:
        Refused: `field_missing`, `field_unreadable`.
    """
    if not text:
        raise Refused("field_missing", field)
    for way in NETWORK_WAYS:
        if way.value == text:
            return way
    raise Refused("field_unreadable", field)


DENOMINATIONS_FEN = (100_00, 50_00, 20_00, 10_00, 5_00, 1_00, 50, 10, 5, 2, 1)
"""Notes and coins of the renminbi, the largest first; the smallest three are coins of fen.

Cash is paid to the fen. Source: project decision.
"""

PIECES_MAX = 99_999
"""Pieces of one kind that a count may have."""

COINS_FROM_FEN = 50
"""Pieces of this worth and less are coins."""


def counted_fen(pieces: Mapping[int, int]) -> int:
    """The worth of so many pieces of each kind.

    Raises:
        ValueError: a kind that there is not, or a count that cannot be: a defect.
    """
    for denomination_fen, count in pieces.items():
        if denomination_fen not in DENOMINATIONS_FEN or not 0 <= count <= PIECES_MAX:
            raise ValueError((denomination_fen, count))
    return sum(denomination_fen * count for denomination_fen, count in pieces.items())


def pieces_for(amount_fen: int) -> tuple[tuple[int, int], ...]:
    """An amount in as few notes and coins as can be: pairs of denomination and count."""
    pieces = []
    for denomination_fen in DENOMINATIONS_FEN:
        count, amount_fen = divmod(amount_fen, denomination_fen)
        if count:
            pieces.append((denomination_fen, count))
    return tuple(pieces)


@dataclass(frozen=True, slots=True)
class Till:
    """A counter's cash from its opening to its count; a port has one open till at most.

    `paid_fen` is what was paid out of it; `counted_fen` is None until it is closed.
    """

    till_id: str
    port: str
    opened_at: datetime
    opened_by: str
    float_fen: int
    paid_fen: int = 0
    closed_at: datetime | None = None
    closed_by: str = ""
    counted_fen: int | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether cash can be paid out of it."""
        return self.closed_at is None

    @property
    def expected_fen(self) -> int:
        """What must be in it."""
        return self.float_fen - self.paid_fen

    @property
    def difference_fen(self) -> int:
        """What the count found too much, or too little; 0 until it is counted."""
        return 0 if self.counted_fen is None else self.counted_fen - self.expected_fen


def cash_refusal(due_fen: int, rules: RuleSet, till: Till | None) -> Refused | None:
    """Why a refund cannot be paid in cash: the limit, no open till, or too little in it.

    Source: 84/2025 (the limit); project decision (the till).
    """
    if due_fen > rules.cash_fen_max:
        return Refused("cash_above_limit", most_fen=rules.cash_fen_max, due_fen=due_fen)
    if till is None or not till.is_open:
        return Refused("till_not_open")
    if due_fen > till.expected_fen:
        return Refused("till_too_low", has_fen=till.expected_fen, due_fen=due_fen)
    return None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that the traveller signed; the signature itself stays sealed in the storage.

    Args:
        label: where the money goes, masked, as the network calls it; "" for cash.
        till_id: the till that paid; "" for the network.
        submission: the key of the page that it was signed on: sent twice, it is one receipt.
        paid_at: None until the money has been paid.
        void_at: when the network refused to pay it; another receipt may take its place.
    """

    receipt_number: str
    form_id: str
    port: str
    staff_id: str
    written_at: datetime
    way: Way
    label: str
    till_id: str
    due: Amounts
    submission: str
    signature_kind: str
    paid_at: datetime | None = None
    void_at: datetime | None = None


RECEIPTS_MAX = 9_999
"""Receipts of one port and day."""

_RECEIPT_NUMBER = re.compile(r"[A-Z]{3}-[0-9]{6}-[0-9]{4}", re.ASCII)


def make_receipt_number(port: str, day: date, sequence: int) -> str:
    """Number a receipt by port, day and the sequence within them: `WUH-250710-0001`.

    Raises:
        ValueError: a sequence out of its range, which is a defect.

    Source: project decision; the official scheme was not found.
    """
    if not 1 <= sequence <= RECEIPTS_MAX:
        raise ValueError(sequence)
    return f"{port}-{day:%y%m%d}-{sequence:04d}"


def read_receipt_number(text: str) -> str:
    """Read a receipt's number as an address carries it.

    Raises:
        Refused: `receipt_unknown`.
    """
    if not _RECEIPT_NUMBER.fullmatch(text):
        raise Refused("receipt_unknown")
    return text
