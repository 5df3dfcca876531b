"""The rows of the table of rules as they stand beside one another: in force, over, ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from refund.core.policy import PARAMETERS, RULES, AddedRule, Rule

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; `added` is None for what the program knows by itself.

    `until` is the last day before another row takes over, None while none does; a row that was
    `replaced` by a later one of the same day never counts.
    """

    rule: Rule
    added: AddedRule | None
    until: date | None
    replaced: bool

    def is_in_force(self, day: date) -> bool:
        """Whether it counts on a day."""
        started = not self.replaced and self.rule.valid_from <= day
        return started and (self.until is None or day <= self.until)

    def is_ahead(self, day: date) -> bool:
        """Whether it counts from a later day on."""
        return not self.replaced and self.rule.valid_from > day


def rows_of(added: Sequence[AddedRule]) -> tuple[Row, ...]:
    """Every row of the table, by parameter, the earliest day first; none is ever left out."""
    every = [(rule, None) for rule in RULES] + [(one.rule, one) for one in added]
    found: list[Row] = []
    for parameter in PARAMETERS:
        of_one = [pair for pair in every if pair[0].parameter == parameter]
        of_one.sort(key=lambda pair: pair[0].valid_from)
        starts = sorted({rule.valid_from for rule, _ in of_one})
        next_start = dict(pairwise(starts))
        for position, (rule, one) in enumerate(of_one):
            later = of_one[position + 1 :]
            replaced = any(other.valid_from == rule.valid_from for other, _ in later)
            follows = next_start.get(rule.valid_from)
            until = None if follows is None else follows - ONE_DAY
            found.append(Row(rule, one, until, replaced))
    return tuple(found)
