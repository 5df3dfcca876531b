"""The lab's engine: a world in one process, its agenda, and the digest of what it left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import Form, Status
from refund.core.policy import RULES
from refund.ports import NetworkSilent
from refund.sandbox.faults import Fault
from refund.services.audit import audit
from refund.services.rules import rules_for
from refund.simulation.engine.agenda import Agenda
from refund.simulation.engine.clock import VirtualClock
from refund.simulation.engine.digest import ledger_digest
from refund.simulation.engine.place import (
    Place,
    PlaceSettings,
    folder_in_memory,
    open_place,
    rules_instead,
)
from refund.simulation.runs import acts, desk_work
from refund.storage import open_storage
from tests import make

BEGIN = datetime(2025, 7, 8, 2, tzinfo=UTC)
PHONE = "a phone"


def settings(seed: int = 1, **changes: object) -> PlaceSettings:
    people = [make.clerk(1), make.officer(), make.operator()]
    good = PlaceSettings(
        seed=seed,
        at=BEGIN,
        stores=[make.store(1)],
        goods=[make.goods()],
        people=[make.staff(person) for person in people],
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def bought(place: Place, number: int = 1, price_fen: int = make.PRICE_FEN) -> Form:
    """A form for one bag, bought today."""
    today = day_of(place.clock.now())
    name = f"{number:020d}"
    draft = make.draft(
        traveller=make.traveller(last_entry=today - timedelta(days=3)),
        invoices=(make.invoice(name, day=today, lines=(make.line(price_fen),)),),
    )
    return acts.issue_form(place.ports, make.clerk(), draft, name)


def claimed(place: Place, number: int = 1) -> Form:
    """A form whose advance is paid."""
    form = bought(place, number)
    wish = acts.Wish("CHAN TAI MAN", make.traveller().document.number[-4:])
    code = acts.claim_code(place.ports, make.clerk(), form.form_id)
    acts.scan(place.ports, PHONE, form, code)
    acts.sign(place.ports, PHONE, form.form_id, wish)
    give = acts.gives_card_in(place.book)
    return acts.claim_advance(place.ports, PHONE, form.form_id, wish, give)


def a_whole_life(place: Place) -> Form:
    """From the counter to the release of the hold."""
    form = claimed(place)
    place.beat()
    place.clock.pass_by(days=2)
    acts.show_goods(place.ports, make.officer(), form)
    place.clock.pass_by(hours=2)
    line = ExitLine(make.traveller().document, "WUH", place.clock.now())
    acts.leave(place.ports, make.operator(), line)
    desk_work.settle_departed(place.ports, make.operator())
    place.beat()
    found = place.ports.storage.read(lambda tx: tx.form(form.form_id))
    assert found is not None
    return found


def digest_of(made: PlaceSettings) -> str:
    with open_place(made) as place:
        assert a_whole_life(place).status is Status.RELEASED
        assert not [found for found in audit(place.past_seams) if found.holds is False]
        return ledger_digest(place.ports)


def test_the_same_seed_leaves_the_same_digest_and_another_seed_another() -> None:
    first = digest_of(settings(1))
    assert len(first) == 64
    assert digest_of(settings(1)) == first
    # Nothing is drawn here but the keys, which sign and seal, and are no part of the ledger.
    assert digest_of(settings(2)) == first


@pytest.mark.postgres
def test_both_engines_leave_the_same_digest(postgres_url: str, tmp_path: Path) -> None:
    assert digest_of(settings(folder=tmp_path, url=postgres_url)) == digest_of(settings())


def test_the_digest_sees_every_form_entry_and_posting() -> None:
    with open_place(settings()) as place:
        digests = [ledger_digest(place.ports)]
        form = bought(place)
        digests.append(ledger_digest(place.ports))
        claimed(place, 2)
        digests.append(ledger_digest(place.ports))
        acts.void_form(place.ports, make.clerk(), form.form_id, "changed his mind")
        digests.append(ledger_digest(place.ports))
        place.beat()
        assert len(set(digests)) == len(digests) == 4
        assert ledger_digest(place.ports) == digests[-1]


def test_keys_are_made_from_the_seed() -> None:
    codes = []
    for seed in (1, 1, 2):
        with open_place(settings(seed)) as place:
            codes.append(bought(place).code)
    assert codes[0] == codes[1] != codes[2]


def test_a_rule_that_is_changed_counts_from_before_the_beginning_and_all_the_time() -> None:
    made = settings(
        at=datetime(2025, 4, 25, 2, tzinfo=UTC),
        rules={"min_purchase_fen": 300_00, "fee_bp": 100},
    )
    assert [(rule.parameter, rule.value, rule.valid_from) for rule in rules_instead(made)] == [
        ("fee_bp", 100, date(2025, 4, 24)),
        ("min_purchase_fen", 300_00, date(2025, 4, 24)),
        # The table itself changes it then, and the value of the settings goes on.
        ("min_purchase_fen", 300_00, date(2025, 4, 27)),
    ]
    assert any(rule.valid_from == date(2025, 4, 27) for rule in RULES)
    with open_place(made) as place:
        for days in range(5):
            day = date(2025, 4, 25) + timedelta(days=days)
            rules = place.ports.storage.read(partial(rules_for, day=day))
            assert (rules.min_purchase_fen, rules.fee_bp) == (300_00, 100)
        assert place.clock.now() == made.at


def test_a_lower_least_sum_lets_a_form_be_issued_that_is_refused_otherwise() -> None:
    with open_place(settings()) as place, pytest.raises(Refused, match="below_threshold"):
        bought(place, price_fen=150_00)
    with open_place(settings(rules={"min_purchase_fen": 100_00})) as place:
        assert bought(place, price_fen=150_00).status is Status.ISSUED


def test_a_rule_that_no_operator_could_add_is_refused() -> None:
    for parameter, value in (("no_such_rule", 1), ("fee_bp", -1)):
        made = settings(rules={parameter: value})
        with pytest.raises(Refused), open_place(made):
            raise AssertionError(parameter)


def test_files_stay_where_a_folder_is_named_and_every_engine_opens_them(tmp_path: Path) -> None:
    with open_place(settings(folder=tmp_path / "world")) as place:
        form = a_whole_life(place)
        url, sealer = place.url, place.ports.sealer
    lasting = open_storage(url, sealer)
    found = lasting.read(lambda tx: tx.form(form.form_id))
    assert lasting.facts()["synchronous"] == "FULL"
    lasting.close()
    assert found == form


def test_while_the_line_is_down_nobody_is_reached_and_afterwards_all_is_made_up_for() -> None:
    with open_place(settings()) as place:
        place.wire.unplugged = True
        with pytest.raises(Refused, match="network_unreachable"):
            claimed(place)
        with pytest.raises(NetworkSilent):
            place.ports.network.book()
        place.wire.unplugged = False
        assert claimed(place, 2).status is Status.ADVANCED


def test_the_agenda_does_things_in_the_order_of_their_moments_and_then_as_put_down() -> None:
    agenda = Agenda(VirtualClock(BEGIN))
    done: list[tuple[str, timedelta]] = []

    def put(name: str, minutes: int) -> None:
        agenda.at(
            BEGIN + timedelta(minutes=minutes),
            lambda: done.append((name, agenda.now - BEGIN)),
        )

    for name, minutes in (("late", 9), ("first", 5), ("second", 5), ("over", -5)):
        put(name, minutes)
    agenda.after(timedelta(minutes=5), lambda: put("third", 5))
    assert agenda.next_at() == BEGIN - timedelta(minutes=5)
    told: list[datetime] = []
    assert agenda.run(BEGIN + timedelta(minutes=7), told.append) == 5
    span = timedelta(minutes=5)
    assert done == [("over", timedelta()), ("first", span), ("second", span), ("third", span)]
    assert told == [BEGIN, BEGIN + span]
    assert agenda.now == BEGIN + timedelta(minutes=7)
    assert len(agenda) == 1
    agenda.run(BEGIN + timedelta(days=1))
    assert done[-1] == ("late", timedelta(minutes=9))
    assert agenda.next_at() is None


def test_what_happens_again_keeps_its_beat_however_long_it_takes() -> None:
    clock = VirtualClock(BEGIN)
    agenda = Agenda(clock)
    moments: list[int] = []

    def beat() -> None:
        moments.append((agenda.now - BEGIN) // timedelta(minutes=1))
        clock.pass_by(minutes=1)

    agenda.every(timedelta(minutes=10), beat)
    agenda.every(timedelta(minutes=30), lambda: None, first=BEGIN)
    assert agenda.run(BEGIN + timedelta(minutes=45)) == 4 + 2
    assert moments == [10, 20, 30, 40]
    with pytest.raises(ValueError, match="takes time"):
        agenda.every(timedelta(), beat)


def test_a_world_goes_into_memory_only_where_there_is_room_for_it() -> None:
    fast = folder_in_memory()
    assert fast is None or fast.is_dir()
    assert folder_in_memory(1 << 60) is None


def test_a_fault_happens_from_when_it_is_switched_on_until_it_is_switched_off() -> None:
    with open_place(settings()) as place:
        faults = place.book.faults
        happens = partial(faults.draw, "answer_lost", last4="1111", kind="hold")
        assert not happens()
        first = faults.switch_on(Fault("answer_lost", kind="hold"))
        faults.switch_on(Fault("answer_lost", last4="0002"))
        assert happens()
        assert not faults.draw("answer_lost", last4="1111", kind="advance")
        assert faults.switch_off(first)
        assert not happens()
        assert faults.draw("answer_lost", last4="0002", kind="advance")
        assert faults.heal() == 1
        assert not faults.draw("answer_lost", last4="0002", kind="advance")
