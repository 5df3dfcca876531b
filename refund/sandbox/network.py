"""The network without its HTTP: one book, each call of it one durable transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from refund.sandbox.answers import Answer, stamp
from refund.sandbox.course import Course
from refund.sandbox.entry import CardEntry
from refund.sandbox.errors import Rejected
from refund.sandbox.faults import FaultPlan
from refund.sandbox.guarantees import Guarantees
from refund.sandbox.holds import Holds
from refund.sandbox.journal import PAGE_MAX, Journal, Request, Verdict
from refund.sandbox.keys import Keys
from refund.sandbox.payouts import Payouts
from refund.sandbox.sessions import CardDesk, CardSession, SessionRequest
from refund.sandbox.statement import Statements
from refund.sandbox.store import BookFile
from refund.sandbox.tokens import Tokens
from refund.sandbox.webhooks import Outbox


class Book:
    """The payment network without its HTTP: every call is one durable transaction.

    Args: `database` a path or `:memory:`; `clock` gives aware moments; `new_id` takes a kind
    (session, page, card, payout, hold, extend, increase, advance, refund, release, capture) and
    gives an id that nobody can guess; `announces` says whether webhooks are made, and `fleeting`
    whether the book is thrown away, so that nothing waits for the disk.

    For 24 hours an operation is known by its reference: the same request again gets the first
    answer, another request under a used reference is Rejected as `duplicate_reference`.  Then the
    reference is forgotten, and the same request books a second operation.  What is refused is
    booked too.  Before anything is told or booked, all happens that has come due.
    """

    def __init__(
        self,
        database: str,
        clock: Callable[[], datetime],
        new_id: Callable[[str], str],
        *,
        announces: bool = True,
        fleeting: bool = False,
    ) -> None:
        self.file = BookFile(database, fleeting=fleeting)
        self.clock = clock
        self.faults = FaultPlan(self.file, clock)
        self.outbox = Outbox(self.file, self.faults, announces=announces)
        self._desk = CardDesk(self.file, clock, new_id)
        self._keys = Keys(self.file)
        self._course = Course(self.file)
        self._journal = Journal(self.file, self._keys, self._course, self.outbox)
        self._statements = Statements(self.file, self._course, self.faults)
        self._holds = Holds(self.file, self._course, self.outbox)
        self._tokens = tokens = Tokens(self.file)
        self._payouts = Payouts(self.file, tokens, self._journal, self._course, self.faults, new_id)
        self._guarantees = Guarantees(self._holds, tokens, self._journal, self.faults, new_id)

    def open_card_session(self, request: SessionRequest) -> CardSession:
        """Open the page for a traveller's card; the same request again opens nothing new."""
        return self._desk.open_session(request)

    def card_session(self, session_id: str) -> CardSession | None:
        """Return a card session as it stands now, None when there is none."""
        return self._desk.session(session_id)

    def submit_card(self, session_id: str, entry: CardEntry) -> CardSession:
        """Take the card of an open session; keeps tokens, never numbers."""
        return self._desk.enter(session_id, entry)

    def cancel_card_session(self, session_id: str) -> CardSession:
        """End an open session without a card."""
        return self._desk.cancel(session_id)

    def hold(self, reference: str, card_token: str, amount_fen: int) -> Answer:
        """Reserve an amount on a card, all or a part: 201 held, or 402 refused with its reason.

        Raises: Rejected `unknown_card`, `duplicate_reference`.
        """
        request = Request(reference, "hold", amount_fen, token=card_token)
        return self._book(request, self._guarantees.decide_hold)

    def extend(self, reference: str, hold_reference: str) -> Answer:
        """Let a hold last longer: 201 extended, 402 `not_extendable`, `hold_expired`, or 409.

        Raises: Rejected `unknown_hold`, `duplicate_reference`.
        """
        request = Request(reference, "extend", 0, hold_reference)
        return self._book(request, self._guarantees.decide_extension)

    def increase(self, reference: str, hold_reference: str, amount_fen: int) -> Answer:
        """Let a hold stand for more: 201 increased, 402 `not_incremental`, `declined`, or 409.

        Raises: Rejected `unknown_hold`, `duplicate_reference`.
        """
        request = Request(reference, "increase", amount_fen, hold_reference)
        return self._book(request, self._guarantees.decide_increase)

    def advance(self, reference: str, token: str, method: str, amount_fen: int) -> Answer:
        """Pay money out, to a card or an account: 201 paid, 202 pending or 402 refused.

        Raises: Rejected `unknown_card`, `unknown_payout`, `duplicate_reference`.
        """
        request = Request(reference, "advance", amount_fen, token=token, method=method)
        return self._book(request, self._payouts.decide)

    def refund(self, reference: str, token: str, method: str, amount_fen: int) -> Answer:
        """Pay an ordinary refund out, as `advance` pays an advance.

        Raises: Rejected `unknown_card`, `unknown_payout`, `duplicate_reference`.
        """
        request = Request(reference, "refund", amount_fen, token=token, method=method)
        return self._book(request, self._payouts.decide)

    def release(self, reference: str, hold_reference: str, part_fen: int = 0) -> Answer:
        """Give back what stands of a hold: 201, 402 `hold_expired` or 409 `hold_already_ended`.

        `part_fen` above zero gives back that much, and the rest goes on standing.

        Raises: Rejected `unknown_hold`, `amount_above_hold`, `duplicate_reference`.
        """
        request = Request(reference, "release", 0, hold_reference, part_fen=part_fen)
        return self._book(request, self._guarantees.decide_release)

    def capture(
        self, reference: str, hold_reference: str, amount_fen: int, part_fen: int = 0
    ) -> Answer:
        """Charge what stands of a hold, all or some; what is not charged is released with it.

        `part_fen` above zero ends that much of the hold, and the rest goes on standing.

        Raises: Rejected `unknown_hold`, `amount_above_hold`, `duplicate_reference`.
        """
        request = Request(reference, "capture", amount_fen, hold_reference, part_fen=part_fen)
        return self._book(request, self._guarantees.decide_capture)

    def look_up(self, reference: str) -> Answer | None:
        """Return how the latest booking of a reference stands now, None when there is none.

        The body adds `bookings`: how often the reference was booked.
        """
        self.pass_time()
        return self._journal.look_up(reference)

    def look_up_many(self, references: Iterable[str]) -> dict[str, Answer | None]:
        """Return how each reference stands now, None for each that is not booked."""
        self.pass_time()
        return {reference: self._journal.look_up(reference) for reference in references}

    def hold_state(self, reference: str) -> dict[str, Any] | None:
        """Return where a hold stands now: held, released, captured, expired or ended by the bank.

        A reference means its latest hold; None when there is none.
        """
        return self.hold_states([reference])[reference]

    def hold_states(self, references: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """Return where each hold stands now, None for each that is unknown."""
        self.pass_time()
        return self._holds.find_many(references)

    def end_hold_early(self, reference: str) -> dict[str, Any]:
        """Do what the card's bank may do: end a hold that stands; returns where it stands then.

        Raises: Rejected `unknown_hold`.
        """
        now = self.clock()
        with self.file.write():
            self._course.pass_time(now)
            hold = self._holds.find(reference)
            if hold is None:
                raise Rejected(404, "unknown_hold", "There is no such hold.")
            return self._holds.end_early(hold, now).told()

    def answer_once(self, key: str, fingerprint: str, ask: Callable[[], Answer]) -> Answer:
        """Answer a keyed request; within 24 h the same key gets the same text again.

        The operation and its answer are kept in one transaction.

        Raises: Rejected `key_reused` when the key came with another request.
        """
        return self._keys.answer_once(key, fingerprint, self.clock(), ask)

    def forget_key(self, key: str) -> None:
        """Forget a key and its reference's protection at once, as if 24 hours had passed."""
        self._keys.forget(key)

    def last4_of(self, token: str, hold_reference: str) -> str:
        """Return the four digits of the card that a request concerns, by token or by hold."""
        if token:
            return self._tokens.last4(token)
        hold = self._holds.find(hold_reference)
        return "" if hold is None else hold.last4

    def pass_time(self) -> int:
        """Let everything happen that has come due; returns how many things that were."""
        return self._course.pass_time(self.clock())

    def book_totals(self) -> dict[str, Any]:
        """Return the whole book in figures; `balance_fen` is what our account gained.

        A payout counts once it is paid, and what came back besides; fees count once the day is
        closed that they belong to.
        """
        now = self.clock()
        self._course.pass_time(now)
        return self._statements.totals() | {"at": stamp(now)}

    def operations_after(self, cursor: int, limit: int = PAGE_MAX) -> list[dict[str, Any]]:
        """Return booked operations in the order of booking, at most `limit`, after a cursor."""
        self.pass_time()
        return self._journal.listed(cursor, limit)

    def statement_days(self) -> dict[str, str]:
        """Return the days that are over, in order, each with the moment its statement is there."""
        self.pass_time()
        return self._statements.days()

    def statement(self, day: str) -> Iterator[str]:
        """Return the lines of a day's statement, one at a time.

        Raises: Rejected `statement_not_ready`.
        """
        now = self.clock()
        self._course.pass_time(now)
        return self._statements.lines(day, now)

    def close(self) -> None:
        """Close the book's file."""
        self.file.close()

    def _book(self, request: Request, decide: Callable[[Request, datetime], Verdict]) -> Answer:
        now = self.clock()
        with self.file.write():
            self._course.pass_time(now)
            return self._journal.book(request, decide, now)
