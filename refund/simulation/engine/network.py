"""The network without its HTTP: the sandbox's own book, in this process, behind our port."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from enum import Enum
from threading import Lock
from typing import Any

from refund.core.ids import operation_key
from refund.core.operation import (
    Answer,
    CardEntry,
    CardPage,
    HeldState,
    Kind,
    NetworkBook,
    Operation,
)
from refund.gateways.told import Booked, Holds
from refund.ports import Line, NetworkRejected, NetworkSilent
from refund.sandbox import answers
from refund.sandbox.cards import trial_card
from refund.sandbox.entry import CardEntry as GivenCard
from refund.sandbox.errors import Rejected
from refund.sandbox.network import Book
from refund.sandbox.requests import fingerprint
from refund.sandbox.sessions import SessionRequest

PAGES = "http://127.0.0.1:8001"


class Fault(Enum):
    """What happens to one call of `send` on its way."""

    NONE = "none"
    UNSENT = "unsent"
    LOST = "lost"
    OTHER_AMOUNT = "other_amount"


class BookNetwork:
    """The port `Network` straight onto a book; the same answers as over HTTP.

    Args:
        book: the sandbox's.
        page_origin: where the network's pages would be.

    Put faults into `faults`: each call of `send` takes one from the left. While `unplugged`
    nothing is reached at all; while `loses_pages` pages are opened and nobody is told.
    `sent` lists what reached the network.
    """

    def __init__(self, book: Book, page_origin: str = PAGES) -> None:
        self.kept = book
        self.faults: deque[Fault] = deque()
        self.unplugged = False
        self.loses_pages = False
        self.sent: list[str] = []
        self._origin = page_origin
        self._lock = Lock()

    def open_card_page(
        self, reference: str, amount_fen: int, method: str, return_url: str, language: str
    ) -> CardPage:
        """Open the network's page."""
        return self._open(SessionRequest(reference, amount_fen, method, return_url, language))

    def open_refund_page(
        self, reference: str, amount_fen: int, method: str, return_url: str, language: str
    ) -> CardPage:
        """Open the network's page for a refund."""
        asked = (reference, amount_fen, method, return_url, language)
        return self._open(SessionRequest(*asked, purpose="refund"))

    def _open(self, wanted: SessionRequest) -> CardPage:
        self._plugged()
        reference = wanted.reference

        def ask() -> answers.Answer:
            session = self.kept.open_card_session(wanted)
            return answers.Answer(201, answers.written({"session_id": session.session_id}))

        values = {
            "reference": reference,
            "amount_fen": wanted.amount_fen,
            "currency": "CNY",
            "method": wanted.method,
            "return_url": wanted.return_url,
            "language": wanted.language,
            "purpose": wanted.purpose,
        }
        told = self._keyed("/v1/card-sessions", operation_key(reference), values, ask)
        if self.loses_pages:
            raise NetworkSilent
        session_id = told.body["session_id"]
        return CardPage(session_id, f"{self._origin}/card/{session_id}")

    def give_card(self, session_id: str, number: str, account: str = "") -> None:
        """Do what the traveller does on the page; without a number an account alone is given."""
        card = trial_card(number)
        if number and card is None:
            raise ValueError("the network knows no such card")
        self.kept.submit_card(session_id, GivenCard(card, "12/34", account))

    def card_entry(self, session_id: str) -> CardEntry | None:
        """Tell what became of the page."""
        self._plugged()
        session = self.kept.card_session(session_id)
        if session is None:
            return None
        card = session.card
        return CardEntry(
            session_id=session_id,
            reference=session.request.reference,
            state=session.state,
            card_token=card.token if card else "",
            brand=card.brand if card else "",
            last4=card.last4 if card else "",
            payout_token=session.payout_token,
            payout_label=session.payout_label,
            method=session.request.method if session.payout_token else "card",
        )

    def send(self, operation: Operation) -> Answer:
        """Carry out an operation in the book, with the next fault on its way."""
        self._plugged()
        with self._lock:
            fault = self.faults.popleft() if self.faults else Fault.NONE
            if fault is not Fault.UNSENT:
                self.sent.append(operation.sent_reference)
        if fault is Fault.UNSENT:
            raise NetworkSilent
        path, values, ask = self._asked(operation)
        values = {"reference": operation.sent_reference, **values}
        told = self._keyed(path, operation.sent_key, values, ask)
        if fault is Fault.LOST or told.lost:
            raise NetworkSilent
        answer = answer_of(told.text)
        if fault is Fault.OTHER_AMOUNT:
            return replace(answer, amount_fen=answer.amount_fen + 1)
        return answer

    def _asked(
        self, operation: Operation
    ) -> tuple[str, dict[str, Any], Callable[[], answers.Answer]]:
        reference, amount_fen = operation.sent_reference, operation.sent_fen
        money = {"amount_fen": amount_fen, "currency": "CNY"}
        card, hold = operation.card_token, operation.hold_reference
        part_fen = operation.part_fen
        part = {"part_fen": part_fen} if part_fen else {}
        match operation.kind:
            case Kind.HOLD:
                values: dict[str, Any] = {"card_token": card, **money}
                return "/v1/holds", values, lambda: self.kept.hold(reference, card, amount_fen)
            case Kind.EXTEND:
                values = {"hold_reference": hold}
                return "/v1/extensions", values, lambda: self.kept.extend(reference, hold)
            case Kind.INCREASE:
                values = {"hold_reference": hold, **money}
                path = "/v1/increases"
                return path, values, lambda: self.kept.increase(reference, hold, amount_fen)
            case Kind.ADVANCE | Kind.REFUND:
                method = operation.method
                name = "card_token" if method == "card" else "payout_token"
                token = card if method == "card" else operation.payout_token
                values = {name: token, "method": method, **money}
                advances = operation.kind is Kind.ADVANCE
                pay = self.kept.advance if advances else self.kept.refund
                path = "/v1/advances" if advances else "/v1/refunds"
                return path, values, lambda: pay(reference, token, method, amount_fen)
            case Kind.RELEASE:
                values = {"hold_reference": hold, **part}
                return (
                    "/v1/releases",
                    values,
                    lambda: self.kept.release(reference, hold, part_fen),
                )
            case Kind.CAPTURE:
                values = {"hold_reference": hold, **money, **part}
                return (
                    "/v1/captures",
                    values,
                    lambda: self.kept.capture(reference, hold, amount_fen, part_fen),
                )

    def look_up(self, reference: str) -> Answer | None:
        """Repeat the book's answer."""
        self._plugged()
        told = self.kept.look_up(reference)
        return None if told is None else answer_of(told.text)

    def look_up_many(self, references: Sequence[str]) -> dict[str, Answer | None]:
        """Repeat the book's answers."""
        self._plugged()
        return {reference: self.look_up(reference) for reference in references}

    def book(self) -> NetworkBook:
        """Tell the book's totals."""
        self._plugged()
        told = self.kept.book_totals()
        return NetworkBook(**{name: told[name] for name in NetworkBook.__dataclass_fields__})

    def line(self) -> Line:
        """Tell that the line is up, unless nothing is reached."""
        return Line(is_up=not self.unplugged)

    def holds(self, references: Sequence[str]) -> dict[str, HeldState | None]:
        """Tell where holds stand."""
        self._plugged()
        found = self.kept.hold_states(references)
        told = Holds.model_validate_json(answers.written({"holds": found}))
        return {name: None if one is None else one.held() for name, one in told.holds.items()}

    def statement_days(self) -> list[date]:
        """Tell the days whose statements are ready."""
        self._plugged()
        return [date.fromisoformat(day) for day in self.kept.statement_days()]

    @contextmanager
    def statement(self, day: date) -> Iterator[Iterator[bytes]]:
        """Give a day's statement line by line."""
        self._plugged()
        try:
            lines = self.kept.statement(day.isoformat())
        except Rejected as rejected:
            raise NetworkRejected(rejected.code) from None
        yield (line.encode() for line in lines)

    def _keyed(
        self, path: str, key: str, values: dict[str, Any], ask: Callable[[], answers.Answer]
    ) -> answers.Answer:
        """Ask under a key."""
        try:
            return self.kept.answer_once(key, fingerprint("POST", path, values), ask)
        except Rejected as rejected:
            raise NetworkRejected(rejected.code) from None

    def _plugged(self) -> None:
        if self.unplugged:
            raise NetworkSilent


def answer_of(text: str) -> Answer:
    """The book's answer as our port says it; read as it is over HTTP."""
    return Booked.model_validate_json(text).answer()
