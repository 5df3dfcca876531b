"""What the network tells, as models: whatever does not fit one of them is no answer."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from refund.core.operation import Answer, Heard, HeldState, HoldState, Kind

_DONE = {
    Kind.HOLD: "held",
    Kind.EXTEND: "extended",
    Kind.INCREASE: "increased",
    Kind.ADVANCE: "paid",
    Kind.RELEASE: "released",
    Kind.CAPTURE: "captured",
    Kind.REFUND: "paid",
}
_HEARD = {"pending": Heard.PENDING, "returned": Heard.RETURNED, "refused": Heard.REFUSED}
_PAYOUTS = frozenset({Kind.ADVANCE, Kind.REFUND})
_STATUS = {Heard.DONE: (201,), Heard.PENDING: (202,), Heard.REFUSED: (402, 409)}


class Told(BaseModel):
    """Something the network tells; what it tells besides is not looked at."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


_Word = Field(pattern=r"^[A-Za-z0-9._:~-]{1,100}$")
_Reason = Field(pattern=r"^[a-z_]{1,40}$")
_Text = Field(max_length=100)


class Booked(Told):
    """An operation as it stands in the network's book."""

    reference: str = _Word
    kind: Literal["hold", "extend", "increase", "advance", "release", "capture", "refund"]
    state: Literal[
        "held",
        "extended",
        "increased",
        "paid",
        "pending",
        "returned",
        "released",
        "captured",
        "refused",
    ]
    amount_fen: int = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    version: int = Field(1, ge=1)
    bookings: int = Field(1, ge=1)
    network_id: str | None = Field(None, pattern=r"^[A-Za-z0-9._:~-]{1,100}$")
    reason: str | None = Field(None, pattern=r"^[a-z_]{1,40}$")
    authorisation_code: str = Field("", pattern=r"^[A-Z0-9]{0,12}$")
    brand: str = Field("", max_length=40)
    last4: str = Field("", pattern=r"^([0-9]{4})?$")
    expires_at: AwareDatetime | None = None
    approved_fen: int = Field(0, ge=0)
    captured_fen: int = Field(0, ge=0)
    extendable: bool = False
    increments: bool = False

    @property
    def heard(self) -> Heard:
        """What it says, whatever the kind."""
        return _HEARD.get(self.state, Heard.DONE)

    @property
    def is_whole(self) -> bool:
        """Whether a yes carries what proves it, and a no its reason."""
        kind = Kind(self.kind)
        match self.heard:
            case Heard.REFUSED:
                return self.reason is not None
            case Heard.PENDING | Heard.RETURNED:
                return self.network_id is not None and kind in _PAYOUTS
            case Heard.DONE:
                lasts = kind not in (Kind.HOLD, Kind.EXTEND) or self.expires_at is not None
                return self.network_id is not None and self.state == _DONE[kind] and lasts

    def fits_status(self, status: int) -> bool:
        """Whether the answer's status says the same."""
        return status in _STATUS.get(self.heard, (201,))

    def answer(self) -> Answer:
        """What is told, as the service reads it."""
        kind = Kind(self.kind)
        charged = kind is Kind.CAPTURE and self.heard is Heard.DONE
        granted = kind is Kind.HOLD and self.heard is Heard.DONE
        return Answer(
            reference=self.reference,
            kind=kind,
            amount_fen=self.amount_fen,
            currency=self.currency,
            network_id=self.network_id or "",
            refusal=self.reason or "" if self.heard is Heard.REFUSED else "",
            authorisation_code=self.authorisation_code,
            brand=self.brand,
            last4=self.last4,
            expires_at=self.expires_at,
            charged_fen=(self.captured_fen or self.amount_fen) if charged else 0,
            heard=self.heard,
            approved_fen=(self.approved_fen or self.amount_fen) if granted else self.approved_fen,
            extendable=self.extendable,
            increments=self.increments,
            version=self.version,
            bookings=self.bookings,
        )


class HoldTold(Told):
    """Where a hold stands now."""

    reference: str = _Word
    amount_fen: int = Field(gt=0)
    state: Literal["held", "released", "captured", "expired", "ended"]
    expires_at: AwareDatetime
    captured_fen: int = Field(ge=0)
    released_fen: int = Field(ge=0)
    extendable: bool = False

    def held(self) -> HeldState:
        """What is told, as the service reads it."""
        return HeldState(
            reference=self.reference,
            amount_fen=self.amount_fen,
            state=HoldState(self.state),
            expires_at=self.expires_at,
            captured_fen=self.captured_fen,
            released_fen=self.released_fen,
            extendable=self.extendable,
        )


class Holds(Told):
    """Many holds by their references."""

    holds: dict[str, HoldTold | None]


class Days(Told):
    """The days whose statements are ready."""

    # A day comes as text.
    model_config = ConfigDict(strict=False, frozen=True, extra="ignore")
    days: list[date]


class Found(Told):
    """Many operations by their references."""

    operations: dict[str, Booked | None]


class Session(Told):
    """A card page that was opened."""

    session_id: str = _Word
    page_url: str = Field(pattern=r"^https?://[^\s\\@]{1,400}$")


class Card(Told):
    """A card by its token."""

    token: str = _Word
    brand: str = _Text
    last4: str = Field(pattern=r"^[0-9]{4}$")


class Payout(Told):
    """An account by its token."""

    token: str = _Word
    label: str = _Text
    method: str = Field(pattern=r"^[a-z_]{1,20}$")


class Entry(Told):
    """What became of a card page."""

    session_id: str = _Word
    reference: str = _Word
    state: Literal["open", "entered", "cancelled", "expired"]
    card: Card | None = None
    payout: Payout | None = None


class Book(Told):
    """The network's totals; the balance may be below zero."""

    payouts_fen: int = Field(ge=0)
    captures_fen: int = Field(ge=0)
    balance_fen: int
    returned_fen: int = Field(0, ge=0)
    fees_fen: int = Field(0, ge=0)
    held_open_fen: int = Field(ge=0)
    operations: int = Field(ge=0)


class Health(Told):
    """What the network says of itself."""

    status: Literal["ok"]
    version: str = _Text


class Error(Told):
    """Why the network would not take a request."""

    code: str = _Reason


class Rejection(Told):
    """The body of a request that was not taken."""

    error: Error
