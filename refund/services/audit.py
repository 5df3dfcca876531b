"""The audit of the books: each invariant, whether it holds, and the rows that break it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from refund.core.audit import NetworkAccount
from refund.core.operation import PAYS_OUT, Answer, Heard, Kind, NetworkBook, Operation
from refund.ports import Network, NetworkSilent, Ports, Storage
from refund.transaction import Transaction

INVARIANTS: dict[str, str] = {
    "I1": "every entry sums to zero",
    "I2": "what is written stays: every guard of the tables is in place",
    "I3": "every balance, of all time and of each day, is the sum of its postings",
    "I4": "every amount is whole fen, above zero and below the limit",
    "I5": "our network account is the network's own book less what is in flight",
    "I6": "one business event is posted once",
    "I7": "corrections are reversals or differences, with reason and actor",
    "I8": "a form is advanced at most once, by our books and the network's",
    "I9": "an advance has an earlier hold of at least its amount",
    "I10": "a form has at most one hold that stands",
    "I11": "a hold ends once, in the way that was asked for",
    "I12": "what was captured and what was released is what was held",
    "I13": "a hold is released only once customs have verified, or by two persons",
    "I14": "a card is charged only for a promise broken, a refusal, a return or missing goods",
    "I15": "an advance that is out has a hold that lasts, or an open case",
    "I16": "a request has one key and one fingerprint, stored before it was sent",
    "I17": "every change of state follows the table and has one audit event",
    "I18": "nothing waits longer than 15 minutes for the network without a case",
    "I19": "a form that has ended leaves nothing on its accounts",
}
NETWORK_INVARIANT = "I5"
ADVANCED_ONCE = "I8"
AT_NETWORK = frozenset({NETWORK_INVARIANT, ADVANCED_ONCE})
"""What only the network's own word can settle."""

LEFT_OUT = "left out on request"
COPY = "left out: a copy has no network"
SILENT = "the network did not answer"
MOVING = "money moved all the while"

QUIET_TRIES = 20
"""How often the two books are read until nothing moved between the readings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant's result; `holds` is None when it could not be checked, and `why` says why."""

    invariant: str
    promise: str
    holds: bool | None
    rows: tuple[dict[str, object], ...]
    why: str = ""

    @property
    def is_left_out(self) -> bool:
        """Whether it was not to be checked."""
        return self.holds is None and self.why in (LEFT_OUT, COPY)


def audit(ports: Ports, *, with_network: bool = True, now: datetime | None = None) -> list[Finding]:
    """Check the books, the histories, and our network account against the network's own book.

    `now` is the moment by which what waits is old and what was held is over: the clock's.
    """
    books = _Books(ports.storage, ports.network if with_network else None)
    at = now or ports.clock.now()
    return [_finding(books, invariant, at) for invariant in INVARIANTS]


def audit_copy(storage: Storage) -> list[Finding]:
    """Check a copy of the books, as of the last moment that is written down in it."""
    at = storage.read(lambda tx: tx.last_moment())
    books = _Books(storage, None, COPY)
    return [_finding(books, invariant, at) for invariant in INVARIANTS]


@dataclass(frozen=True, slots=True)
class _Books:
    """What is audited: the books, and the network where it is to be asked."""

    storage: Storage
    network: Network | None
    why_not: str = LEFT_OUT


def _finding(books: _Books, invariant: str, now: datetime) -> Finding:
    promise = INVARIANTS[invariant]
    if invariant == NETWORK_INVARIANT:
        return _network(books, promise)
    rows = books.storage.read(partial(_offending, invariant, now))
    if invariant == ADVANCED_ONCE and not rows:
        return _advanced_once(books, promise)
    return Finding(invariant, promise, not rows, tuple(rows))


def _offending(invariant: str, now: datetime, tx: Transaction) -> list[dict[str, object]]:
    return tx.offending(invariant, now)


def _advanced_once(books: _Books, promise: str) -> Finding:
    """Ask the network about every form for which more than one advance was asked."""
    finding = partial(Finding, ADVANCED_ONCE, promise)
    repeated = books.storage.read(lambda tx: tx.repeated_advances())
    if not repeated:
        return finding(holds=True, rows=())
    if books.network is None:
        return finding(None, (), books.why_not)
    try:
        answers = books.network.look_up_many(list({o.sent_reference: True for o in repeated}))
    except NetworkSilent:
        return finding(None, (), SILENT)
    paid: dict[str, int] = {}
    for operation in repeated:
        answer = answers.get(operation.sent_reference)
        if answer is not None and answer.heard in (Heard.DONE, Heard.RETURNED):
            paid[operation.form_id] = paid.get(operation.form_id, 0) + answer.bookings
    rows: list[dict[str, object]] = [
        {"form_id": form_id, "advances_at_network": times}
        for form_id, times in paid.items()
        if times > 1
    ]
    return finding(not rows, tuple(rows))


@dataclass(frozen=True, slots=True)
class _Ours:
    """Our side of the comparison, at one moment."""

    account: NetworkAccount
    pending: tuple[Operation, ...]

    @property
    def references(self) -> list[str]:
        """What the network knows the pending operations by."""
        return list({operation.sent_reference: True for operation in self.pending})


@dataclass(frozen=True, slots=True)
class _Theirs:
    """The network's side, at the same moment."""

    book: NetworkBook
    answers: Mapping[str, Answer | None]


def _network(books: _Books, promise: str) -> Finding:
    """Compare the two books; what is pending here may stand there already, so it is looked up."""
    finding = partial(Finding, NETWORK_INVARIANT, promise)
    if books.network is None:
        return finding(None, (), books.why_not)
    try:
        both = _read_both(books.storage, books.network)
    except NetworkSilent:
        return finding(None, (), SILENT)
    if both is None:
        return finding(None, (), MOVING)
    ours, theirs = both
    account, book = ours.account, theirs.book
    # What came back and has not been told to us is on its way too.
    back_fen = max(0, book.returned_fen - account.returned_fen)
    in_flight_fen = _in_flight(ours.pending, theirs.answers) + back_fen
    fees_ahead_fen = book.fees_fen - account.fees_fen
    if account.kept_fen == book.balance_fen - in_flight_fen + fees_ahead_fen:
        return finding(holds=True, rows=())
    row: dict[str, object] = {
        "our_account_fen": account.kept_fen,
        "network_book_fen": book.balance_fen,
        "in_flight_fen": in_flight_fen,
        "fees_not_posted_fen": fees_ahead_fen,
    }
    return finding(holds=False, rows=(row,))


def _read_both(storage: Storage, network: Network) -> tuple[_Ours, _Theirs] | None:
    """Read both books at a moment at which neither moved; None when there was none."""
    ours = storage.read(_our_side)
    for _ in range(QUIET_TRIES):
        book = network.book()
        answers = network.look_up_many(ours.references) if ours.pending else {}
        again = storage.read(_our_side)
        if again == ours and (not ours.pending or network.book() == book):
            return ours, _Theirs(book, answers)
        ours = again
    return None


def _our_side(tx: Transaction) -> _Ours:
    return _Ours(tx.network_account(), tuple(tx.pending_operations()))


def _in_flight(pending: Sequence[Operation], answers: Mapping[str, Answer | None]) -> int:
    """What the network has booked of what is pending here: money in less money out."""
    total_fen = 0
    for operation in {one.sent_reference: one for one in pending}.values():
        answer = answers.get(operation.sent_reference)
        if answer is None or answer.heard not in (Heard.DONE, Heard.RETURNED):
            continue
        if operation.kind in PAYS_OUT:
            total_fen -= answer.amount_fen
        elif operation.kind is Kind.CAPTURE:
            total_fen += answer.charged_fen
    return total_fen
