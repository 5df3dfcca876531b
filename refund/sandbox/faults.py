"""What can be made to go wrong in the network, by name: switched on, drawn and counted."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from refund.sandbox.answers import stamp
from refund.sandbox.settings import ShiftedClock
from refund.sandbox.store import BookFile

ALWAYS_BP = 10_000
"""The probability of a fault that every draw brings."""

GROUPS: Mapping[str, str] = {
    "call": "Calls of the service",
    "webhooks": "Webhooks",
    "holds": "Holds",
    "payouts": "Payouts",
    "statement": "Daily statement",
}
"""Which part of the network a fault belongs to, and the English message id of its heading."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "call": ("session", "hold", "extend", "increase", "advance", "refund", "release", "capture"),
    "webhooks": ("hold", "extend", "increase", "advance", "refund", "release", "capture"),
    "holds": ("hold", "release", "capture"),
    "payouts": ("advance", "refund"),
    "statement": (),
}
"""The kinds of operation that a fault of each group can be kept to."""


KIND_WORDS: Mapping[str, str] = {
    "session": "Card page",
    "hold": "Hold",
    "extend": "Extension of a hold",
    "increase": "Increase of a hold",
    "advance": "Payout of an advance",
    "refund": "Payout of a refund",
    "release": "Release",
    "capture": "Capture",
}
"""What each kind of operation is called: English message ids."""

NOT_OF_PAGES = frozenset({"wrong_amount", "wrong_currency", "wrong_reference"})
"""The faults of fields that the answer about a card page does not have."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a fault's name: its group, and the message id that describes it."""

    group: str
    told: str


NAMES: Mapping[str, Known] = {
    "refused": Known("call", "The connection is closed without an answer; nothing is booked"),
    "request_lost": Known("call", "The request is read and lost; nothing is booked"),
    "answer_lost": Known("call", "Booked, and the answer breaks off after half of its body"),
    "error_before": Known("call", "500 before anything is booked"),
    "error_after": Known("call", "Booked, and then 500 instead of the answer"),
    "in_flight": Known("call", "409: the request is said to be being answered; nothing is booked"),
    "other_parameters": Known("call", "422: the key is said to be used; nothing is booked"),
    "slow_down": Known("call", "429: too many requests, it is said; nothing is booked"),
    "unavailable": Known("call", "503: the network is being serviced; nothing is booked"),
    "wrong_amount": Known("call", "Booked, and the answer names one fen more"),
    "wrong_currency": Known("call", "Booked, and the answer names another currency"),
    "wrong_reference": Known("call", "Booked, and the answer names another reference"),
    "half_json": Known("call", "Booked, and the answer is half of its JSON, complete as sent"),
    "html": Known("call", "Booked, and the answer is a page instead of JSON"),
    "ten_megabytes": Known("call", "Booked, and the answer has ten megabytes"),
    "byte_a_second": Known("call", "Booked, and the answer comes one byte a second"),
    "key_forgotten": Known("call", "Booked, and the idempotency key is forgotten at once"),
    "redirect": Known("call", "302 to an address inside the house; nothing is booked"),
    "webhook_first": Known("webhooks", "The webhook is sent before the answer goes out"),
    "webhook_times_50": Known("webhooks", "The webhook is sent fifty times"),
    "webhook_reordered": Known(
        "webhooks", "The webhook is held back a quarter of an hour, and later ones overtake it"
    ),
    "webhook_late": Known("webhooks", "The webhook is sent three days late"),
    "webhook_never": Known("webhooks", "The webhook is never sent"),
    "webhook_forged": Known("webhooks", "A forged webhook comes besides the true one"),
    "webhook_stale": Known(
        "webhooks", "The webhook comes again, signed with a moment one hour ago"
    ),
    "webhook_other_merchant": Known(
        "webhooks", "A webhook meant for another merchant comes besides the true one"
    ),
    "hold_ended_early": Known("holds", "The bank ends the hold early"),
    "approved_for_less": Known("holds", "The hold is approved for half of what was asked"),
    "capture_declined": Known("holds", "The capture is declined; the hold stands"),
    "partial_capture": Known("holds", "Less is captured than was asked for"),
    "release_and_capture": Known("holds", "The release is answered, but the bank has captured"),
    "payout_pending_paid": Known("payouts", "The payout is pending, and paid later"),
    "payout_pending_failed": Known("payouts", "The payout is pending, and fails later"),
    "payout_returned": Known("payouts", "The payout is paid, and comes back two days later"),
    "statement_late": Known("statement", "The statement comes a day late"),
    "statement_wrong_total": Known("statement", "A total of the statement is wrong"),
    "statement_line_missing": Known("statement", "A line of the statement is missing"),
    "statement_line_twice": Known("statement", "A line of the statement comes twice"),
    "statement_line_amount": Known("statement", "A line of the statement has another amount"),
    "statement_truncated": Known("statement", "The statement ends in the middle of a line"),
}
"""Every fault that can be switched on, in the order in which it is shown."""

_SEED_MAX = 2**63 - 1
_ALL = """
    SELECT fault_id, name, last4, kind, probability_bp, seed, times, draws, hits, created_at
    FROM fault ORDER BY fault_id
"""
_MATCHING = """
    SELECT fault_id, name, last4, kind, probability_bp, seed, times, draws, hits, created_at
    FROM fault WHERE name = :name AND last4 IN ('', :last4) AND kind IN ('', :kind)
        AND (times IS NULL OR hits < times) ORDER BY fault_id
"""

_DRAW = """
    UPDATE fault SET draws = draws + 1 WHERE fault_id = :fault_id
        AND (times IS NULL OR hits < times) RETURNING draws - 1
"""
_HIT = "UPDATE fault SET hits = hits + 1 WHERE fault_id = :fault_id"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as it is to be switched on.

    `last4` keeps it to cards that end so and `kind` to one kind of operation, "" to none;
    `probability_bp` is what share of the draws it takes, `seed` which ones; after `times` it is
    used up, None for never.

    Raises:
        ValueError: no such name, or a scope, share, seed or number that cannot be.
    """

    name: str
    last4: str = ""
    kind: str = ""
    probability_bp: int = ALWAYS_BP
    seed: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could never be drawn."""
        if self.name not in NAMES:
            raise ValueError(f"no fault is named {self.name}")
        group = NAMES[self.name].group
        if self.kind and self.kind not in KINDS[group]:
            raise ValueError(f"{self.name} is no fault of {self.kind}")
        if self.kind == "session" and self.name in NOT_OF_PAGES:
            raise ValueError(f"{self.name} is no fault of a card page")
        digits = self.last4.isascii() and self.last4.isdigit() and len(self.last4) == 4
        if self.last4 and not digits:
            raise ValueError("a card is named by its last four digits")
        if self.last4 and group == "statement":
            raise ValueError("a statement is not of one card")
        if not 1 <= self.probability_bp <= ALWAYS_BP:
            raise ValueError("a probability is 1 to 10000 basis points")
        if not 0 <= self.seed <= _SEED_MAX:
            raise ValueError("a seed is a whole number from 0 to 2**63 - 1")
        if self.times is not None and self.times < 1:
            raise ValueError("a fault happens at least once")

    def concerns(self, last4: str, kind: str) -> bool:
        """Whether it can happen to this card and this kind of operation."""
        return self.last4 in ("", last4) and self.kind in ("", kind)

    def happens(self, number: int) -> bool:
        """Whether the draw of this number, from 0, brings it: the same in every run."""
        message = f"{self.name}:{number}".encode()
        drawn = hmac.digest(str(self.seed).encode(), message, hashlib.sha256)
        return int.from_bytes(drawn[:8]) % ALWAYS_BP < self.probability_bp


@dataclass(frozen=True, slots=True)
class Switched:
    """A fault that is switched on since `created_at`: how often it was drawn, and happened."""

    fault_id: int
    fault: Fault
    draws: int
    hits: int
    created_at: str

    @property
    def times_left(self) -> int | None:
        """How often it can still happen, None where nobody set an end."""
        return None if self.fault.times is None else self.fault.times - self.hits


class FaultPlan:
    """The faults that are switched on, in the book's file; draws count with what they decide.

    A draw joins the transaction that runs: if that is taken back, the draw never was.
    """

    def __init__(self, file: BookFile, clock: Callable[[], datetime] | None = None) -> None:
        self._file = file
        self._clock = clock or ShiftedClock()
        self._known: dict[str, list[Switched]] | None = None

    def draw(self, name: str, *, last4: str = "", kind: str = "") -> bool:
        """Whether this fault happens now, to this card and this kind of operation.

        Raises:
            ValueError: no fault has this name.
        """
        if name not in NAMES:
            raise ValueError(f"no fault is named {name}")
        if not self._concerned(name, last4, kind):
            return False  # Nothing is switched on, so nothing is written either.
        with self._file.write() as db:
            for switched in self._concerned(name, last4, kind):
                which = {"fault_id": switched.fault_id}
                drawn = db.execute(_DRAW, which).fetchall()
                if drawn and switched.fault.happens(drawn[0][0]):
                    db.execute(_HIT, which)
                    return True
        return False

    def can_any_happen(self, names: Iterable[str]) -> bool:
        """Whether any of some faults is switched on: if not, no draw of them brings anything."""
        if self._file.is_fleeting:
            return not self._switched_on().keys().isdisjoint(names)
        rows = self._file.rows("SELECT DISTINCT name FROM fault")
        return not {row[0] for row in rows}.isdisjoint(names)

    def switch_on(self, fault: Fault) -> int:
        """Let a fault happen from now on; returns the id by which it is switched off."""
        with self._file.write() as db:
            self._known = None
            made = db.execute(
                "INSERT INTO fault (name, last4, kind, probability_bp, seed, times,"
                " created_at) VALUES (:name, :last4, :kind, :probability_bp, :seed, :times, :at)",
                {
                    "name": fault.name,
                    "last4": fault.last4,
                    "kind": fault.kind,
                    "probability_bp": fault.probability_bp,
                    "seed": fault.seed,
                    "times": fault.times,
                    "at": stamp(self._clock()),
                },
            )
            return int(made.lastrowid or 0)

    def switch_off(self, fault_id: int) -> bool:
        """Let a fault happen no more; whether it was switched on."""
        with self._file.write() as db:
            self._known = None
            sql = "DELETE FROM fault WHERE fault_id = :fault_id"
            return bool(db.execute(sql, {"fault_id": fault_id}).rowcount)

    def heal(self) -> int:
        """Switch every fault off; how many there were."""
        with self._file.write() as db:
            self._known = None
            return int(db.execute("DELETE FROM fault").rowcount)

    def switched(self) -> list[Switched]:
        """List what is switched on, also what is used up, in the order of switching."""
        return [_read(row) for row in self._file.rows(_ALL)]

    def _concerned(self, name: str, last4: str, kind: str) -> list[Switched]:
        """The faults of this name that are switched on for this card and kind of operation."""
        if not self._file.is_fleeting:
            # Another process may have switched one on.
            return self._matching(name, last4, kind)
        of_name = self._switched_on().get(name, ())
        return [one for one in of_name if one.fault.concerns(last4, kind)]

    def _switched_on(self) -> dict[str, list[Switched]]:
        """What is switched on, used up or not, by name; kept in mind, for calls draw many names.

        How often each was drawn is not. It is forgotten within the transaction that changes it,
        which nobody else can be in.
        """
        known = self._known
        if known is not None:
            return known
        with self._file.write():
            known = {}
            for switched in self.switched():
                known.setdefault(switched.fault.name, []).append(switched)
            self._known = known
        return known

    def _matching(self, name: str, last4: str, kind: str) -> list[Switched]:
        scope = {"name": name, "last4": last4, "kind": kind}
        return [_read(row) for row in self._file.rows(_MATCHING, scope)]


def _read(row: tuple[Any, ...]) -> Switched:
    return Switched(row[0], Fault(*row[1:7]), *row[7:])
