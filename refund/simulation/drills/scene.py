"""What a drill is judged by: what stands in the database afterwards, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from refund.core.form import GONE, Form
from refund.core.people import Actor
from refund.core.traveller import document_key
from refund.ports import Ports
from refund.services.life import the_form
from refund.simulation.drills.parameters import Parameter, Values
from refund.simulation.drills.stage import document_from
from refund.transaction import Transaction

T = TypeVar("T")

WHOLE = 100
"""The share of a check's points that is whole, in hundredths."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One attempt when it is handed in.

    Args:
        seat: whom the learner played.
        made: what the setup made, by name.
        began_at: by the rehearsal's clock.
        watch: how long it took by the person's own watch.
    """

    ports: Ports
    seat: Actor
    made: Mapping[str, Mapping[str, Any]]
    began_at: datetime
    watch: timedelta

    def read(self, look: Callable[[Transaction], T]) -> T:
        """Look into the database."""
        return self.ports.storage.read(look)

    def form_id(self, name: str) -> str:
        """The id of a form that the setup made."""
        return str(self.made[name]["form_id"])

    def form(self, name: str) -> Form:
        """A form that the setup made, as it stands now."""
        return self.read(lambda tx: the_form(tx, self.form_id(name)))

    def index(self, of: str) -> str:
        """The blind index of a traveller's document."""
        key = document_key(document_from(self.made[of]))
        return self.ports.sealer.index("document", key)

    def issued(self, of: str) -> list[Form]:
        """The live forms that were issued for a traveller in this attempt, newest first."""
        index = self.index(of)
        prepared = {kept["form_id"] for kept in self.made.values() if "form_id" in kept}
        forms = self.read(lambda tx: tx.forms_of_traveller(index))
        return [
            form
            for form in forms
            if form.issued_at >= self.began_at
            and form.form_id not in prepared
            and form.status not in GONE
        ]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: the share of its points, and why any are lost.

    Args:
        share: in hundredths.
        why: the code of an explanation; empty when nothing is lost.
        facts: plain values for the explanation, fit for JSON.
    """

    share: int
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def points(self, most: int) -> int:
        """What is earned of so many points; a part is rounded down."""
        return most * self.share // WHOLE


GOOD = Verdict(WHOLE)
"""Nothing is lost."""


def lost(why: str, share: int = 0, **facts: Any) -> Verdict:
    """Some points are lost, or all."""
    return Verdict(share, why, facts)


def part(right: int, of: int, why: str, **facts: Any) -> Verdict:
    """So many of so many are right; all of them lose nothing."""
    if right == of:
        return GOOD
    return Verdict(WHOLE * max(0, right) // max(1, of), why, {**facts, "right": right, "of": of})


Judge = Callable[[Scene, Values], Verdict]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it needs to be told, and how it judges."""

    parameters: Sequence[Parameter]
    judge: Judge
