"""One run: a few lives on the real code with all that can go wrong, judged after every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from refund.core.form import Channel, Form, Method, Status
from refund.sandbox.errors import Rejected
from refund.simulation.engine.courier import Courier
from refund.simulation.engine.record import Record, Report
from refund.simulation.engine.rounds import Rounds
from refund.simulation.engine.seams import Killed
from tests.services import till_steps
from tests.services.acts import EVERYTHING, NEXT, Acts
from tests.simulation.books import Books
from tests.simulation.heal import heal
from tests.simulation.people import GOOD, PORTS, TRIAL, Habit, People, form_status
from tests.simulation.place import Place, open_place
from tests.simulation.trouble import BEGINNINGS, SPANS, Trouble

STEPS = 40
FORMS_MAX = 12
AUDIT_EVERY = 8
STRIDE = timedelta(hours=20)
"""How long the worker is left without a round at most, where the service runs."""

Plant = Callable[[], AbstractContextManager[object]]


def run(seed: int, *, steps: int = STEPS, plant: Plant | None = None, url: str = "") -> Report:
    """Run a seed; `plant` puts a wrong function in a right one's place for as long as it lasts.

    A failure is reported, not raised.
    """
    chance = Random(seed)  # noqa: S311 - the only chance there is, and the same in every run
    record = Record()
    at = datetime.fromisoformat(chance.choice(BEGINNINGS))
    trial: Trial | None = None
    failure = ""
    with (plant or nullcontext)(), open_place(at, record.tell, url) as place:
        trial = Trial(place, record, chance)
        try:
            trial.live(steps)
            heal(trial)
        except (Exception, Killed) as error:  # noqa: BLE001 - a failure of any kind is the result
            failure = _words(error)
            record.tell(f"failed: {failure}")
        for status in trial.states.values():
            record.count(f"state {status}")
        return Report(
            seed=seed,
            digest=record.digest,
            lives=len(trial.people.forms),
            steps=trial.steps,
            events=record.events,
            counts=dict(sorted(record.counts.items())),
            failure=failure,
            last=tuple(record.last),
        )


def _words(error: BaseException) -> str:
    """What is wrong, and where, the same in every run."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_words(one) for one in error.exceptions)
    trace, places = error.__traceback__, []
    while trace is not None:
        code = trace.tb_frame.f_code
        name = code.co_filename.rpartition("/main/")[2] or code.co_filename
        places.append(f"{'/'.join(name.split('/')[-3:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__}: {error} at {' < '.join(places[:-6:-1])}"


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that can happen in a step, and how often it comes about among the others."""

    weight: int
    do: Callable[[], None]
    kind: str = ""


class Trial:
    """The world of one run, and one step after the other in it."""

    def __init__(self, place: Place, record: Record, chance: Random) -> None:
        self.place, self.record, self.chance = place, record, chance
        self.world = place.world
        self.trouble = Trouble(place, record, chance)
        self.courier = Courier(place.book, lambda: self.world.ports, self.trouble.told)
        self.courier.lost = self.trouble.is_deaf
        place.wire.before_answer = self.courier.overtake
        self.people = People(self.world, _habits(chance), chance)
        self.people.passing = self.let_pass
        self.books = Books(place)
        self.rounds = self.new_rounds()
        self.states: dict[str, str] = {}
        self.steps = 0
        self.forms_most = chance.randint(1, FORMS_MAX)
        self._doings = self._possible()
        till_steps.till(self.world, 10_000_00)
        till_steps.till(self.world, 500_00, "YIH")

    def new_rounds(self) -> Rounds:
        """A worker that has just been started."""
        return Rounds(with_statements=self.trouble.with_statements)

    def live(self, steps: int) -> None:
        """So many steps, each judged."""
        for _ in range(steps):
            self.steps += 1
            self.step()
            if self.steps % AUDIT_EVERY == 0:
                self.worker()
                self.books.audit(is_torn=self.trouble.is_torn)
            self.judge()

    def judge(self) -> None:
        """Compare all books."""
        self.states = self.books.look(self.people.forms, is_torn=self.trouble.is_torn)

    def step(self) -> None:
        """Let one thing happen."""
        if not self.people.forms:
            self.buy()
            return
        (doing,) = self.chance.choices(self._doings, [one.weight for one in self._doings])
        doing.do()

    def _possible(self) -> Sequence[Doing]:
        trouble = self.trouble
        every = (
            Doing(40, self.life_goes_on),
            Doing(14, self.buy),
            Doing(4, self.claim_together),
            Doing(4, self.try_in_vain),
            Doing(4, self.repeat_a_claim),
            Doing(16, self.time_passes),
            Doing(4, self.desk),
            Doing(8, self.webhooks),
            Doing(9, trouble.switch_on),
            Doing(3, trouble.outage, "outage"),
            Doing(4, trouble.cut, "cut"),
            Doing(3, trouble.wrong_clock, "clock"),
            Doing(4, trouble.backup, "backup"),
            Doing(6, self.killed, "kill"),
            Doing(6, self.frozen, "freeze"),
        )
        return [one for one in every if not one.kind or one.kind in trouble.kinds]

    def attempt(self, name: str, act: Callable[[], object]) -> None:
        """Let somebody do something; a refusal is an answer, and a dead process is replaced."""
        people = self.people
        try:
            people.attempt(act)
        except Rejected as rejected:
            # The network's own page says it to the traveller.
            people.refused = f"page {rejected.code}"
        except Killed:
            self.place.start_anew()
            self.rounds = self.new_rounds()
        said = f" no: {people.refused}" if people.refused else ""
        self.record.tell(f"{self.world.clock.now():%m-%d %H:%M:%S} {name}{said}")
        if people.refused:
            self.record.count(f"refused {people.refused}")

    def buy(self) -> None:
        """A purchase, with its form mostly signed and claimed at once."""
        people, chance = self.people, self.chance
        if len(people.forms) >= self.forms_most:
            self.life_goes_on()
            return
        channel = Channel.ORDINARY if chance.randrange(8) == 0 else Channel.INSTANT
        far, dice = chance.randrange(4), chance.randrange(10_000)
        self.attempt(f"buys, {channel.value}", lambda: people.buy(channel))
        if channel is Channel.INSTANT and people.forms and not people.refused:
            form = people.forms[-1]
            for act in (Acts.sign, Acts.claim)[: 2 if far else 1]:
                self.act(act, form, dice)

    def act(self, act: Callable[..., None], form: Form, dice: int) -> None:
        """Somebody does something with a form."""
        bound = getattr(self.people, act.__name__)
        before = form_status(self.world, form).value
        number = self.people.forms.index(form)

        def do() -> None:
            self.people.do(lambda _, form, dice: bound(form, dice), form, dice)

        self.attempt(f"{act.__name__} form {number} ({before}) {dice}", do)

    def some_form(self) -> Form:
        """Any form."""
        return self.chance.choice(self.people.forms)

    def life_goes_on(self) -> None:
        """A form comes on by what people do with forms in its state."""
        moving = [form for form in self.people.forms if NEXT[Status(form_status(self.world, form))]]
        if moving:
            form = self.chance.choice(moving)
            acts = NEXT[form_status(self.world, form)]
            self.act(self.chance.choice(acts), form, self.chance.randrange(10_000))

    def try_in_vain(self) -> None:
        """Somebody does what may not fit."""
        acts: tuple[Callable[..., None], ...] = (*EVERYTHING, People.change_mind)
        self.act(self.chance.choice(acts), self.some_form(), self.chance.randrange(10_000))

    def repeat_a_claim(self) -> None:
        """By a reload or the back button."""
        self.act(Acts.repeat_claim, self.some_form(), 0)

    def claim_together(self) -> None:
        """Two or three forms of one traveller, at the refund point."""
        people, chance = self.people, self.chance
        if len(people.forms) + 2 > self.forms_most:
            self.life_goes_on()
            return
        habit = chance.choice(people.habits)
        first = len(people.forms)
        for _ in range(chance.choice((2, 2, 3))):
            self.attempt("buys", lambda: people.buy(Channel.INSTANT, habit))
        forms, number = people.forms[first:], chance.choice((habit.card, *people.cards))
        if forms:
            self.attempt(
                f"{len(forms)} claimed together", partial(people.claim_together, forms, number)
            )

    def let_pass(self, span: timedelta) -> None:
        """Time passes with the worker at work; seldom the service was down meanwhile."""
        is_down = self.chance.randrange(10) == 0
        if is_down and span > STRIDE:
            self.record.tell(f"the service is down for {span}")
            self.record.count("fault down")
        until = self.place.clock.now() + span
        while not is_down and (left := until - self.place.clock.now()) > STRIDE:
            self.place.clock.at += min(STRIDE, left)
            self.courier.deliver()
            self.rounds.go(self.world.ports, self.place.clock.now())
        self.place.clock.at = until
        self.courier.deliver()
        self.rounds.go(self.world.ports, self.place.clock.now())

    def time_passes(self) -> None:
        """And the worker has its rounds."""
        span = self.chance.choice(SPANS)
        self.attempt(f"{span} later", lambda: self.let_pass(span))

    def worker(self, name: str = "the worker") -> None:
        """A round of all that is due."""
        self.attempt(name, lambda: self.rounds.go(self.world.ports, self.place.clock.now()))

    def webhooks(self) -> None:
        """The network's sender has its round."""
        self.attempt("webhooks", self.courier.deliver)

    def desk(self) -> None:
        """The exit's desk settles what is proposed."""
        self.attempt("the desk", self.people.settle_all)

    def killed(self) -> None:
        """The process is killed somewhere on the way, and another takes its place."""
        self.trouble.arm_kill()
        self._under_way()

    def frozen(self) -> None:
        """The process stands still somewhere on the way, while others go on."""
        self.trouble.arm_freeze(self._others)
        self._under_way()

    def _under_way(self) -> None:
        """Something during which something happens to the process."""
        self.chance.choice(
            (self.life_goes_on, self.buy, self.time_passes, self.desk, self.webhooks)
        )()
        self.place.crossings.disarm()

    def _others(self) -> None:
        """What others do meanwhile: another worker, a clerk, the traveller on a second phone."""
        doing = self.chance.choice(
            (
                *(self._other_worker, self._other_worker, self.webhooks),
                *(self.life_goes_on, self.repeat_a_claim),
            )
        )
        refused = self.people.refused
        doing()
        self.people.refused = refused

    def _other_worker(self) -> None:
        """Another worker has its round."""
        self.attempt(
            "another worker", lambda: self.new_rounds().go(self.world.ports, self.place.clock.now())
        )


def _habits(chance: Random) -> list[Habit]:
    """One to four travellers; most have cards that work."""
    methods = (Method.CARD, Method.CARD, *Method)
    return [
        Habit(
            document=f"H1234567{number}",
            port=chance.choice(PORTS),
            card=chance.choice(GOOD * 4 + TRIAL),
            method=chance.choice(methods),
        )
        for number in range(chance.randint(1, 4))
    ]
