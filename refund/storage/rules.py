"""Rows that operators added to the table of rules."""

from refund.core.policy import AddedRule, Rule
from refund.storage.records import day, moment, text, whole, written
from refund.storage.rows import Rows


class RuleQueries(Rows):
    """Rows that operators added to the table of rules; they are never changed."""

    __slots__ = ()

    def rules(self) -> list[AddedRule]:
        """Every row that was added, in the order in which it was."""
        rows = self._session.rows("SELECT * FROM rule_row ORDER BY sequence")
        return [
            AddedRule(
                text(row["row_id"]),
                Rule(
                    text(row["parameter"]),
                    whole(row["value"]),
                    day(row["valid_from"]),
                    text(row["source"]),
                    text(row["grade"]),
                ),
                moment(row["added_at"]),
                text(row["added_by"]),
            )
            for row in rows
        ]

    def add_rule(self, added: AddedRule) -> None:
        """Add a row; two that are added at once are put one after the other."""
        rule = added.rule
        self._session.run(
            "INSERT INTO rule_row (row_id, sequence, parameter, value, valid_from, source, grade,"
            " added_at, added_by) SELECT :row_id, COALESCE(MAX(sequence), 0) + 1, :parameter,"
            " :value, :valid_from, :source, :grade, :added_at, :added_by FROM rule_row",
            row_id=added.row_id,
            parameter=rule.parameter,
            value=rule.value,
            valid_from=rule.valid_from.isoformat(),
            source=rule.source,
            grade=rule.grade,
            added_at=written(added.added_at),
            added_by=added.added_by,
        )
