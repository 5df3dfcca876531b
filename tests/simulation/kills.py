"""Service, worker and network are killed -9 in every order while fifty travellers claim.

A round: fifty new forms, fifty phones that repeat what gets no answer, and each part killed once,
at moments drawn from a seed.  It is over when every traveller has come to an end; then the books
are compared: ours, the network's own, and what the travellers were told.

    python -m tests.simulation.kills --rounds 200 --seed 1
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from random import Random
from typing import Any

from click.testing import CliRunner

from refund.cli import main as refund
from refund.core.form import Status
from refund.core.operation import Advance, OperationState
from refund.ports import Ports
from tests import make
from tests.simulation.outcome import engines, keep
from tests.simulation.parts import Parts, find_form, running
from tests.simulation.phone import Phone, Pulse
from tests.simulation.slips import Counter, Slip, bring_to_card, bring_to_confirm

TRAVELLERS = 50
GOOD = (make.VISA, make.MASTERCARD, "6200000000000005")
SLOW = "4000000000000077"
ODD = (make.LOST_HOLD, make.LOST_ADVANCE, make.DECLINED, make.PAYOUT_REFUSED, *[SLOW] * 3)
"""Cards that each round has twice: answers that get lost, a no, a payout's no; and answers that
come two seconds after all is booked, so that kills come between the two."""

END_OF = {make.DECLINED: "declined", make.PAYOUT_REFUSED: "ordinary"}
"""Where a claim ends with a card; with every other card the money arrives."""

STATUS_OF = {
    "advanced": Status.ADVANCED,
    "declined": Status.AGREED,
    "ordinary": Status.ORDINARY,
}
THREADS = 8
COMING_S = 1.5
"""Travellers come within so many seconds."""

PATIENCE_S = 150.0
HEALED_S = 60.0
"""How long after the last kill everything may take to be answered."""

BEGIN_AT = {"scan": 20, "card": 30, "confirm": 50}
"""Where travellers are when a round begins, in percent: before the scan, asked for their card, or
with nothing left but to confirm."""

KILLED_BETWEEN = (10, 330)
"""Kills come after so many requests of all phones; a round without kills has about 360."""

AWAY = (timedelta(0), timedelta(seconds=20))
"""By how much later it is, by its own clock, when a part is there again: at once, or so long after
that nobody who was killed holds anything any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is killed in a round, in which order, each after how many requests."""

    number: int
    order: tuple[str, ...]
    moments: tuple[int, ...]
    away: timedelta


@dataclass(slots=True)
class Results:
    """What was done in all rounds, and what was wrong."""

    engine: str
    seed: int
    rounds: int = 0
    seconds: float = 0.0
    healed_s_max: float = 0.0
    kills: Tally[str] = field(default_factory=Tally)
    orders: Tally[str] = field(default_factory=Tally)
    ends: Tally[str] = field(default_factory=Tally)
    phones: Tally[str] = field(default_factory=Tally)
    complaints: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return them as they are written to a file."""
        return {
            "engine": self.engine,
            "seed": self.seed,
            "rounds": self.rounds,
            "seconds": round(self.seconds, 1),
            "healed_s_max": round(self.healed_s_max, 1),
            "kills": dict(self.kills),
            "orders": dict(self.orders),
            "forms": self.ends.total(),
            "ends": dict(self.ends),
            "phones": dict(self.phones),
            "complaints": self.complaints,
        }


class Rounds:
    """Rounds on one instance, one after another.

    Args:
        parts: a fresh instance that runs.
        seed: of all chance.
        away: the times of which one is drawn for each round.
    """

    def __init__(self, parts: Parts, seed: int, away: Sequence[timedelta] = AWAY) -> None:
        self.results = Results("sqlite" if parts.is_sqlite else "postgresql", seed)
        self._parts = parts
        self._away = away
        self._counter = Counter()
        self._pulse = Pulse(0)
        self._known: dict[str, tuple[Slip, str]] = {}
        self._orders = list(permutations(parts.names))
        self._chance_of(0).shuffle(self._orders)

    def play(self) -> list[str]:
        """Play the next round; what is wrong after it, nothing when all is well."""
        begun = time.monotonic()
        self.results.rounds += 1
        chance = self._chance_of(self.results.rounds)
        plan = self._plan(chance)
        cards = [*ODD, *ODD]
        cards += chance.choices(GOOD, k=TRAVELLERS - len(cards))
        chance.shuffle(cards)
        phones = self._phones(cards, chance)
        slips = [phone.slip for phone in phones]
        ends = self._claimed(plan, phones, chance)
        self._parts.stands()
        wrong = [
            f"{slip.form_id} ends {end} with {slip.card}"
            for slip, end in zip(slips, ends, strict=True)
            if end != END_OF.get(slip.card, "advanced")
        ]
        self._known |= {s.form_id: (s, end) for s, end in zip(slips, ends, strict=True)}
        wrong += self._forgotten(phones, ends)
        with self._parts.opened() as ports:
            wrong += self._unhealed(ports, slips)
            wrong += self._forms_apart(ports, [slip.form_id for slip in slips])
            wrong += self._books_apart(ports)
        wrong += self._audited()
        self._count(plan, phones, ends, time.monotonic() - begun)
        told = [f"round {plan.number} {'-'.join(plan.order)} {plan.moments}: {w}" for w in wrong]
        self.results.complaints += told
        return told

    def end(self) -> list[str]:
        """Look at every form of every round once more; what is wrong."""
        with self._parts.opened() as ports:
            wrong = list(self._forms_apart(ports, list(self._known)))
        self.results.complaints += wrong
        return wrong

    def _chance_of(self, number: int) -> Random:
        return Random(f"{self.results.seed}/{number}")  # noqa: S311 - it must be repeatable

    def _plan(self, chance: Random) -> Plan:
        number = self.results.rounds
        order = self._orders[(number - 1) % len(self._orders)]
        moments = sorted(chance.randint(*KILLED_BETWEEN) for _ in order)
        return Plan(number, order, tuple(moments), chance.choice(self._away))

    def _phones(self, cards: Sequence[str], chance: Random) -> list[Phone]:
        """Issue a form for each card; most phones have got some way already."""
        self._pulse = Pulse(len(cards))
        until = time.monotonic() + PATIENCE_S
        with self._parts.opened() as ports:
            phones = [
                Phone(slip, self._pulse, Random(chance.getrandbits(64)), until)  # noqa: S311
                for slip in self._counter.slips(ports, cards)
            ]
            places = chance.choices(list(BEGIN_AT), list(BEGIN_AT.values()), k=len(phones))
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(partial(_bring, ports), phones, places))
        return phones

    def _claimed(self, plan: Plan, phones: Sequence[Phone], chance: Random) -> list[str]:
        """Let everybody claim, and kill meanwhile; how each claim ended."""
        now = time.monotonic()
        with ThreadPoolExecutor(len(phones)) as pool:
            claims = [
                pool.submit(phone.claims, now + chance.uniform(0, COMING_S)) for phone in phones
            ]
            self._parts.pass_by(plan.away)
            for name, moment in zip(plan.order, plan.moments, strict=True):
                if not self._pulse.reaches(moment):
                    self.results.kills["after the last claim"] += 1
                self.results.kills["processes"] += self._parts.kill(name, chance)
                self.results.kills[name] += 1
                self._parts.restart(name)
            return [claim.result() for claim in claims]

    def _forgotten(self, phones: Sequence[Phone], ends: Sequence[str]) -> Iterator[str]:
        """Whoever was told how it ended, and reads something else now."""
        until = time.monotonic() + PATIENCE_S
        with ThreadPoolExecutor(THREADS) as pool:
            now = list(pool.map(lambda phone: phone.still_reads(until), phones))
        for phone, before, after in zip(phones, ends, now, strict=True):
            # A declined card's form waits for another card; its page says so again.
            if before != after:
                yield f"{phone.slip.form_id} said {before}, and now {after or 'nothing'}"

    def _unhealed(self, ports: Ports, slips: Sequence[Slip]) -> Iterator[str]:
        """What has no answer a minute after the last kill."""
        begun = time.monotonic()
        waiting = [slip.form_id for slip in slips]
        while waiting := [form_id for form_id in waiting if _is_pending(ports, form_id)]:
            if time.monotonic() > begun + HEALED_S:
                break
            time.sleep(0.1)
        self.results.healed_s_max = max(self.results.healed_s_max, time.monotonic() - begun)
        yield from (f"{form_id} is pending" for form_id in waiting)
        for kind, (number, _, _) in ports.storage.read(lambda tx: tx.count_open_cases()).items():
            yield f"{number} open cases {kind.value}"

    def _forms_apart(self, ports: Ports, form_ids: Sequence[str]) -> Iterator[str]:
        """Forms that are not where their travellers were told, or were paid another sum."""
        for form_id in form_ids:
            slip, end = self._known[form_id]
            form, advance = find_form(ports, form_id), _advance(ports, form_id)
            if form is None or form.status is not STATUS_OF[end]:
                yield f"{form_id} is {form and form.status.value}, and its page said {end}"
            owed_fen = slip.net_fen if end == "advanced" else 0
            if (advance.amount_fen if advance else 0) != owed_fen:
                yield f"{form_id} has the advance {advance}"

    def _books_apart(self, ports: Ports) -> Iterator[str]:
        """Where the network's own book has another payment, or another hold, than it should."""
        booked = self._parts.booked(ports)
        sum_fen = 0
        for form_id, (slip, end) in self._known.items():
            due = (slip.net_fen,) if end == "advanced" else ()
            sum_fen += sum(due)
            found = booked.pop(form_id, None)
            paid, held = (found.paid_fen, found.held_fen) if found else ((), ())
            if (paid, held) != (due, due):
                yield f"{form_id} ends {end}, due {due}, was paid {paid}, and {held} is held"
        yield from (
            f"{form_id} is nobody's, and the network has {booked[form_id]}" for form_id in booked
        )
        book = ports.network.book()
        if (book.payouts_fen, book.held_open_fen) != (sum_fen, sum_fen):
            yield f"advances of {sum_fen} fen, and the network's book is {book}"

    def _audited(self) -> Iterator[str]:
        done = CliRunner().invoke(
            refund, ["audit"], env=self._parts.settings, catch_exceptions=False
        )
        if done.exit_code != 0:
            yield f"the audit ends {done.exit_code}: {done.output}"

    def _count(
        self, plan: Plan, phones: Sequence[Phone], ends: Sequence[str], seconds: float
    ) -> None:
        self.results.orders["-".join(plan.order)] += 1
        self.results.ends.update(ends)
        self.results.seconds += seconds
        for phone in phones:
            self.results.phones.update(phone.counts)


def _bring(ports: Ports, phone: Phone, place: str) -> None:
    """Lead a phone to where it begins."""
    if place == "card":
        phone.knows(bring_to_card(ports, phone.slip))
    elif place == "confirm":
        ready = bring_to_confirm(ports, phone.slip, phone.slip.card)
        phone.knows(ready.phone, ready.path)


def _advance(ports: Ports, form_id: str) -> Advance | None:
    return ports.storage.read(lambda tx: tx.advance_of(form_id))


def _is_pending(ports: Ports, form_id: str) -> bool:
    operations = ports.storage.read(lambda tx: tx.operations_of(form_id))
    return any(one.state is OperationState.PENDING for one in operations)


def soak(rounds: int, seed: int) -> list[Results]:
    """Play so many rounds, half of them on each engine, and say each one's outcome at once."""
    found = []
    with engines() as places:
        for place, (folder, url) in enumerate(places):
            with running(folder, url) as parts:
                played = Rounds(parts, seed)
                found.append(played.results)
                try:
                    for _ in range((rounds + 1 - place) // 2):
                        wrong = played.play()
                        told = {**played.results.told(), "complaints": wrong}
                        print(json.dumps(told), flush=True)  # noqa: T201 - it takes long
                    played.end()
                except AssertionError as error:
                    played.results.complaints.append(f"round {played.results.rounds}: {error}")
                    print(error, flush=True)  # noqa: T201 - nobody waits for the file
    return found


def main() -> None:
    """Play rounds as told, write what came of them to a file, and fail when one went wrong."""
    asked = argparse.ArgumentParser(prog="tests.simulation.kills", description=__doc__)
    asked.add_argument("--rounds", type=int, default=200, help="half of them on each engine")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    began = datetime.now(UTC)
    found = soak(given.rounds, given.seed)
    keep("kills", began, {"engines": [one.told() for one in found]})
    sys.exit(1 if any(one.complaints for one in found) else 0)


if __name__ == "__main__":
    main()
