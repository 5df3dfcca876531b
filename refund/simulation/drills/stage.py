"""Where a drill is prepared: who plays, what was made, and how the world is moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.people import Actor, Role, Staff
from refund.core.store import is_instant_at, obstacles
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from refund.ports import Ports
from refund.sandbox.faults import Fault
from refund.services.enrol import enrol_staff
from refund.services.life import the_form
from refund.simulation.drills.zones import zone_of
from refund.simulation.runs.acts import GivesCard

FIRST_PORT = "WUH"
COLLEAGUE = "演练同事 Colleague in the drill"
"""Whom the drill plays beside the learner."""


@dataclass(frozen=True, slots=True)
class Theatre:
    """What a drill needs of the rehearsal besides its services.

    Args:
        give: fills in the network's own page.
        pass_by: moves the rehearsal's clock on, for everybody in it.
        switch_on: lets the network do something wrong.
        keep_from_bots: says which forms are a learner's, so that no bot takes them in hand.
    """

    give: GivesCard
    pass_by: Callable[[timedelta], None]
    switch_on: Callable[[Fault], None]
    keep_from_bots: Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """One attempt at a drill while it is prepared, and as it is kept afterwards.

    Args:
        seat: whom the learner plays.
        serial: makes documents and invoices that no other attempt has.
        made: what was made, by name: travellers, papers, forms; plain values, fit for JSON.
        sheet: what lies before the learner, in the order of the file; plain values as well.
    """

    ports: Ports
    seat: Actor
    serial: int
    theatre: Theatre
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    sheet: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The rehearsal's moment."""
        return self.ports.clock.now()

    @property
    def today(self) -> date:
        """The rehearsal's day."""
        return day_of(self.now)

    @property
    def port(self) -> str:
        """The port of the learner's desk, or else the first."""
        return self.seat.port or FIRST_PORT

    @property
    def store_number(self) -> int:
        """The store of the learner, or the first one that may issue advances now."""
        if self.seat.store_number is not None:
            return self.seat.store_number
        found = self.ports.storage.read(lambda tx: tx.stores())
        now = self.now
        fit = (one for one in found if not obstacles(one, now) and is_instant_at(one, now))
        return next(one.store_number for one in fit)

    def keep(self, name: str, kind: str, **facts: Any) -> dict[str, Any]:
        """Keep what was made under its name, and lay it before the learner."""
        thing = {"kind": kind, "name": name, **facts}
        self.made[name] = thing
        self.sheet.append(thing)
        return thing

    def form(self, name: str) -> Form:
        """A form that was made, as it stands now."""
        form_id = self.made[name]["form_id"]
        return self.ports.storage.read(lambda tx: the_form(tx, form_id))

    def traveller(self, name: str) -> Traveller:
        """A traveller who was made."""
        return traveller_from(self.made[name])

    def someone(self, role: Role, *, port: str = "", store_number: int | None = None) -> Actor:
        """Whoever the drill plays beside the learner; nobody can sign in as that person.

        The register gets one for each place, so that what is done has a name.
        """
        place = port or ("" if store_number is None else f"{store_number:04d}")
        staff_id = "-".join(word for word in ("drill", role.value, place) if word)
        actor = Actor(staff_id, role, COLLEAGUE, store_number, port)
        if self.ports.storage.read(lambda tx: tx.staff(staff_id)) is None:
            enrol_staff(self.ports, [Staff(actor, staff_id, "", self.now)], "drill")
        return actor


def traveller_from(kept: Mapping[str, Any]) -> Traveller:
    """A traveller as an attempt keeps one."""
    return Traveller(
        latin_name=kept["latin_name"],
        local_name=kept["local_name"],
        nationality=kept["nationality"],
        document=document_from(kept),
        birth=date.fromisoformat(kept["birth"]),
        document_expiry=date.fromisoformat(kept["expiry"]),
        last_entry=date.fromisoformat(kept["last_entry"]),
    )


def document_from(kept: Mapping[str, Any]) -> IdentityDocument:
    """The document of a traveller as an attempt keeps one."""
    return IdentityDocument(DocumentKind(kept["document_kind"]), kept["document_number"])


def kept_traveller(traveller: Traveller) -> dict[str, Any]:
    """A traveller in plain values, with the lines of the document's zone.

    Raises:
        Refused: `entry_date_unknown` for somebody whose entry is not known: no drill needs one.
    """
    if traveller.last_entry is None or not traveller.birth or not traveller.document_expiry:
        raise Refused("entry_date_unknown")
    return {
        "latin_name": traveller.latin_name,
        "local_name": traveller.local_name,
        "nationality": traveller.nationality,
        "document_kind": traveller.document.kind.value,
        "document_number": traveller.document.number,
        "birth": traveller.birth.isoformat(),
        "expiry": traveller.document_expiry.isoformat(),
        "last_entry": traveller.last_entry.isoformat(),
        "zone": zone_of(traveller).split("\n"),
    }
