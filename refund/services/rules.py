"""The table of rules: what stands in it, the rule set of a day, and a row for a day ahead."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from refund.core.calendar import day_of
from refund.core.form import Form
from refund.core.parameters import PARAMETER_BY_NAME, rule_ahead
from refund.core.people import Actor
from refund.core.policy import RULES, AddedRule, Rule, RuleSet, rules_on
from refund.core.rule_rows import Row, rows_of
from refund.ports import Ports
from refund.services.life import By, note
from refund.transaction import Transaction


def table(tx: Transaction) -> tuple[Rule, ...]:
    """The whole table: what the program knows, then what operators added."""
    return (*RULES, *(added.rule for added in tx.rules()))


def rules_for(tx: Transaction, day: date) -> RuleSet:
    """The rules of a day.

    Raises:
        Refused: `date_before_rules`.
    """
    return _rules_on(day, tuple(added.rule for added in tx.rules()))


@lru_cache(maxsize=4096)
def _rules_on(day: date, added: tuple[Rule, ...]) -> RuleSet:
    """The rules of a day where operators have added some; each day's are gathered once."""
    return rules_on(day, (*RULES, *added))


def rules_of(tx: Transaction, form: Form) -> RuleSet:
    """The rules of a form: those of the day on which it was issued."""
    return rules_for(tx, form.issue_day)


@dataclass(frozen=True, slots=True)
class RuleTable:
    """Every row there ever was, as it stands today."""

    today: date
    rows: tuple[Row, ...]

    @property
    def in_force(self) -> tuple[Row, ...]:
        """What counts today, one row for each parameter that has begun."""
        return tuple(row for row in self.rows if row.is_in_force(self.today))

    @property
    def ahead(self) -> tuple[Row, ...]:
        """What will count, the nearest day first."""
        return tuple(
            sorted(
                (row for row in self.rows if row.is_ahead(self.today)),
                key=lambda row: row.rule.valid_from,
            )
        )

    @property
    def over(self) -> tuple[Row, ...]:
        """What counted once, or was replaced before it could."""
        return tuple(
            row
            for row in self.rows
            if not row.is_in_force(self.today) and not row.is_ahead(self.today)
        )


def rule_table(ports: Ports) -> RuleTable:
    """The table as an operator sees it."""
    today = day_of(ports.clock.now())
    return RuleTable(today, rows_of(ports.storage.read(lambda tx: tx.rules())))


@dataclass(frozen=True, slots=True)
class RulePreview:
    """A row that is not yet added, and the rule sets of its first day without it and with it.

    `before` is None where the parameter has no value till then.
    """

    rule: Rule
    before: int | None
    without: RuleSet
    within: RuleSet
    replaces: Row | None


def preview_rule(ports: Ports, rule: Rule) -> RulePreview:
    """What a row would change; nothing is added yet.

    Raises:
        Refused: as `add_rule`.
    """
    checked = rule_ahead(rule, day_of(ports.clock.now()))
    added = ports.storage.read(lambda tx: tx.rules())
    known = (*RULES, *(one.rule for one in added))
    first_day = checked.valid_from
    before = [
        row
        for row in rows_of(added)
        if row.rule.parameter == checked.parameter and row.is_in_force(first_day)
    ]
    return RulePreview(
        rule=checked,
        before=before[0].rule.value if before else None,
        without=rules_on(first_day, known),
        within=rules_on(first_day, (*known, checked)),
        replaces=next((row for row in before if row.rule.valid_from == first_day), None),
    )


def add_rule(ports: Ports, operator: Actor, rule: Rule) -> AddedRule:
    """Add a row for a day that lies ahead; forms that were issued before keep their rules.

    Raises:
        Refused: `parameter_unknown`, `value_out_of_range`, `rule_not_ahead`, `field_missing` for
            the source, `field_too_long`, `field_unreadable`, `choice_unknown`.

    Source: project decision.
    """

    def write(tx: Transaction) -> AddedRule:
        # The clock is read here: whoever waited past midnight for the database is too late.
        now = ports.clock.now()
        checked = rule_ahead(rule, day_of(now))
        by = By(operator.label, now)
        added = AddedRule(ports.ids.event_id(), checked, now, operator.staff_id)
        tx.add_rule(added)
        note(tx, ports, "rule_added", by, detail=_told(checked))
        return added

    return ports.storage.write(write)


def _told(rule: Rule) -> str:
    value = PARAMETER_BY_NAME[rule.parameter].written(rule.value)
    return f"{rule.parameter} {value} {rule.valid_from.isoformat()}"
