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


S, E = Status, Event

TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (S.ISSUED, E.SIGN_AGREEMENT): S.AGREED,
    (S.ISSUED, E.CHOOSE_ORDINARY): S.ORDINARY,
    (S.ISSUED, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.ISSUED, E.REFUSE_AT_CUSTOMS): S.CUSTOMS_REFUSED,
    (S.ISSUED, E.VOID): S.VOID,
    (S.ISSUED, E.SUPERSEDE): S.SUPERSEDED,
    (S.AGREED, E.REQUEST_HOLD): S.HOLDING,
    (S.AGREED, E.CHOOSE_ORDINARY): S.ORDINARY,
    (S.AGREED, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.AGREED, E.REFUSE_AT_CUSTOMS): S.CUSTOMS_REFUSED,
    (S.AGREED, E.VOID): S.VOID,
    (S.AGREED, E.SUPERSEDE): S.SUPERSEDED,
    (S.HOLDING, E.HOLD_SUCCEEDED): S.HELD,
    (S.HOLDING, E.HOLD_REFUSED): S.AGREED,
    (S.HELD, E.REQUEST_ADVANCE): S.ADVANCING,
    (S.HELD, E.WITHDRAW): S.WITHDRAWING,
    (S.WITHDRAWING, E.WITHDRAWN): S.ORDINARY,
    (S.ADVANCING, E.ADVANCE_SUCCEEDED): S.ADVANCED,
    (S.ADVANCING, E.ADVANCE_REFUSED): S.HELD,
    (S.ORDINARY, E.VERIFY): S.ORDINARY_VERIFIED,
    (S.ORDINARY, E.REFUSE_AT_CUSTOMS): S.CUSTOMS_REFUSED,
    (S.ORDINARY, E.VOID): S.VOID,
    (S.ORDINARY, E.SUPERSEDE): S.SUPERSEDED,
    (S.ADVANCED, E.VERIFY): S.VERIFIED,
    (S.ADVANCED, E.VERIFY_PARTLY): S.VERIFIED_PARTLY,
    (S.ADVANCED, E.REFUSE_AT_CUSTOMS): S.CUSTOMS_REFUSED,
    (S.ADVANCED, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.VERIFIED, E.REQUEST_RELEASE): S.RELEASING,
    (S.VERIFIED, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.VERIFIED_PARTLY, E.REQUEST_CAPTURE): S.CAPTURING,
    (S.CUSTOMS_REFUSED, E.REQUEST_FORFEIT): S.FORFEITING,
    (S.RELEASING, E.RELEASE_SUCCEEDED): S.RELEASED,
    (S.RELEASING, E.RELEASE_REFUSED): S.VERIFIED,
    (S.CAPTURING, E.CAPTURE_SUCCEEDED): S.CAPTURED,
    (S.CAPTURING, E.CAPTURE_REFUSED): S.UNCOLLECTED,
    (S.FORFEITING, E.FORFEIT_SUCCEEDED): S.FORFEITED,
    (S.FORFEITING, E.FORFEIT_REFUSED): S.UNCOLLECTED,
    (S.UNCOLLECTED, E.REQUEST_CAPTURE): S.CAPTURING,
}

IN_FLIGHT = frozenset(
    {S.HOLDING, S.ADVANCING, S.WITHDRAWING, S.RELEASING, S.CAPTURING, S.FORFEITING}
)
"""States in which the network has been asked and has not been heard."""

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


TRIES = 5
"""Wrong claim codes that a form allows in its whole life. Source: project decision."""
