"""What a world has in store before it runs: travellers' plans, desks with staff, planned faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum

from refund.core.calendar import SHANGHAI, day_of
from refund.core.customs import Place
from refund.core.form import Channel, Method
from refund.core.invoice import InvoiceKind
from refund.core.traveller import Traveller
from refund.gateways.workdays import is_working_day
from refund.simulation.world.busy_days import BusyDays
from refund.simulation.world.chance import exponential_quantile, lognormal_quantile

NETWORK_DOWN = "network_down"
"""Nobody reaches the payment network: no card page, no hold, no payout."""

CUSTOMS_DOWN = "customs_down"
"""The customs desks are cut off: they read codes offline and hand their decisions in later."""

OUTAGES = (NETWORK_DOWN, CUSTOMS_DOWN)
"""The faults that are not the sandbox's own; every other name is one of `sandbox.faults.NAMES`."""


class Fraud(Enum):
    """What a traveller is up to.

    SPLIT: several forms just below the sum from which every form is inspected, goods not carried.
    EMPTY_HANDED: takes the advance, hands the goods over in the city, and leaves without them.
    LENT_PASSPORT: a resident buys on a traveller's document, and goes to customs in person.
    SAME_INVOICE: the lines of one invoice are brought to the counter for a second form.
    """

    NONE = "none"
    SPLIT = "split"
    EMPTY_HANDED = "empty_handed"
    LENT_PASSPORT = "lent_passport"
    SAME_INVOICE = "same_invoice"


class Turn(Enum):
    """How a journey ends, seen from what was promised."""

    AS_PLANNED = "as_planned"
    LATE = "late"
    OTHER_PORT = "other_port"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """Some units of one kind of goods at a price with tax."""

    goods_code: str
    quantity: int
    unit_price_fen: int

    @property
    def amount_fen(self) -> int:
        """The line's price."""
        return self.quantity * self.unit_price_fen


@dataclass(frozen=True, slots=True)
class InvoicePlan:
    """One invoice of a purchase; the number is unique in a world."""

    number: str
    kind: InvoiceKind
    lines: tuple[GoodsLine, ...]


@dataclass(frozen=True, slots=True)
class Units:
    """Some units of one line: `place` is the invoice and the line, both from 0."""

    place: tuple[int, int]
    quantity: int


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """What the traveller does with the phone after the form is issued.

    Args:
        scan_after: from the issue to the first scan.
        claim_after: from the scan to the card page: reading, details, signature.
        gives_up: scans, and claims nothing; the form goes the ordinary way.
        method: where the money shall go.
        account: of a method that is not the card.
        cards: trial cards' numbers in the order tried; after the last the traveller gives up.
        retry_after: between two cards.
    """

    scan_after: timedelta
    claim_after: timedelta
    gives_up: bool
    method: Method
    account: str
    cards: tuple[str, ...]
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class WrongPassport:
    """The clerk took a companion's document; seen `noticed_after` the issue, None: at customs."""

    shown: Traveller
    noticed_after: timedelta | None


@dataclass(frozen=True, slots=True)
class GoodsBack:
    """Goods brought back to the store; every unit of the form where `units` is empty."""

    at: datetime
    units: tuple[Units, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchasePlan:
    """One visit to one store's counter.

    Args:
        at: when the traveller joins the counter's queue.
        channel: what the traveller asks for; the store's agreement decides whether it can be.
        phone: None for an ordinary form.
        not_shown: units that customs will not see, because they stayed, broke or were given away.
        again: the same invoices are brought for a second form at this moment.
    """

    at: datetime
    store_number: int
    invoices: tuple[InvoicePlan, ...]
    channel: Channel
    phone: PhonePlan | None
    not_shown: tuple[Units, ...] = ()
    goods_back: GoodsBack | None = None
    wrong_passport: WrongPassport | None = None
    again: datetime | None = None

    @property
    def sales_fen(self) -> int:
        """What the goods cost, tax included."""
        return sum(line.amount_fen for invoice in self.invoices for line in invoice.lines)

    @property
    def day(self) -> date:
        """The day of Shanghai on which it happens."""
        return day_of(self.at)


@dataclass(frozen=True, slots=True)
class Departure:
    """A way out: the flight's moment and its port."""

    at: datetime
    port: str
    flight: str


@dataclass(frozen=True, slots=True)
class CustomsPlan:
    """What the traveller does at the port.

    Args:
        before: how long before the flight the traveller joins the customs desk's queue.
        where: before check-in or after it.
        forgets: goes past the desk without declaring.
        bags_first: checked the goods in before the desk saw them: nothing can be shown.
        other_person: who stands there is not who the form names.
        cash: how an ordinary refund is wanted at the agency's counter; else by the network.
        payout_cards: tried there in this order.
        patience: how long the traveller waits in a queue before the flight is called.
    """

    before: timedelta
    where: Place
    forgets: bool = False
    bags_first: bool = False
    other_person: bool = False
    cash: bool = True
    payout_cards: tuple[str, ...] = ()
    patience: timedelta = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class TravellerPlan:
    """One traveller from the first store to the border.

    Args:
        number: one of its own in a world; another number of travellers a day does not move it.
        traveller: document, names, nationality, birth, expiry and last entry.
        sex: F or M, as the zone writes it.
        language: a locale of the phone's pages.
        purchases: in the order of their moments; all of one day.
        point_at: claims all forms in one go at the mall's refund point then; None: one by one.
        told: the departure that the agreement names; after the promise's last day the traveller
            knows so, and takes the ordinary way.
        leaves: the departure that happens; None: never seen at a port.
    """

    number: int
    traveller: Traveller
    sex: str
    language: str
    contact: str
    purchases: tuple[PurchasePlan, ...]
    point_at: datetime | None
    told: Departure
    leaves: Departure | None
    turn: Turn
    customs: CustomsPlan
    fraud: Fraud = Fraud.NONE


class DeskKind(Enum):
    """What people queue for."""

    COUNTER = "counter"
    POINT = "point"
    CUSTOMS = "customs"
    AGENCY = "agency"


class Shape(Enum):
    """How the times of service scatter about their mean."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How long one person is served; `spread` is the standard deviation in means (lognormal)."""

    shape: Shape
    mean_s: float
    spread: float = 0.0

    def at(self, share: float) -> timedelta:
        """The time that this share of all services does not reach."""
        match self.shape:
            case Shape.CONSTANT:
                factor = 1.0
            case Shape.EXPONENTIAL:
                factor = exponential_quantile(share)
            case Shape.LOGNORMAL:
                factor = lognormal_quantile(share, self.spread)
        return timedelta(seconds=self.mean_s * factor)


@dataclass(frozen=True, slots=True)
class Shift:
    """So many people at a desk from a time of day up to another, in Shanghai; within one day."""

    begins: time
    ends: time
    staff: int

    def covers(self, now: time) -> bool:
        """Whether a time of day is within; `time.max` ends with the day."""
        return self.begins <= now and (now < self.ends or self.ends == time.max)


@dataclass(frozen=True, slots=True)
class Others:
    """Everybody else who uses a desk, with forms of stores that this world does not have.

    `an_hour` come on a working day from one time of day up to another; `busy` days bring more.
    Who would have to wait longer than `patience` goes on without.
    """

    an_hour: float
    patience: timedelta
    begins: time
    ends: time
    busy: BusyDays


@dataclass(frozen=True, slots=True)
class DeskPlan:
    """A desk: whose it is, when how many people stand there, and how long one service takes.

    Args:
        name: unique: `store-0001`, `point-1`, `customs-WUH`, `agency-WUH`.
        store_number: 0 where the desk has none.
        port: "" where the desk has none.
        others: who stand in the same queue and are no travellers of this world.
    """

    name: str
    kind: DeskKind
    store_number: int
    port: str
    shifts: tuple[Shift, ...]
    service: ServiceTime
    others: Others | None = None

    def staff_at(self, at: datetime) -> int:
        """How many people stand there at a moment."""
        now = at.astimezone(SHANGHAI).time()
        return sum(shift.staff for shift in self.shifts if shift.covers(now))

    @property
    def staff_s_a_day(self) -> int:
        """Seconds that all its people together are there on a day."""
        return sum(
            shift.staff * (_second_of(shift.ends) - _second_of(shift.begins))
            for shift in self.shifts
        )


def _second_of(edge: time) -> int:
    """The second of the day; the day's last moment is its end."""
    if edge == time.max:
        return 24 * 3600
    return edge.hour * 3600 + edge.minute * 60 + edge.second


@dataclass(frozen=True, slots=True)
class Staffing:
    """Every desk of a world; `office_rest_days`: the back office works on those too."""

    desks: tuple[DeskPlan, ...]
    office_rest_days: bool = False
    _counters: dict[int, DeskPlan] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counters = {one.store_number: one for one in self.desks if one.kind is DeskKind.COUNTER}
        object.__setattr__(self, "_counters", counters)

    def counter(self, store_number: int) -> DeskPlan:
        """The counter of a store.

        Raises:
            KeyError: no such store in this world, which is a defect.
        """
        return self._counters[store_number]

    def has_office_on(self, day: date) -> bool:
        """Whether the agency's back office works on a day."""
        return self.office_rest_days or is_working_day(day)

    @property
    def points(self) -> tuple[DeskPlan, ...]:
        """The refund points of the mall."""
        return tuple(one for one in self.desks if one.kind is DeskKind.POINT)

    def at_port(self, kind: DeskKind, port: str) -> DeskPlan | None:
        """The desk of a kind at a port, None where nobody ever stands."""
        return next((one for one in self.desks if one.kind is kind and one.port == port), None)


@dataclass(frozen=True, slots=True)
class FaultPlanned:
    """Something that goes wrong from a moment to another.

    Args:
        name: one of OUTAGES, or a name of `sandbox.faults.NAMES`.
        share_bp: the share of the calls that it takes, in basis points.
        last4: only the card that ends so; "" for every card.
        operation: only this kind of operation; "" for every kind.
    """

    begins: datetime
    ends: datetime
    name: str
    share_bp: int = 10_000
    last4: str = ""
    operation: str = ""
