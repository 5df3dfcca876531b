"""Rows that operators added to the table of rules."""

from typing import Protocol

from refund.core.policy import AddedRule


class RuleRows(Protocol):
    """Rows that operators added to the table of rules; they are never changed."""

    def rules(self) -> list[AddedRule]:
        """Every row that was added, in the order in which it was."""
        ...

    def add_rule(self, added: AddedRule) -> None:
        """Add a row."""
        ...
