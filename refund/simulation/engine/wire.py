"""The way to the network and back: the sandbox's own book, and every fault of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cache, partial

from refund.core.operation import Answer, CardPage, HeldState, NetworkBook, Operation
from refund.ports import NetworkRejected, NetworkSilent
from refund.sandbox.call_faults import AFTER, BEFORE
from refund.sandbox.network import Book
from refund.sandbox.sessions import SessionRequest
from refund.simulation.engine.network import BookNetwork
from refund.simulation.engine.seams import Crossings

SILENT_AFTER = frozenset(
    {"answer_lost", "error_after", "half_json", "html", "ten_megabytes", "byte_a_second"}
)
"""Faults of an answer that the gateway takes for no answer at all."""


class Wire(BookNetwork):
    """The twin, whose calls go wrong as the book's own plan of faults says.

    So many calls as `cut` says are lost on the line from now on, look-ups too. `before_answer`
    happens when an operation is booked and its answer is not on its way yet.
    """

    def __init__(self, book: Book, crossings: Crossings, told: Callable[[str], None]) -> None:
        super().__init__(book)
        self._crossings = crossings
        self._told = told
        self.cut = 0
        self.before_answer: Callable[[], object] = bool

    def send(self, operation: Operation) -> Answer:
        """Carry out an operation, with whatever happens to the call on its way."""
        self._crossings.cross("before a call")
        self._lost()
        answer = self._carried(operation)
        self._crossings.cross("after a call")
        return answer

    def _carried(self, operation: Operation) -> Answer:
        kind, token = operation.kind.value, operation.card_token or operation.payout_token
        last4 = cache(partial(self.kept.last4_of, token, operation.hold_reference))
        self._before(kind, last4)
        answer = super().send(operation)
        self.before_answer()
        match self._drawn(AFTER, kind, last4):
            case "key_forgotten":
                self.kept.forget_key(operation.sent_key)
            case "wrong_amount":
                return replace(answer, amount_fen=answer.amount_fen + 1)
            case "wrong_currency":
                return replace(answer, currency="USD")
            case "wrong_reference":
                return replace(answer, reference=f"{answer.reference}~")
            case "":
                return answer
            case _:
                raise NetworkSilent
        return answer

    def _before(self, kind: str, last4: Callable[[], str]) -> None:
        name = self._drawn(BEFORE, kind, last4)
        if name == "other_parameters":
            raise NetworkRejected("key_reused")
        if name:
            raise NetworkSilent

    def _drawn(self, names: Sequence[str], kind: str, last4: Callable[[], str]) -> str:
        """The first of some faults that happens to a call; the card is looked for only then."""
        if not self.kept.faults.can_any_happen(names):
            return ""
        with self.kept.file.write():
            for name in names:
                if kind == "session" and name.startswith("wrong_"):
                    continue
                if self.kept.faults.draw(name, last4=last4(), kind=kind):
                    self._told(f"fault {name} {kind}")
                    return name
        return ""

    def _open(self, wanted: SessionRequest) -> CardPage:
        self._lost()
        try:
            self._before("session", str)
            page = super()._open(wanted)
        except NetworkRejected:
            # The gateway takes a page that was not opened for no answer, whatever was said.
            raise NetworkSilent from None
        if self._drawn(AFTER, "session", str) in SILENT_AFTER:
            raise NetworkSilent
        return page

    def look_up(self, reference: str) -> Answer | None:
        """Repeat the book's answer, if the line holds."""
        self._crossings.cross("before a look-up")
        self._lost()
        found = super().look_up(reference)
        self._crossings.cross("after a look-up")
        return found

    def holds(self, references: Sequence[str]) -> dict[str, HeldState | None]:
        """Tell where holds stand, if the line holds."""
        self._lost()
        return super().holds(references)

    def statement_days(self) -> list[date]:
        """Tell the days whose statements are ready, if the line holds."""
        self._lost()
        return super().statement_days()

    @contextmanager
    def statement(self, day: date) -> Iterator[Iterator[bytes]]:
        """Give a day's statement line by line, if the line holds."""
        self._lost()
        with super().statement(day) as lines:
            yield lines

    def kept_book(self) -> NetworkBook:
        """The book's totals, past the line."""
        told = self.kept.book_totals()
        return NetworkBook(**{name: told[name] for name in NetworkBook.__dataclass_fields__})

    def _lost(self) -> None:
        if self.cut > 0:
            self.cut -= 1
            self._told("lost on the line")
            raise NetworkSilent
