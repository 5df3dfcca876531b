"""The exit: a hold is released or captured once, for a reason, and what disagrees is listed."""

from __future__ import annotations

import pytest

from refund.core.errors import Refused
from refund.core.form import Form, Status
from refund.core.matching import Action, Why
from refund.core.operation import GuaranteeState
from refund.ports import Ports
from refund.services import reconcile
from refund.services.reconcile import Chosen
from tests import make
from tests.services.engine_steps import finish
from tests.services.steps import claimed, departs, issued, on, proposal, settled, status, verified
from tests.world import World, assert_audit_holds, open_world


def balances(ports: Ports) -> dict[str, int]:
    """All accounts, the empty ones left out."""
    found = ports.storage.read(lambda tx: tx.balances())
    return {account: fen for account, fen in found.items() if fen}


def held(world: World, form: Form) -> GuaranteeState:
    """Where the form's last hold stands."""
    return world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))[-1].state


def test_a_kept_promise_gives_the_hold_back_and_earns_the_fee(world: World) -> None:
    form = verified(world)
    assert proposal(world, form).why is Why.AWAITING_EXIT
    departs(world, on(25, 23))
    seen = proposal(world, form)
    assert (seen.action, seen.why, seen.is_break) == (Action.RELEASE, Why.KEPT, False)
    done = settled(world, form)
    assert (done.form.status, done.refusal) == (Status.RELEASED, None)
    assert held(world, form) is GuaranteeState.RELEASED
    assert world.booked("release") == ["released"]
    assert balances(world.ports) == {
        "network": -make.NET_FEN,
        "treasury": make.NET_FEN + 29_88,
        "fee": -29_88,
    }
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert [e.detail for e in events if e.version][-1] == "promise_kept: seen at the gate"


def test_what_is_settled_is_not_settled_again(world: World) -> None:
    form = verified(world)
    departs(world, on(20))
    seen = proposal(world, form)
    chosen = Chosen(form.form_id, seen.action, seen.why)
    both = reconcile.settle(world.ports, world.operator, [chosen, chosen], "twice")
    assert [one.refusal and one.refusal.code for one in both] == [None, "proposal_changed"]
    again = reconcile.settle(world.ports, world.operator, [chosen], "later")
    assert [one.refusal and one.refusal.code for one in again] == ["proposal_changed"]
    assert proposal(world, form).why is Why.ALREADY_SETTLED
    assert reconcile.desk(world.ports).proposals == ()
    assert world.booked("release") == ["released"]


def broken_late(world: World) -> Form:
    form = verified(world)
    departs(world, on(26, 0))
    return form


def broken_elsewhere(world: World) -> Form:
    form = verified(world)
    departs(world, on(20), "YIH")
    return form


def broken_never_seen(world: World) -> Form:
    form = verified(world)
    world.clock.at = on(26, 0)
    return form


def broken_unverified(world: World) -> Form:
    form = claimed(world)
    departs(world, on(20))
    return form


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        (broken_late, Why.LATE),
        (broken_elsewhere, Why.WRONG_PORT),
        (broken_never_seen, Why.NEVER_SEEN),
        (broken_unverified, Why.LEFT_UNVERIFIED),
    ],
)
def test_a_broken_promise_brings_the_advance_back(
    small_world: World, breaks: object, why: Why
) -> None:
    assert callable(breaks)
    form = breaks(small_world)
    seen = proposal(small_world, form)
    assert (seen.action, seen.why) == (Action.CAPTURE, why)
    assert settled(small_world, form).form.status is Status.CAPTURED
    assert held(small_world, form) is GuaranteeState.CAPTURED
    assert balances(small_world.ports) == {}
    totals = small_world.book.book_totals()
    assert totals["balance_fen"] == -totals["fees_fen"]


def test_a_capture_comes_back_to_the_books_on_each_engine(world: World) -> None:
    form = broken_never_seen(world)
    assert settled(world, form).form.status is Status.CAPTURED
    assert world.booked("capture") == ["captured"]
    assert balances(world.ports) == {}


def test_on_the_last_day_the_traveller_is_still_awaited(small_world: World) -> None:
    form = verified(small_world)
    small_world.clock.at = on(25, 23)
    assert proposal(small_world, form).why is Why.AWAITING_EXIT
    assert settled(small_world, form).refusal is not None, "there is nothing to do"


def test_since_july_2026_any_port_of_the_province_will_do(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("later")
    at = on(8).replace(year=2026)
    with open_world(folder, f"sqlite://{folder / 'refund.db'}", at) as world:
        traveller = make.traveller(last_entry=at.date())
        bought = (make.invoice(day=at.date()),)
        form = issued(world, make.draft(traveller=traveller, invoices=bought))
        assert form.port_any
        form = verified(world, claimed(world, form), make.officer("YIH"))
        departs(world, at.replace(day=20), "YIH")
        assert proposal(world, form).why is Why.KEPT
        assert settled(world, form).form.status is Status.RELEASED
        assert_audit_holds(world.ports)


def test_a_capture_that_comes_too_late_is_uncollected_and_a_break(world: World) -> None:
    form = verified(world)
    departs(world, on(26))
    seen = proposal(world, form)
    world.clock.at = on(20, month=8)
    world.network.unplugged = True
    chosen = Chosen(form.form_id, seen.action, seen.why)
    done = reconcile.settle(world.ports, world.operator, [chosen], "the network is silent")
    assert [one.form.status for one in done] == [Status.CAPTURING]
    world.network.unplugged = False
    finish(world)
    assert status(world, form) is Status.UNCOLLECTED
    assert held(world, form) is GuaranteeState.ENDED
    seen = proposal(world, form)
    assert (seen.action, seen.why, seen.is_break) == (Action.NONE, Why.HOLD_ENDED, True)
    assert balances(world.ports) == {"advance": make.NET_FEN, "network": -make.NET_FEN}
    assert [p.form.form_id for p in reconcile.desk(world.ports).proposals] == [form.form_id]


def test_a_release_after_the_hold_has_ended_by_itself_is_a_release(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(20))
    small_world.clock.at = on(20, month=8)
    assert held(small_world, form) is GuaranteeState.HELD, "nobody has told us yet"
    assert settled(small_world, form).form.status is Status.RELEASED
    assert held(small_world, form) is GuaranteeState.ENDED
    assert balances(small_world.ports).keys() == {"network", "treasury", "fee"}
    assert small_world.booked("release") == [], "the network is not asked again"
    kinds = {
        one.kind for one in small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    }
    assert "hold_lapsed" in kinds


def test_a_charge_for_which_the_hold_is_over_is_not_even_asked(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(26))
    small_world.clock.at = on(20, month=8)
    seen = proposal(small_world, form)
    assert (seen.action, seen.why, seen.is_break) == (Action.NONE, Why.HOLD_ENDED, True)
    assert settled(small_world, form).refusal is not None
    assert status(small_world, form) is Status.VERIFIED


def test_a_proposal_that_changed_since_the_preview_is_refused_by_name(world: World) -> None:
    form = verified(world)
    departs(world, on(20))
    for wrong in (
        Chosen(form.form_id, Action.CAPTURE, Why.LATE),
        Chosen(form.form_id, Action.RELEASE, Why.NEVER_SEEN),
        Chosen(form.form_id, Action.NONE, Why.KEPT),
    ):
        done = reconcile.settle(world.ports, world.operator, [wrong], "as I saw it")[0]
        assert done.refusal is not None
        assert done.refusal.code == "proposal_changed"
    assert status(world, form) is Status.VERIFIED
    assert world.booked("release") + world.booked("capture") == []


def test_an_earlier_exit_that_is_recorded_late_changes_the_proposal(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(26))
    seen = proposal(small_world, form)
    departs(small_world, on(24))
    chosen = Chosen(form.form_id, seen.action, seen.why)
    done = reconcile.settle(small_world.ports, small_world.operator, [chosen], "late")[0]
    assert done.refusal is not None
    assert settled(small_world, form).form.status is Status.RELEASED


def test_nothing_is_settled_without_a_reason(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(20))
    chosen = [Chosen(form.form_id, Action.RELEASE, Why.KEPT)]
    wrong = {" ": "reason_missing", "x" * 201: "field_too_long", "a\0b": "field_unreadable"}
    for reason, code in wrong.items():
        with pytest.raises(Refused, match=code):
            reconcile.settle(small_world.ports, small_world.operator, chosen, reason)
    with pytest.raises(Refused, match="form_unknown"):
        reconcile.settle(
            small_world.ports,
            small_world.operator,
            [Chosen("ffffffffffffffff", Action.RELEASE, Why.KEPT)],
            "why",
        )


def test_a_hold_that_the_network_does_not_know_is_a_break(world: World) -> None:
    form = verified(world)
    departs(world, on(20))
    elsewhere = world.folder / "restored"
    elsewhere.mkdir()
    with open_world(
        elsewhere, f"sqlite://{elsewhere / 'refund.db'}", world.clock.at, enrolled=False
    ) as restored:
        kept, world.network.kept = world.network.kept, restored.book
        seen = proposal(world, form)
        world.network.kept = kept
    assert (seen.action, seen.why, seen.is_break) == (Action.NONE, Why.HOLD_MISSING, True)


def test_while_the_network_is_silent_the_desk_says_so(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(20))
    assert reconcile.desk(small_world.ports).network_heard
    small_world.network.unplugged = True
    desk = reconcile.desk(small_world.ports)
    assert not desk.network_heard
    assert [p.form.form_id for p in desk.proposals] == [form.form_id]


def test_the_desk_lists_the_earliest_promise_first(small_world: World) -> None:
    forms = [claimed(small_world)]
    small_world.clock.at = on(9)
    bought = make.draft("25422000000000000002")
    forms.append(claimed(small_world, issued(small_world, bought, "key-2")))
    desk = reconcile.desk(small_world.ports)
    assert [p.form.form_id for p in desk.proposals] == [form.form_id for form in forms]
    assert [p.collect_by for p in desk.proposals] == [on(30).date(), on(30).date()]
    assert desk.following is None


def test_the_desk_goes_on_where_its_page_ended_and_shows_no_form_twice(world: World) -> None:
    forms = []
    for day in (8, 9, 10):
        world.clock.at = on(day, 13)
        bought = make.draft(f"254220000000000000{day:02d}")
        forms.append(claimed(world, issued(world, bought, f"key-{day}")).form_id)
    first = reconcile.desk(world.ports, limit=2)
    assert [p.form.form_id for p in first.proposals] == forms[:2]
    assert first.following is not None
    rest = reconcile.desk(world.ports, first.following, limit=2)
    assert [p.form.form_id for p in rest.proposals] == forms[2:]
    assert rest.following is None
    assert reconcile.count_open(world.ports) == 3


def test_all_that_can_be_released_comes_in_pages_and_is_released_once(world: World) -> None:
    kept = []
    for n in range(5):
        number = f"H1000000{n}"
        draft = make.draft(f"254220000000000000{n:02d}", traveller=make.traveller(number))
        form = claimed(world, issued(world, draft, f"key-{n}"))
        if n < 4:
            verified(world, form)
        kept.append(form.form_id)
    for n in range(5):
        departs(world, on(20), number=f"H1000000{n}")
    first = reconcile.releasable(world.ports, limit=3)
    assert [p.form.form_id for p in first.proposals] == kept[:3]
    assert first.following is not None
    rest = reconcile.releasable(world.ports, first.following, limit=3)
    assert [p.form.form_id for p in rest.proposals] == kept[3:4], "the fifth was never verified"
    chosen = [Chosen(p.form.form_id, p.action, p.why) for p in first.proposals]
    for _ in range(2):
        reconcile.settle(world.ports, world.operator, chosen, "all that can be")
    assert world.booked("release") == ["released"] * 3
    left = reconcile.releasable(world.ports, limit=3)
    assert [p.form.form_id for p in left.proposals] == kept[3:4]
    assert left.following is None
