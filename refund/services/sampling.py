"""Sampling at customs: each form's one draw, and the proof that it was drawn as recorded."""

from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.places import read_port
from refund.core.sampling import Draw, draw
from refund.ports import Ports
from refund.services.life import the_form
from refund.services.rules import rules_of
from refund.transaction import Transaction


def draw_for(tx: Transaction, ports: Ports, form: Form, port: str, at: datetime) -> Draw:
    """The draw of a form: made and recorded when a desk sees it first, and the same ever after."""
    known = tx.draw_of(form.form_id)
    if known is not None:
        return known
    day = day_of(at)
    seed = tx.sampling_seed(port, day, ports.ids.token())
    made = draw(form, rules_of(tx, form), seed, port, day, at)
    tx.add_draw(made)
    return made


@dataclass(frozen=True, slots=True)
class DrawCheck:
    """A recorded draw beside what the seed and the form's rules say now."""

    form_number: str
    sales_fen: int
    recorded: Draw
    again: Draw

    @property
    def agrees(self) -> bool:
        """Whether the draw was recorded as it must have been."""
        return self.recorded == self.again


@dataclass(frozen=True, slots=True)
class DayOfDraws:
    """All draws of a port's day with the seed that gave them; `seed` is "" when nobody drew."""

    port: str
    day: date
    seed: str
    checks: tuple[DrawCheck, ...]


def check_draws(ports: Ports, port: str, day: date) -> DayOfDraws:
    """Draw a port's day again from its seed.

    The seed is told only when the day is over: who knew it earlier would know which forms of the
    day will be inspected.

    Raises:
        Refused: `port_unknown`; `day_not_over` for today and later.

    Source: project decision.
    """
    read_port(port)
    today = day_of(ports.clock.now())
    if day >= today:
        raise Refused("day_not_over", "day", day=day)

    def read(tx: Transaction) -> DayOfDraws:
        seed = tx.seed_of(port, day)
        if seed is None:
            return DayOfDraws(port, day, "", ())
        checks = tuple(_check(tx, seed, recorded) for recorded in tx.draws_on(port, day))
        return DayOfDraws(port, day, seed, checks)

    return ports.storage.read(read)


def _check(tx: Transaction, seed: str, recorded: Draw) -> DrawCheck:
    form = the_form(tx, recorded.form_id)
    rules = rules_of(tx, form)
    again = draw(form, rules, seed, recorded.port, recorded.day, recorded.drawn_at)
    return DrawCheck(form.form_number, form.amounts.sales_fen, recorded, again)
