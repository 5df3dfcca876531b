"""Issuing: every refusal at once, one form per submission, an invoice on one live form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest

from refund.core.errors import Refused
from refund.core.form import Channel, Form, Status
from refund.core.ids import group_form_number
from refund.core.invoice import InvoiceKind
from refund.core.money import FEN_MAX, Vat
from refund.core.people import Actor
from refund.core.signing import verify
from refund.core.store import StoreStatus
from refund.services import claim, issue
from refund.services.enrol import import_stores
from tests import make
from tests.services.steps import PHONE, agreed, claimed, codes, issued, unlocked
from tests.world import World, open_world

SEVEN = {
    "no_valid_document",
    "entry_date_unknown",
    "stay_too_long",
    "invoice_before_entry",
    "goods_out_of_scope",
    "invoice_not_ordinary",
    "below_threshold",
}


def test_a_form_says_what_was_bought_and_signs_it(world: World) -> None:
    form = issued(world)
    assert group_form_number(form.form_number).startswith("250708-0001-0001-")
    assert (form.amounts.sales_fen, form.amounts.net_fen) == (make.PRICE_FEN, make.NET_FEN)
    assert (form.depart_by, form.export_by) == (date(2025, 7, 25), date(2025, 10, 6))
    payload = verify(form.code, world.keys.ring(), form.issue_day)
    assert (payload.form_id, payload.store_number, payload.net_fen) == (
        form.form_id,
        1,
        make.NET_FEN,
    )
    slip = issue.slip(world.ports, world.clerk, form.form_id)
    assert slip.traveller == make.traveller()
    assert [i.number for i in slip.invoices] == ["25422000000000000001"]
    assert slip.invoices[0].lines[0].goods.goods_code == "BAG01"
    again = issue.slip(world.ports, world.clerk, form.form_id)
    assert again.claim_code == slip.claim_code
    assert issue.forms_today(world.ports, world.clerk) == [form]


def test_a_dry_run_names_every_refusal_at_once_and_issues_nothing(world: World) -> None:
    lines = (make.line(1_00), make.line(1_00, Vat.EXEMPT))
    six = make.draft(
        traveller=None,
        last_entry=date(2025, 1, 2),
        invoices=(
            make.invoice("25422000000000000001", day=date(2025, 1, 1), lines=lines),
            make.invoice("25422000000000000002", kind=InvoiceKind.SPECIAL, lines=()),
        ),
    )
    seventh = make.draft(traveller=make.traveller(last_entry=None))
    named = [
        codes(issue.dry_run(world.ports, world.clerk, draft).refusals) for draft in (six, seventh)
    ]
    besides = {"invoice_other_day", "too_late_to_issue"}
    assert named == [(SEVEN - {"entry_date_unknown"}) | besides, SEVEN - named[0]]
    for draft in (six, seventh):
        assert issue.issue_form(world.ports, world.clerk, draft, "key").form is None
    assert issue.forms_today(world.ports, world.clerk) == []


def test_a_submission_sent_twice_is_one_form(world: World) -> None:
    first, again = issued(world), issued(world)
    assert again == first
    assert len(issue.forms_today(world.ports, world.clerk)) == 1


def test_a_submission_sent_again_finds_its_form_moved_on(small_world: World) -> None:
    form = claimed(small_world)
    assert issued(small_world).status is form.status is Status.ADVANCED


@pytest.mark.parametrize(
    "other",
    [
        make.draft("25422000000000000002"),
        make.draft(port="YIH"),
        make.draft(channel=Channel.ORDINARY),
        make.draft(traveller=make.traveller("H99999999")),
        make.draft(traveller=make.traveller(last_entry=date(2025, 7, 2))),
        make.draft(invoices=(make.invoice(lines=(make.line(1494_01),)),)),
    ],
)
def test_a_submission_key_stands_for_one_draft(small_world: World, other: issue.Draft) -> None:
    issued(small_world)
    with pytest.raises(Refused, match="submission_differs"):
        issue.issue_form(small_world.ports, small_world.clerk, other, "key-1")


def test_a_submission_key_of_one_store_says_nothing_in_another(small_world: World) -> None:
    first = issued(small_world)
    other = make.draft("25422000000000000002")
    second = issued(small_world, other, clerk=small_world.other_clerk)
    assert first.form_id != second.form_id
    assert second.store_number == 2


@pytest.mark.rule("invoice_line_once")
@pytest.mark.rule("void_frees_the_invoices")
def test_an_invoice_stands_on_one_live_form_until_that_is_void(world: World) -> None:
    form = issued(world)
    found = issue.issue_form(world.ports, world.other_clerk, make.draft(), "key-2")
    assert found.form is None
    assert [(r.code, r.field) for r in found.refusals] == [
        ("invoice_already_used", "invoices-0-number")
    ]
    issue.void_form(world.ports, world.clerk, form.form_id, "wrong colour")
    assert issued(world, make.draft(), "key-3", world.other_clerk).store_number == 2


def test_an_invoice_comes_once_on_a_form(small_world: World) -> None:
    twice = make.draft(invoices=(make.invoice(), make.invoice()))
    run = issue.dry_run(small_world.ports, small_world.clerk, twice)
    assert [(r.code, r.field) for r in run.refusals] == [
        ("invoice_already_used", "invoices-1-number")
    ]


def race(world: World, drafts: list[tuple[issue.Draft, str]]) -> list[Form | Refused]:
    """Issue all drafts at the same moment; what each clerk was told."""
    start = Barrier(len(drafts))

    def go(given: tuple[issue.Draft, str]) -> Form | Refused:
        start.wait(10)
        try:
            found = issue.issue_form(world.ports, world.clerk, *given)
        except Refused as refused:
            return refused
        return found.form or found.refusals[0]

    with ThreadPoolExecutor(len(drafts)) as pool:
        return list(pool.map(go, drafts))


@pytest.mark.rule("invoice_line_once")
def test_of_two_clerks_racing_with_one_invoice_one_is_told_the_truth(world: World) -> None:
    said = race(world, [(make.draft(), f"key-{n}") for n in range(6)])
    assert len([one for one in said if isinstance(one, Form)]) == 1
    told = {one.code for one in said if isinstance(one, Refused)}
    assert told == {"invoice_already_used"}


def test_a_double_click_at_the_same_moment_is_one_form(world: World) -> None:
    said = race(world, [(make.draft(), "key-1")] * 6)
    assert len({one.form_id for one in said if isinstance(one, Form)}) == 1
    assert not [one for one in said if isinstance(one, Refused)]


def test_forms_of_a_store_are_numbered_without_gap_or_double(world: World) -> None:
    said = race(world, [(make.draft(f"2542200000000000001{n}"), f"key-{n}") for n in range(8)])
    numbers = sorted(one.form_number[10:14] for one in said if isinstance(one, Form))
    assert numbers == [f"{n:04d}" for n in range(1, 9)]


def small(number: str, price_fen: int, **changes: object) -> issue.Draft:
    """A purchase of that price."""
    return make.draft(
        number, invoices=(make.invoice(number, lines=(make.line(price_fen),)),), **changes
    )


@pytest.mark.rule("threshold_over_forms")
def test_purchases_of_one_day_in_one_store_count_together_to_the_threshold(
    world: World,
) -> None:
    def told(draft: issue.Draft, clerk: Actor | None = None) -> set[str]:
        return codes(issue.dry_run(world.ports, clerk or world.clerk, draft).refusals)

    more = small("25422000000000000002", 50)
    assert told(more) == {"below_threshold"}
    first = issued(world, small("25422000000000000001", 200_00))
    assert told(more) == set()
    assert told(more, world.other_clerk) == {"below_threshold"}
    stranger = small("25422000000000000002", 50, traveller=make.traveller("H99999999"))
    assert told(stranger) == {"below_threshold"}
    issue.void_form(world.ports, world.clerk, first.form_id, "changed her mind")
    assert told(more) == {"below_threshold"}
    world.clock.pass_by(days=1)
    assert told(more) == {"below_threshold"}
    issued(world, small("25422000000000000003", 200_00), "key-2")


def test_a_second_form_that_would_pay_nothing_is_refused_by_name(small_world: World) -> None:
    issued(small_world)
    for price_fen, expected in ((4, {"amount_out_of_range"}), (5, set()), (7, set())):
        run = issue.dry_run(
            small_world.ports, small_world.clerk, small("25422000000000000002", price_fen)
        )
        assert codes(run.refusals) == expected, price_fen
    assert issued(small_world, small("25422000000000000002", 5), "key-2").amounts.net_fen == 1


def test_a_sum_that_the_books_cannot_carry_is_refused_by_name(small_world: World) -> None:
    lines = (make.line(FEN_MAX), make.line(1))
    draft = make.draft(invoices=(make.invoice(lines=lines),), channel=Channel.ORDINARY)
    run = issue.dry_run(small_world.ports, small_world.clerk, draft)
    assert codes(run.refusals) == {"amount_out_of_range"}


def test_fields_that_could_not_be_read_are_named_beside_the_rules(small_world: World) -> None:
    problem = Refused("date_unreadable", "last_entry")
    draft = make.draft(traveller=make.traveller(last_entry=None), problems=(problem,))
    found = issue.issue_form(small_world.ports, small_world.clerk, draft, "key-1")
    assert [r.code for r in found.refusals] == ["date_unreadable"]
    assert found.form is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": StoreStatus.SUSPENDED}, "store_not_active"),
        ({"sign_displayed": False}, "store_not_active"),
        ({"instant_from": date(2025, 7, 9)}, "store_not_instant"),
        ({"instant_to": date(2025, 7, 7)}, "store_not_instant"),
    ],
)
def test_a_store_issues_only_what_it_may(
    small_world: World, changes: dict[str, object], code: str
) -> None:
    import_stores(small_world.ports, [make.store(1, **changes)], "operator:operator-1")
    assert codes(issue.dry_run(small_world.ports, small_world.clerk, make.draft()).refusals) == {
        code
    }


def test_without_a_signing_key_nothing_is_issued_and_the_rest_goes_on(small_world: World) -> None:
    form = unlocked(small_world)
    for private in (small_world.folder / "keys").glob("signing-*.pem"):
        private.unlink()
    with pytest.raises(Refused, match="no_signing_key"):
        issue.issue_form(
            small_world.ports, small_world.clerk, make.draft("25422000000000000002"), "key-2"
        )
    assert claimed(small_world, agreed(small_world, form)).status is Status.ADVANCED


def test_a_form_of_another_store_and_no_form_look_alike(small_world: World) -> None:
    form = issued(small_world)
    for form_id in (form.form_id, "ffffffffffffffff"):
        for look in (issue.slip, issue.form_seen_by_store):
            with pytest.raises(Refused, match="form_unknown") as caught:
                look(small_world.ports, small_world.other_clerk, form_id)
            assert caught.value.facts == {}
        with pytest.raises(Refused, match="form_unknown"):
            issue.void_form(small_world.ports, small_world.other_clerk, form_id, "mine")


def test_someone_without_a_store_issues_nothing(small_world: World) -> None:
    with pytest.raises(Refused, match="store_unknown"):
        issue.dry_run(small_world.ports, small_world.operator, make.draft())
    nowhere = replace(small_world.clerk, store_number=99)
    with pytest.raises(Refused, match="store_unknown"):
        issue.issue_form(small_world.ports, nowhere, make.draft(), "key-1")


def test_a_form_is_voided_with_a_reason_and_only_while_no_money_is_in_it(world: World) -> None:
    form = issued(world)
    with pytest.raises(Refused, match="reason_missing"):
        issue.void_form(world.ports, world.clerk, form.form_id, "  ")
    void = issue.void_form(world.ports, world.clerk, form.form_id, " wrong  bag ")
    assert void.status is Status.VOID
    events = world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    assert events[-1].detail == "wrong bag"
    with pytest.raises(Refused, match="form_void"):
        claim.scan(world.ports, form.code, PHONE)
    with pytest.raises(Refused, match="not_in_this_state"):
        issue.void_form(world.ports, world.clerk, form.form_id, "again")
    paid = claimed(world, issued(world, make.draft(), "key-2"))
    with pytest.raises(Refused, match="not_in_this_state"):
        issue.void_form(world.ports, world.clerk, paid.form_id, "too late")


def test_a_form_voided_on_the_counter_stops_on_the_phone(small_world: World) -> None:
    form = agreed(small_world)
    issue.void_form(small_world.ports, small_world.clerk, form.form_id, "returned")
    with pytest.raises(Refused, match="not_in_this_state"):
        claim.open_card_page(small_world.ports, PHONE, form.form_id, "http://127.0.0.1/", "en")


def test_the_fingerprint_of_a_submission_is_blind(tmp_path: Path, small_world: World) -> None:
    def fingerprint(world: World) -> str:
        issued(world)
        kept = world.ports.storage.read(lambda tx: tx.form_by_submission(1, "key-1"))
        assert kept is not None
        return kept[1]

    (tmp_path / "other").mkdir()
    with open_world(tmp_path / "other", f"sqlite://{tmp_path / 'other' / 'refund.db'}") as other:
        assert fingerprint(small_world) != fingerprint(other), "it would tell who it was"
