"""The ledger: accounts, postings, and each business event's entry, which sums to zero."""

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from refund.core.errors import Refused
from refund.core.money import FEN_MAX, Amounts


class Account(Enum):
    """The agency's books of the refund.

    `network` is our settlement account at the payment network; `advance` is what travellers owe
    until their departure is proved; `treasury` is what the treasury owes us for confirmed refunds;
    `fee` is earned, and bears what was paid and is claimed no more; `till` is the cash at the
    counters, `till_difference` what counting found too much or too little; `bank` is the agency's
    own account, which fills the tills and is paid by treasury and stores; `store` is what stores
    took back from travellers for us; `written_off` is what the agency gave up; `network_fee` what
    the payment network charged for its work; `network_difference` what its book and ours did not
    agree on; the two guarantee accounts are a memorandum pair for money on hold at the card.
    """

    NETWORK = "network"
    ADVANCE = "advance"
    TREASURY = "treasury"
    FEE = "fee"
    GUARANTEE_HELD = "guarantee_held"
    GUARANTEE_GIVEN = "guarantee_given"
    TILL = "till"
    TILL_DIFFERENCE = "till_difference"
    BANK = "bank"
    STORE = "store"
    WRITTEN_OFF = "written_off"
    NETWORK_FEE = "network_fee"
    NETWORK_DIFFERENCE = "network_difference"


class Side(Enum):
    """Which side of an account a posting stands on."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry: fen above zero on one side of one account."""

    account: Account
    side: Side
    amount_fen: int

    def __post_init__(self) -> None:
        """Refuse what is no amount: a defect, never a person's mistake."""
        if not 0 < self.amount_fen <= FEN_MAX:
            raise ValueError(self.amount_fen)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one business event posts; `event_key` names the event, so that it is posted once.

    `form_id` is empty for what concerns no form, such as the cash of a till.
    """

    event_key: str
    kind: str
    form_id: str
    postings: tuple[Posting, ...]
    reverses: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse an entry that does not sum to zero: a defect."""
        if balance_fen(self.postings) != 0 or not self.postings:
            raise ValueError(self.event_key)
        if self.reverses and not self.reason:
            raise ValueError(self.event_key)


def balance_fen(postings: tuple[Posting, ...]) -> int:
    """Debits less credits."""
    return sum(p.amount_fen if p.side is Side.DEBIT else -p.amount_fen for p in postings)


def _debit(account: Account, amount_fen: int) -> Posting:
    return Posting(account, Side.DEBIT, amount_fen)


def _credit(account: Account, amount_fen: int) -> Posting:
    return Posting(account, Side.CREDIT, amount_fen)


def hold_entry(reference: str, form_id: str, amount_fen: int) -> Entry:
    """A hold was placed on the traveller's card; no money moved, both memorandum accounts grow."""
    return Entry(
        reference,
        "hold",
        form_id,
        (
            _debit(Account.GUARANTEE_HELD, amount_fen),
            _credit(Account.GUARANTEE_GIVEN, amount_fen),
        ),
    )


def _hold_ended(amount_fen: int) -> tuple[Posting, ...]:
    if not amount_fen:
        return ()
    return (
        _debit(Account.GUARANTEE_GIVEN, amount_fen),
        _credit(Account.GUARANTEE_HELD, amount_fen),
    )


def withdrawal_entry(reference: str, form_id: str, held_fen: int) -> Entry:
    """A hold was given up before any advance was paid."""
    return Entry(reference, "withdrawal", form_id, _hold_ended(held_fen))


def advance_entry(reference: str, form_id: str, amount_fen: int) -> Entry:
    """The advance was paid: the traveller owes it until the departure is proved.

    Source: SAT 9/2025.
    """
    return Entry(
        reference,
        "advance",
        form_id,
        (_debit(Account.ADVANCE, amount_fen), _credit(Account.NETWORK, amount_fen)),
    )


def _earned(due: Amounts) -> tuple[Posting, ...]:
    """A refund is confirmed: the treasury owes gross, the fee is earned; net is still to stand."""
    if not due.gross_fen:
        return ()
    fee = (_credit(Account.FEE, due.fee_fen),) if due.fee_fen else ()
    return (_debit(Account.TREASURY, due.gross_fen), *fee)


def release_entry(reference: str, form_id: str, amounts: Amounts, held_fen: int) -> Entry:
    """The promise was kept: the advance was the refund, the treasury owes gross, the fee is earned.

    `held_fen` is zero when the hold ended by itself before.

    Source: SAT 9/2025.
    """
    return Entry(
        reference,
        "release",
        form_id,
        (*_earned(amounts), _credit(Account.ADVANCE, amounts.net_fen), *_hold_ended(held_fen)),
    )


def adjust_entry(
    reference: str, form_id: str, due: Amounts, captured_fen: int, held_fen: int
) -> Entry:
    """The promise was kept with fewer goods: what is due was the refund, the rest came back.

    `captured_fen` may be zero, when the store took the difference back before, and `held_fen`,
    when the hold ended by itself before.

    Source: SAT 9/2025; the difference is a project decision.
    """
    back = (_debit(Account.NETWORK, captured_fen),) if captured_fen else ()
    settled_fen = due.net_fen + captured_fen
    return Entry(
        reference,
        "adjust",
        form_id,
        (
            *_earned(due),
            *back,
            *((_credit(Account.ADVANCE, settled_fen),) if settled_fen else ()),
            *_hold_ended(held_fen),
        ),
    )


def capture_entry(reference: str, form_id: str, captured_fen: int, held_fen: int) -> Entry:
    """The advance came back from the card; what is left of the hold ends with it.

    Source: SAT 9/2025.
    """
    return Entry(
        reference,
        "capture",
        form_id,
        (
            _debit(Account.NETWORK, captured_fen),
            _credit(Account.ADVANCE, captured_fen),
            *_hold_ended(held_fen),
        ),
    )


def recovered_entry(return_id: str, form_id: str, recovered_fen: int) -> Entry:
    """A store took back in cash what goods brought back had brought the traveller."""
    return Entry(
        return_id,
        "recovered",
        form_id,
        (_debit(Account.STORE, recovered_fen), _credit(Account.ADVANCE, recovered_fen)),
    )


def returned_entry(reference: str, form_id: str, held_fen: int) -> Entry:
    """All goods came back and the money with them: the hold alone ends."""
    return Entry(reference, "returned", form_id, _hold_ended(held_fen))


def refund_entry(key: str, form_id: str, due: Amounts, paid_from: Account) -> Entry:
    """An ordinary refund was paid, from the till or through the network.

    Source: SAT 41/2015 (payment after review).
    """
    return Entry(key, "refund", form_id, (*_earned(due), _credit(paid_from, due.net_fen)))


def till_opened_entry(till_id: str, float_fen: int) -> Entry:
    """A counter's till got its cash."""
    return Entry(
        f"{till_id}-opened",
        "till_opened",
        "",
        (_debit(Account.TILL, float_fen), _credit(Account.BANK, float_fen)),
    )


def till_closed_entry(till_id: str, counted_fen: int, expected_fen: int) -> Entry | None:
    """A till was counted and emptied; None when there was nothing in it and nothing expected."""
    difference_fen = counted_fen - expected_fen
    postings = []
    if counted_fen:
        postings.append(_debit(Account.BANK, counted_fen))
    if expected_fen:
        postings.append(_credit(Account.TILL, expected_fen))
    if difference_fen > 0:
        postings.append(_credit(Account.TILL_DIFFERENCE, difference_fen))
    elif difference_fen < 0:
        postings.append(_debit(Account.TILL_DIFFERENCE, -difference_fen))
    if not postings:
        return None
    return Entry(f"{till_id}-closed", "till_closed", "", tuple(postings))


def treasury_paid_entry(settlement_number: str, amount_fen: int) -> Entry:
    """The treasury paid a month's settlement, or got back what is below zero."""
    received = amount_fen > 0
    to, of = (Account.BANK, Account.TREASURY) if received else (Account.TREASURY, Account.BANK)
    # A month can be worth more than one posting takes.
    parts = [min(FEN_MAX, abs(amount_fen) - start) for start in range(0, abs(amount_fen), FEN_MAX)]
    return Entry(
        f"{settlement_number}-paid",
        "treasury_paid",
        "",
        (*(_debit(to, part) for part in parts), *(_credit(of, part) for part in parts)),
    )


def unclaimed_entry(entry: Entry) -> Entry:
    """What an entry that was reversed really moved, but its claim: the agency bears it.

    Posted after the reversal of an entry that claimed something of the treasury.
    """
    kept = tuple(p for p in entry.postings if p.account not in (Account.TREASURY, Account.FEE))
    borne = _debit(Account.FEE, -balance_fen(kept))
    return Entry(f"{entry.event_key}-unclaimed", "unclaimed", entry.form_id, (borne, *kept))


def hold_lapsed_entry(reference: str, form_id: str, held_fen: int) -> Entry:
    """The network ended a hold by itself."""
    return Entry(reference, "hold_lapsed", form_id, _hold_ended(held_fen))


def increase_entry(reference: str, form_id: str, added_fen: int) -> Entry:
    """A hold grew; no money moved."""
    return replace(hold_entry(reference, form_id, added_fen), kind="increase")


def freed_entry(reference: str, form_id: str, held_fen: int) -> Entry:
    """A hold ended without a charge, for nothing was owed any more."""
    return Entry(reference, "freed", form_id, _hold_ended(held_fen))


def returned_payout_entry(reference: str, form_id: str, amount_fen: int) -> Entry:
    """A payout came back from the bank: the traveller does not have it, so it is not owed."""
    return Entry(
        f"{reference}-returned",
        "payout_returned",
        form_id,
        (_debit(Account.NETWORK, amount_fen), _credit(Account.ADVANCE, amount_fen)),
    )


def pay_again_entry(reference: str, form_id: str, amount_fen: int) -> Entry:
    """What came back was paid once more."""
    return Entry(
        reference,
        "pay_again",
        form_id,
        (_debit(Account.ADVANCE, amount_fen), _credit(Account.NETWORK, amount_fen)),
    )


def write_off_entry(key: str, form_id: str, outstanding_fen: int, held_fen: int) -> Entry:
    """The agency gave up what a traveller owes, and the hold with it where one stood."""
    return Entry(
        key,
        "write_off",
        form_id,
        (
            _debit(Account.WRITTEN_OFF, outstanding_fen),
            _credit(Account.ADVANCE, outstanding_fen),
            *_hold_ended(held_fen),
        ),
    )


def network_fees_key(day: date, number: int = 0) -> str:
    """The event of a statement's fees; a later statement of the same day has its number in it."""
    again = f"-{number}" if number else ""
    return f"statement-{day.isoformat()}{again}-fees"


def network_fees_entry(key: str, fees_fen: int) -> Entry:
    """What the network charged for a day, as its statement says."""
    return Entry(
        key,
        "network_fees",
        "",
        (_debit(Account.NETWORK_FEE, fees_fen), _credit(Account.NETWORK, fees_fen)),
    )


def difference_entry(case_id: str, form_id: str, difference_fen: int) -> Entry:
    """Our account follows the network's book, by what a case found; above zero: more is there."""
    amount_fen = abs(difference_fen)
    more = difference_fen > 0
    to, of = Account.NETWORK, Account.NETWORK_DIFFERENCE
    return Entry(
        f"{case_id}-difference",
        "difference",
        form_id,
        (_debit(to if more else of, amount_fen), _credit(of if more else to, amount_fen)),
    )


def reversal(entry: Entry, reason: str) -> Entry:
    """The entry that undoes another one; the only way to correct the books.

    Raises:
        Refused: `reason_missing`.
    """
    if not reason.strip():
        raise Refused("reason_missing", "reason")
    mirrored = tuple(
        Posting(p.account, Side.CREDIT if p.side is Side.DEBIT else Side.DEBIT, p.amount_fen)
        for p in entry.postings
    )
    key = f"{entry.event_key}-reversed"
    return Entry(key, "reversal", entry.form_id, mirrored, entry.event_key, reason.strip())
