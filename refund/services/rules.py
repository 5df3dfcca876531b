"""The table of rules: what stands in it, and the rule set of a day."""

from datetime import date

from refund.core.form import Form
from refund.core.policy import RULES, Rule, RuleSet, rules_on
from refund.transaction import Transaction


def table(tx: Transaction) -> tuple[Rule, ...]:
    """The whole table: what the program knows, then what operators added."""
    return (*RULES, *(added.rule for added in tx.rules()))


def rules_for(tx: Transaction, day: date) -> RuleSet:
    """The rules of a day.

    Raises:
        Refused: `date_before_rules`.
    """
    return rules_on(day, table(tx))


def rules_of(tx: Transaction, form: Form) -> RuleSet:
    """The rules of a form: those of the day on which it was issued."""
    return rules_for(tx, form.issue_day)
