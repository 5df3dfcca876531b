"""A quote: what a refund would be under the rules of a day, from the same code as the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import day_of, last_day
from refund.core.consequences import (
    Consequences,
    Terms,
    consequences_of,
    departure_word,
    differing,
)
from refund.core.entitlement import quantities_of, remaining_of
from refund.core.errors import Refused
from refund.core.form import GONE, Channel, Form
from refund.core.matching import exit_for
from refund.core.money import Amounts, Vat
from refund.core.parameters import changed_rules, rules_that_differ
from refund.core.policy import Purchase, RuleSet, amounts_of, assess, rules_on
from refund.ports import Ports
from refund.services.life import the_form
from refund.services.rules import rules_for, rules_of
from refund.transaction import Transaction

UNCHANGED: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Quote:
    """Sales, gross, fee and net in fen, the last days, and every reason against a form.

    `promise_last_day` is None before the instant refund began.
    """

    amounts: Amounts
    promise_last_day: date | None
    export_last_day: date
    refusals: tuple[Refused, ...]


def quote(
    on: date, lines: Sequence[tuple[int, Vat]], changes: Mapping[str, int] = UNCHANGED
) -> Quote:
    """Calculate a refund for lines of (fen, VAT) bought that day; sales counts what it rests on.

    Args:
        on: the day of the purchase, and of the rules.
        lines: of the purchase.
        changes: other values for some parameters of the table.

    Raises:
        Refused: `date_before_rules`, `no_lines`, `parameter_unknown`, `value_out_of_range`.
    """
    return quote_under(changed_rules(rules_on(on), changes), lines)


def quote_under(rules: RuleSet, lines: Sequence[tuple[int, Vat]]) -> Quote:
    """The same under a rule set, on the rule set's own day.

    Raises:
        Refused: `no_lines`.
    """
    if not lines:
        raise Refused("no_lines")
    refusals = [
        Refused("goods_out_of_scope", f"line-{position}", why="exempt")
        for position, (_, vat) in enumerate(lines)
        if vat is Vat.EXEMPT
    ]
    amounts = amounts_of(lines, rules)
    if amounts.sales_fen < rules.min_purchase_fen:
        refusals.append(
            Refused(
                "below_threshold", least_fen=rules.min_purchase_fen, total_fen=amounts.sales_fen
            )
        )
    export_by = last_day(rules.day, rules.export_days)
    promised = None
    if rules.promise_days is not None:
        promised = min(last_day(rules.day, rules.promise_days), export_by)
    return Quote(amounts, promised, export_by, tuple(refusals))


def quoted_consequences(
    ports: Ports, rules: RuleSet, lines: Sequence[tuple[int, Vat]]
) -> Consequences:
    """All that follows from lines bought on the rule set's own day.

    Raises:
        Refused: `no_lines`.
    """
    found = quote_under(rules, lines)
    return consequences_of(
        found.amounts,
        Terms(found.promise_last_day, found.export_last_day, rules.promise_any_port),
        found.refusals,
        rules,
        ports.workdays.is_working_day,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """A form under its own rules and under others, and the names of what differs."""

    form: Form
    own_rules: RuleSet
    other_rules: RuleSet
    own: Consequences
    other: Consequences

    @property
    def differs(self) -> tuple[str, ...]:
        """The names of the consequences that are not the same."""
        return differing(self.own, self.other)

    @property
    def rules_differ(self) -> dict[str, tuple[int | None, int | None]]:
        """Every parameter that is not the same, with its own value and the other one."""
        return rules_that_differ(self.own_rules, self.other_rules)


def compare_form(
    ports: Ports, form_number: str, on: date | None, changes: Mapping[str, int] = UNCHANGED
) -> Comparison:
    """Say what a form would have been under other rules; what is kept of it stays as it is.

    Args:
        ports: to the world.
        form_number: its fifteen digits.
        on: the day whose rules are applied; None for the form's own.
        changes: other values for some parameters.

    Raises:
        Refused: `form_unknown`, `date_before_rules`, `parameter_unknown`, `value_out_of_range`.
    """

    def read(tx: Transaction) -> Comparison:
        form = tx.form_by_number(form_number)
        if form is None:
            raise Refused("form_unknown", "form")
        return _compared(tx, ports, form, on, changes)

    return ports.storage.read(read)


def compare_form_by_id(
    ports: Ports, form_id: str, on: date | None, changes: Mapping[str, int] = UNCHANGED
) -> Comparison:
    """The same for a form that was found before.

    Raises:
        Refused: as `compare_form`.
    """
    return ports.storage.read(lambda tx: _compared(tx, ports, the_form(tx, form_id), on, changes))


def _compared(
    tx: Transaction, ports: Ports, form: Form, on: date | None, changes: Mapping[str, int]
) -> Comparison:
    own_rules = rules_of(tx, form)
    other_rules = changed_rules(own_rules if on is None else rules_for(tx, on), changes)
    invoices = tuple(tx.invoices_of(form.form_id))
    purchase = Purchase(
        traveller=tx.traveller_of(form.form_id),
        invoices=invoices,
        day=form.issue_day,
        channel=form.channel,
        port=form.port,
        earlier_fen=_earlier_fen(tx, form, invoices[0].day),
    )
    exit_seen = exit_for(form, tx.exits_of(form.document_index), tx.verification_of(form.form_id))
    seen = None if exit_seen is None else (exit_seen.exited_at, exit_seen.port)

    def under(rules: RuleSet) -> Consequences:
        found = assess(purchase, rules)
        terms = Terms(found.depart_by, found.export_by, found.port_any)
        departure = ""
        if form.channel is Channel.INSTANT:
            departure = departure_word(terms, form.port, seen, day_of(ports.clock.now()))
        return consequences_of(
            found.amounts, terms, found.refusals, rules, ports.workdays.is_working_day, departure
        )

    return Comparison(form, own_rules, other_rules, under(own_rules), under(other_rules))


def _earlier_fen(tx: Transaction, form: Form, day: date) -> int:
    """What other forms of the traveller's day in the store added when this one was issued."""
    return sum(
        _stood_fen(tx, one, day, form.issued_at)
        for one in tx.forms_of_traveller(form.document_index)
        if one.store_number == form.store_number
        and one.form_number < form.form_number
        and one.form_id != form.replaces
    )


def _stood_fen(tx: Transaction, one: Form, day: date, at: datetime) -> int:
    """What a form's purchases of a day came to at a moment; what came back later still counts."""
    invoices = tx.invoices_of(one.form_id)
    returns = [returned for returned in tx.returns_of(one.form_id) if returned.returned_at <= at]
    over = any(returned.is_whole for returned in returns) or _was_gone(tx, one, at)
    if over or all(invoice.day != day for invoice in invoices):
        return 0
    left = remaining_of(invoices, returns)
    back_fen = sum(
        (quantity - left[place, position]) * invoices[place].lines[position].unit_price_fen
        for (place, position), quantity in quantities_of(invoices).items()
    )
    return one.amounts.sales_fen - back_fen


def _was_gone(tx: Transaction, one: Form, at: datetime) -> bool:
    """Whether a form had ended at a moment."""
    gone = {status.value for status in GONE}
    return one.status in GONE and any(
        event.to_status in gone and event.at <= at for event in tx.events_of(one.form_id)
    )
