"""The life of a refund application form: states, events, and the table of what may follow what."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from refund.core.errors import Refused
from refund.core.money import Amounts


class Status(Enum):
    """Where a form stands; the words are stable for ever."""

    ISSUED = "issued"
    AGREED = "agreed"
    HOLDING = "holding"
    HELD = "held"
    ADVANCING = "advancing"
    ADVANCED = "advanced"
    WITHDRAWING = "withdrawing"
    ORDINARY = "ordinary"
    VERIFIED = "verified"
    VERIFIED_PARTLY = "verified_partly"
    CUSTOMS_REFUSED = "customs_refused"
    ORDINARY_VERIFIED = "ordinary_verified"
    RELEASING = "releasing"
    RELEASED = "released"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    FORFEITING = "forfeiting"
    FORFEITED = "forfeited"
    UNCOLLECTED = "uncollected"
    VOID = "void"
    SUPERSEDED = "superseded"
    ADJUSTING = "adjusting"
    ADJUSTED = "adjusted"
    RETURNING = "returning"
    RETURNED = "returned"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    DENIED = "denied"
    WAIVING = "waiving"
    WRITTEN_OFF = "written_off"


class Event(Enum):
    """What can happen to a form."""

    SIGN_AGREEMENT = "sign_agreement"
    CHOOSE_ORDINARY = "choose_ordinary"
    REQUEST_HOLD = "request_hold"
    HOLD_SUCCEEDED = "hold_succeeded"
    HOLD_REFUSED = "hold_refused"
    REQUEST_ADVANCE = "request_advance"
    ADVANCE_SUCCEEDED = "advance_succeeded"
    ADVANCE_REFUSED = "advance_refused"
    WITHDRAW = "withdraw"
    WITHDRAWN = "withdrawn"
    VERIFY = "verify"
    VERIFY_PARTLY = "verify_partly"
    REFUSE_AT_CUSTOMS = "refuse_at_customs"
    REQUEST_RELEASE = "request_release"
    RELEASE_SUCCEEDED = "release_succeeded"
    RELEASE_REFUSED = "release_refused"
    REQUEST_CAPTURE = "request_capture"
    CAPTURE_SUCCEEDED = "capture_succeeded"
    CAPTURE_REFUSED = "capture_refused"
    REQUEST_FORFEIT = "request_forfeit"
    FORFEIT_SUCCEEDED = "forfeit_succeeded"
    FORFEIT_REFUSED = "forfeit_refused"
    VOID = "void"
    SUPERSEDE = "supersede"
    REQUEST_ADJUST = "request_adjust"
    ADJUST_SUCCEEDED = "adjust_succeeded"
    ADJUST_REFUSED = "adjust_refused"
    RETURN_PART = "return_part"
    REQUEST_RETURN = "request_return"
    RETURN_SUCCEEDED = "return_succeeded"
    RETURN_REFUSED = "return_refused"
    REOPEN = "reopen"
    PAY_CASH = "pay_cash"
    REQUEST_REFUND = "request_refund"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_REFUSED = "refund_refused"
    REFUSE_AT_REVIEW = "refuse_at_review"
    HOLD_UNFIT = "hold_unfit"
    REQUEST_WAIVE = "request_waive"
    WAIVE_SUCCEEDED = "waive_succeeded"
    WAIVE_REFUSED = "waive_refused"
    WRITE_OFF = "write_off"


S, E = Status, Event

TRANSITIONS: dict[tuple[Status, Event], Status] = {
    # At the counter and on the phone.
    (S.ISSUED, E.SIGN_AGREEMENT): S.AGREED,
    (S.ISSUED, E.CHOOSE_ORDINARY): S.ORDINARY,
    (S.ISSUED, E.VOID): S.VOID,
    (S.ISSUED, E.SUPERSEDE): S.SUPERSEDED,
    (S.AGREED, E.REQUEST_HOLD): S.HOLDING,
    (S.AGREED, E.CHOOSE_ORDINARY): S.ORDINARY,
    (S.AGREED, E.VOID): S.VOID,
    (S.AGREED, E.SUPERSEDE): S.SUPERSEDED,
    (S.HOLDING, E.HOLD_SUCCEEDED): S.HELD,
    (S.HOLDING, E.HOLD_REFUSED): S.AGREED,
    (S.HELD, E.REQUEST_ADVANCE): S.ADVANCING,
    (S.HELD, E.WITHDRAW): S.WITHDRAWING,
    (S.WITHDRAWING, E.WITHDRAWN): S.ORDINARY,
    (S.WITHDRAWING, E.HOLD_UNFIT): S.AGREED,
    (S.ADVANCING, E.ADVANCE_SUCCEEDED): S.ADVANCED,
    (S.ADVANCING, E.ADVANCE_REFUSED): S.HELD,
    (S.ORDINARY, E.VOID): S.VOID,
    (S.ORDINARY, E.SUPERSEDE): S.SUPERSEDED,
    # Goods brought back, and mistakes found, after the advance.
    (S.ADVANCED, E.RETURN_PART): S.ADVANCED,
    (S.ADVANCED, E.REQUEST_RETURN): S.RETURNING,
    (S.RETURNING, E.RETURN_SUCCEEDED): S.RETURNED,
    (S.RETURNING, E.RETURN_REFUSED): S.ADVANCED,
    (S.RETURNED, E.SUPERSEDE): S.SUPERSEDED,
    (S.CAPTURED, E.VOID): S.VOID,
    # Customs.
    (S.ISSUED, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.ISSUED, E.VERIFY_PARTLY): S.ORDINARY_VERIFIED,
    (S.ISSUED, E.REFUSE_AT_CUSTOMS): S.DENIED,
    (S.AGREED, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.AGREED, E.VERIFY_PARTLY): S.ORDINARY_VERIFIED,
    (S.AGREED, E.REFUSE_AT_CUSTOMS): S.DENIED,
    (S.ORDINARY, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.ORDINARY, E.VERIFY_PARTLY): S.ORDINARY_VERIFIED,
    (S.ORDINARY, E.REFUSE_AT_CUSTOMS): S.DENIED,
    (S.ADVANCED, E.VERIFY): S.VERIFIED,
    (S.ADVANCED, E.VERIFY_PARTLY): S.VERIFIED_PARTLY,
    (S.ADVANCED, E.REFUSE_AT_CUSTOMS): S.CUSTOMS_REFUSED,
    # The exit: the promise kept, kept with fewer goods, broken; or no refund at all.
    (S.ADVANCED, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.ADVANCED, E.REQUEST_FORFEIT): S.FORFEITING,
    (S.VERIFIED, E.REQUEST_RELEASE): S.RELEASING,
    (S.VERIFIED, E.REQUEST_ADJUST): S.ADJUSTING,
    (S.VERIFIED, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.VERIFIED, E.REQUEST_FORFEIT): S.FORFEITING,
    (S.VERIFIED_PARTLY, E.REQUEST_ADJUST): S.ADJUSTING,
    (S.VERIFIED_PARTLY, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.VERIFIED_PARTLY, E.REQUEST_FORFEIT): S.FORFEITING,
    (S.CUSTOMS_REFUSED, E.REQUEST_FORFEIT): S.FORFEITING,
    (S.RELEASING, E.RELEASE_SUCCEEDED): S.RELEASED,
    (S.RELEASING, E.RELEASE_REFUSED): S.VERIFIED,
    (S.ADJUSTING, E.ADJUST_SUCCEEDED): S.ADJUSTED,
    (S.ADJUSTING, E.ADJUST_REFUSED): S.UNCOLLECTED,
    (S.CAPTURING, E.CAPTURE_SUCCEEDED): S.CAPTURED,
    (S.CAPTURING, E.CAPTURE_REFUSED): S.UNCOLLECTED,
    (S.FORFEITING, E.FORFEIT_SUCCEEDED): S.FORFEITED,
    (S.FORFEITING, E.FORFEIT_REFUSED): S.UNCOLLECTED,
    (S.UNCOLLECTED, E.REQUEST_RELEASE): S.RELEASING,
    (S.UNCOLLECTED, E.REQUEST_ADJUST): S.ADJUSTING,
    (S.UNCOLLECTED, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.UNCOLLECTED, E.REQUEST_FORFEIT): S.FORFEITING,
    # After a charge for a broken promise: the ordinary refund, on the same thread.
    (S.CAPTURED, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.CAPTURED, E.VERIFY_PARTLY): S.ORDINARY_VERIFIED,
    (S.CAPTURED, E.REFUSE_AT_CUSTOMS): S.FORFEITED,
    (S.CAPTURED, E.REOPEN): S.ORDINARY_VERIFIED,
    # Given up by the agency, by hand: with its hold, or without one.
    (S.ADVANCED, E.REQUEST_WAIVE): S.WAIVING,
    (S.VERIFIED, E.REQUEST_WAIVE): S.WAIVING,
    (S.VERIFIED_PARTLY, E.REQUEST_WAIVE): S.WAIVING,
    (S.CUSTOMS_REFUSED, E.REQUEST_WAIVE): S.WAIVING,
    (S.UNCOLLECTED, E.REQUEST_WAIVE): S.WAIVING,
    (S.WAIVING, E.WAIVE_SUCCEEDED): S.WRITTEN_OFF,
    (S.WAIVING, E.WAIVE_REFUSED): S.UNCOLLECTED,
    (S.ADVANCED, E.WRITE_OFF): S.WRITTEN_OFF,
    (S.VERIFIED, E.WRITE_OFF): S.WRITTEN_OFF,
    (S.VERIFIED_PARTLY, E.WRITE_OFF): S.WRITTEN_OFF,
    (S.CUSTOMS_REFUSED, E.WRITE_OFF): S.WRITTEN_OFF,
    (S.UNCOLLECTED, E.WRITE_OFF): S.WRITTEN_OFF,
    # The agency's counter.
    (S.ORDINARY_VERIFIED, E.PAY_CASH): S.REFUNDED,
    (S.ORDINARY_VERIFIED, E.REQUEST_REFUND): S.REFUNDING,
    (S.ORDINARY_VERIFIED, E.REFUSE_AT_REVIEW): S.DENIED,
    (S.REFUNDING, E.REFUND_SUCCEEDED): S.REFUNDED,
    (S.REFUNDING, E.REFUND_REFUSED): S.ORDINARY_VERIFIED,
}

IN_FLIGHT = frozenset(
    {
        *(S.HOLDING, S.ADVANCING, S.WITHDRAWING, S.RELEASING, S.CAPTURING, S.FORFEITING),
        *(S.ADJUSTING, S.RETURNING, S.REFUNDING, S.WAIVING),
    }
)
"""States in which the network has been asked and has not been heard."""

ENDED = frozenset(
    {
        *(S.RELEASED, S.ADJUSTED, S.CAPTURED, S.FORFEITED, S.RETURNED, S.REFUNDED, S.DENIED),
        *(S.VOID, S.SUPERSEDED, S.WRITTEN_OFF),
    }
)
"""States in which no money of ours is out and none is on hold, whatever may still follow."""

REFUND_STANDS = frozenset({S.RELEASED, S.ADJUSTED, S.REFUNDED})
"""States in which the refund is confirmed and paid: what the treasury owes the agency."""

GONE = frozenset({S.VOID, S.SUPERSEDED, S.RETURNED})
"""States in which the purchase counts no more: its invoices are free, its code is dead."""

UNSECURED_BEFORE_ADVANCE = frozenset({S.ISSUED, S.AGREED, S.ORDINARY})
"""States in which no money and no hold exists, so that a form can still be void."""


def follow(status: Status, event: Event) -> Status:
    """The state after an event.

    Raises:
        Refused: `not_in_this_state` when the table has no such pair.
    """
    after = TRANSITIONS.get((status, event))
    if after is None:
        raise Refused("not_in_this_state", status=status.value, event=event.value)
    return after


class Channel(Enum):
    """How the refund is meant to be paid: at once in the store, or at departure."""

    INSTANT = "instant"
    ORDINARY = "ordinary"


class Method(Enum):
    """Where the traveller wants the money."""

    CARD = "card"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"
    BANK_ACCOUNT = "bank_account"

    @classmethod
    def read(cls, text: str, field: str = "method") -> "Method":
        """Read a method's word.

        Raises:
            Refused: `field_missing` or `field_unreadable`.
        """
        if not text:
            raise Refused("field_missing", field)
        try:
            return cls(text)
        except ValueError:
            raise Refused("field_unreadable", field) from None


@dataclass(frozen=True, slots=True)
class Form:
    """A form as its row says, without the traveller's identity and without its lines.

    `version` counts the changes of state; each has one audit event of that number.
    `replaces` is the id of the form that this one took the place of.
    """

    form_id: str
    form_number: str
    store_number: int
    staff_id: str
    status: Status
    version: int
    channel: Channel
    issued_at: datetime
    issue_day: date
    document_index: str
    amounts: Amounts
    port: str
    port_any: bool
    depart_by: date
    export_by: date
    code: str
    tries_left: int
    claim_hash: str
    replaces: str = ""


TRIES = 5
"""Wrong claim codes that a form allows in its whole life. Source: project decision."""
