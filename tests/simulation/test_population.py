"""The people of a world: possible, in proportion, and unmoved by what does not concern them."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from refund.core.calendar import SHANGHAI, day_of
from refund.core.form import Channel, Method
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.mrz import read_mrz
from refund.core.policy import Purchase, assess, rules_on
from refund.core.traveller import document_key, read_document, read_latin_name, read_local_name
from refund.sandbox.cards import trial_card
from refund.simulation.drills.zones import zone_of
from refund.simulation.world.baskets import goods_master
from refund.simulation.world.busy_days import busy_days_of
from refund.simulation.world.chance import Streams
from refund.simulation.world.plans import Fraud, PurchasePlan, TravellerPlan, Turn
from refund.simulation.world.population import Population, travellers_of
from refund.simulation.world.scenario import Scenario, read_scenario
from refund.translations import TRAVELLER_LOCALES

WEEK = read_scenario("ordinary-week")
REFUSED_SOMETIMES = {
    *("below_threshold", "goods_out_of_scope", "invoice_not_ordinary", "document_expired"),
    *("stay_too_long", "no_lines"),
}


def plans_of(scenario: Scenario = WEEK, seed: int = 1, days: int = 7) -> list[TravellerPlan]:
    population = Population(scenario, Streams(seed))
    chosen = (scenario.day(number) for number in range(1, days + 1))
    return [plan for day in chosen for plan in population.travellers_of(day)]


PLANS = plans_of()
PURCHASES = [(plan, purchase) for plan in PLANS for purchase in plan.purchases]
MANY = plans_of(WEEK.with_changes({"travellers_per_store_day": 15}), days=5)


def drafted(plan: TravellerPlan, purchase: PurchasePlan) -> Purchase:
    """What the counter makes of a purchase."""
    master = goods_master()
    invoices = tuple(
        Invoice(
            one.number,
            purchase.day,
            one.kind,
            tuple(
                InvoiceLine(master[line.goods_code], line.quantity, line.unit_price_fen)
                for line in one.lines
            ),
        )
        for one in purchase.invoices
    )
    return Purchase(plan.traveller, invoices, purchase.day, purchase.channel, plan.told.port)


# The same people.


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    assert plans_of() == PLANS
    assert plans_of(seed=2) != PLANS


def test_a_day_can_be_drawn_without_the_days_before_it() -> None:
    day = WEEK.day(4)
    assert list(travellers_of(WEEK, Streams(1), day)) == [
        plan for plan in PLANS if plan.purchases[0].day == day
    ]


def by_number(plans: list[TravellerPlan]) -> Mapping[int, TravellerPlan]:
    return {plan.number: plan for plan in plans}


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"min_purchase": 500, "promise_days": 17, "fee": 1}, set()),
        ({"customs_staff_day": 5, "counter_service_s": 100, "network_hours": 5}, set()),
        ({"late_share": 0.5, "late_days": 40}, {"leaves", "turn"}),
        ({"never_share": 0.3}, {"leaves", "turn"}),
        ({"forgets_share": 0.5, "cash_share": 0.1, "before_flight_min": 90}, {"customs"}),
        ({"card.declined": 0.5, "scan_after_s": 300, "alipay": 50}, {"purchases"}),
        ({"price_factor": 2}, {"purchases"}),
        ({"fewer_share": 0.5}, {"purchases"}),
    ],
)
def test_changing_one_parameter_leaves_all_that_it_does_not_concern_alone(
    changes: Mapping[str, object], moved: set[str]
) -> None:
    others = plans_of(WEEK.with_changes(changes))
    assert len(others) == len(PLANS)
    differing = {
        name
        for one, other in zip(PLANS, others, strict=True)
        for name in TravellerPlan.__dataclass_fields__
        if getattr(one, name) != getattr(other, name)
    }
    assert differing == moved


def test_more_travellers_a_day_are_the_same_ones_and_some_more() -> None:
    more = by_number(plans_of(WEEK.with_changes({"travellers_per_store_day": 2.5})))
    assert len(more) > 1.3 * len(PLANS)
    assert all(more[plan.number] == plan for plan in PLANS)


def test_who_is_late_at_a_small_share_is_late_at_a_larger_one_too() -> None:
    late = [
        {
            plan.number
            for plan in plans_of(WEEK.with_changes({"late_share": share}))
            if plan.turn is Turn.LATE
        }
        for share in (0.02, 0.1, 0.4)
    ]
    assert late[0] < late[1] < late[2]


def test_prices_of_other_goods_do_not_move_with_the_number_of_lines() -> None:
    more = by_number(plans_of(WEEK.with_changes({"lines_mean": 3, "out_of_scope_share": 0})))
    calm = WEEK.with_changes({"out_of_scope_share": 0})
    for plan in plans_of(calm):
        for one, other in zip(plan.purchases, more[plan.number].purchases, strict=True):
            lines = [line for invoice in one.invoices for line in invoice.lines]
            longer = [line for invoice in other.invoices for line in invoice.lines]
            assert longer[: len(lines)] == lines


# Possible people.


def test_every_document_reads_in_its_zone_and_nobody_has_another_s() -> None:
    for plan in PLANS:
        traveller = plan.traveller
        reading = read_mrz(zone_of(traveller, plan.sex), WEEK.begins)
        assert reading.kind is traveller.document.kind
        assert reading.number == traveller.document.number
        assert reading.latin_name == traveller.latin_name
        assert (reading.birth, reading.expiry) == (traveller.birth, traveller.document_expiry)
        assert reading.sex == plan.sex
        kind, number = traveller.document.kind.value, traveller.document.number
        assert read_document(kind, number) == traveller.document
        assert read_latin_name(traveller.latin_name) == traveller.latin_name
        assert read_local_name(traveller.local_name) == traveller.local_name
        assert plan.language in TRAVELLER_LOCALES
    keys = [document_key(plan.traveller.document) for plan in MANY]
    assert len(set(keys)) == len(keys) > 900


def test_what_is_bought_can_stand_on_a_form_but_for_the_reasons_that_a_scenario_has() -> None:
    refused: Counter[str] = Counter()
    for plan in MANY:
        for purchase in plan.purchases:
            judged = assess(drafted(plan, purchase), rules_on(purchase.day))
            refused.update({one.code for one in judged.refusals})
    count = sum(len(plan.purchases) for plan in MANY)
    assert set(refused) <= REFUSED_SOMETIMES, refused
    assert {"below_threshold", "goods_out_of_scope", "document_expired"} <= set(refused)
    assert refused.total() < 0.25 * count


def test_invoices_are_numbered_once() -> None:
    numbers = [invoice.number for _, one in PURCHASES for invoice in one.invoices]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("SIM") for number in numbers)


def test_people_shop_while_the_doors_are_open_and_come_in_order() -> None:
    opens, closes = WEEK.clock("desk.opens"), WEEK.clock("desk.closes")
    for plan in PLANS:
        moments = [one.at for one in plan.purchases]
        assert moments == sorted(moments)
        assert len({one.store_number for one in plan.purchases}) == len(plan.purchases)
        for one in plan.purchases:
            assert opens <= one.at.astimezone(SHANGHAI).time() < closes
            assert one.at.utcoffset() == timedelta()
            assert 1 <= one.store_number <= 14
    begun = [plan.purchases[0].at for plan in PLANS]
    assert begun == sorted(begun)


def test_a_journey_goes_from_the_entry_over_the_shops_to_the_flight() -> None:
    for plan in MANY:
        last = plan.purchases[-1].at
        assert plan.traveller.last_entry is not None
        assert plan.traveller.last_entry <= plan.purchases[0].day
        assert plan.told.at - last >= timedelta(hours=4)
        assert (day_of(plan.told.at) - plan.purchases[0].day).days <= 90
        assert plan.customs.before > plan.customs.patience > timedelta()
        match plan.turn:
            case Turn.NEVER:
                assert plan.leaves is None
            case Turn.AS_PLANNED:
                assert plan.leaves == plan.told
            case Turn.LATE:
                assert plan.leaves is not None
                assert day_of(plan.leaves.at) > day_of(plan.told.at)
            case Turn.OTHER_PORT:
                assert plan.leaves is not None
                assert plan.leaves.port != plan.told.port


def test_cards_are_trial_cards_and_the_first_good_one_decides() -> None:
    for _, one in PURCHASES:
        if one.phone is None:
            assert one.channel is Channel.ORDINARY
            continue
        cards = [trial_card(number) for number in one.phone.cards]
        assert all(card is not None for card in cards)
        assert 1 <= len(cards) <= 2
        assert (one.phone.account == "") == (one.phone.method is Method.CARD)
        assert one.phone.scan_after >= timedelta(seconds=2)


def test_units_that_are_missing_or_brought_back_are_units_of_the_purchase() -> None:
    changed = plans_of(WEEK.with_changes({"fewer_share": 0.5, "returns_share": 0.5}))
    missing = back = 0
    for plan in changed:
        for one in plan.purchases:
            returned = () if one.goods_back is None else one.goods_back.units
            for units in (*one.not_shown, *returned):
                invoice, line = units.place
                assert 1 <= units.quantity <= one.invoices[invoice].lines[line].quantity
            missing += bool(one.not_shown)
            if one.goods_back is not None:
                back += 1
                assert one.at < one.goods_back.at < plan.told.at
    assert missing > 30
    assert back > 30


def test_frauds_do_what_their_names_say() -> None:
    ring = WEEK.with_changes(
        {
            "split_share": 0.25,
            "empty_handed_share": 0.25,
            "lent_passport_share": 0.25,
            "same_invoice_share": 0.25,
        }
    )
    found = plans_of(ring)
    assert {plan.fraud for plan in found} == set(Fraud) - {Fraud.NONE}
    for plan in found:
        match plan.fraud:
            case Fraud.SPLIT:
                assert all(9_500_00 < one.sales_fen < 10_000_00 for one in plan.purchases)
                assert all(one.not_shown for one in plan.purchases)
            case Fraud.EMPTY_HANDED:
                assert plan.customs.forgets
                assert all(one.not_shown for one in plan.purchases)
            case Fraud.LENT_PASSPORT:
                assert plan.customs.other_person
            case Fraud.SAME_INVOICE:
                assert [one for one in plan.purchases if one.again is not None]
            case Fraud.NONE:
                raise AssertionError(plan)


def test_a_wrong_passport_is_a_companion_s() -> None:
    mistaken = plans_of(WEEK.with_changes({"wrong_passport_share": 1}))
    noticed = 0
    for plan in mistaken:
        wrong = plan.purchases[0].wrong_passport
        assert wrong is not None
        assert wrong.shown.document != plan.traveller.document
        assert wrong.shown.last_entry == plan.traveller.last_entry
        noticed += wrong.noticed_after is not None
    assert abs(noticed / len(mistaken) - WEEK.number("change.wrong_passport_noticed_share")) < 0.1
    documents = [plan.traveller.document for plan in mistaken]
    for plan in mistaken:
        wrong = plan.purchases[0].wrong_passport
        documents += [] if wrong is None else [wrong.shown.document]
    assert len(set(documents)) == len(documents) == 2 * len(mistaken)


def test_what_may_become_of_a_journey_is_decided_by_itself_each_time() -> None:
    turned = plans_of(
        WEEK.with_changes({"travellers_per_store_day": 8, "late_share": 0.5, "never_share": 0.4})
    )
    late = share_of([plan.turn is Turn.LATE for plan in turned])
    assert abs(late - 0.6 * 0.5) < 0.04


# In proportion.


def share_of(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_shares_of_people_are_near_what_the_scenario_says() -> None:
    assert len(MANY) > 900
    number = WEEK.number
    close = 0.02
    late = share_of([plan.turn is Turn.LATE for plan in MANY])
    assert abs(late - number("change.late_share")) < close
    ordinary = share_of([one.phone is None for plan in MANY for one in plan.purchases])
    assert abs(ordinary - number("visit.ordinary_share")) < close
    forgets = share_of([plan.customs.forgets for plan in MANY])
    assert abs(forgets - number("border.forgets_share")) < close
    weights = dict(WEEK.weights("nationality"))
    from_hong_kong = share_of([plan.traveller.nationality == "HKG" for plan in MANY])
    assert abs(from_hong_kong - weights["HKG"] / sum(weights.values())) < 2 * close
    stay = statistics.fmean((day_of(plan.told.at) - plan.purchases[0].day).days for plan in MANY)
    assert 3 < stay < 6.5


def test_days_without_work_bring_more_people_and_long_holidays_most() -> None:
    factor = busy_days_of(WEEK).factor
    assert factor(date(2026, 9, 7)) == 1
    assert factor(date(2026, 9, 12)) == WEEK.number("crowd.weekend_factor")
    assert factor(date(2026, 9, 20)) == 1  # A Sunday on which offices work.
    assert factor(date(2026, 9, 26)) == WEEK.number("crowd.holiday_factor")
    assert factor(date(2026, 10, 3)) == WEEK.number("crowd.golden_week_factor")
    golden = Population(read_scenario("golden-week"), Streams(1))
    assert golden.count_of(date(2026, 10, 3)) > 1.5 * golden.count_of(date(2026, 10, 8))


def test_doors_that_never_open_bring_nobody() -> None:
    assert plans_of(WEEK.with_changes({"opens": "22:00"})) == []
    assert plans_of(WEEK.with_changes({"travellers_per_store_day": 0})) == []


# Sums by hand.


def test_constant_baskets_come_to_what_is_worked_out_by_hand() -> None:
    scenario = WEEK.with_changes({"constant_yuan": 1494, "special_invoice_share": 0})
    plans = plans_of(scenario)
    count = sum(len(plan.purchases) for plan in plans)
    net_fen = 0
    for plan in plans:
        for one in plan.purchases:
            assert one.sales_fen == 1494_00
            net_fen += assess(drafted(plan, one), rules_on(one.day)).amounts.net_fen
    assert count > 100
    assert net_fen == count * 134_46


def test_stores_and_lines_are_as_many_as_their_means_say() -> None:
    scenario = WEEK.with_changes({"stores_mean": 1, "lines_mean": 1, "out_of_scope_share": 0})
    plans = plans_of(scenario.with_changes({"more_units_share": 0}))
    for plan in plans:
        (purchase,) = plan.purchases
        (invoice,) = purchase.invoices
        (line,) = invoice.lines
        assert line.quantity == 1
