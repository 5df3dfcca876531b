"""Words that the checks of the books share."""

from collections.abc import Iterable

from refund.core.case import TWO_PERSONS_FEN

SIGNED = "CASE posting.side WHEN 'debit' THEN posting.amount_fen ELSE -posting.amount_fen END"
"""A posting's amount, debits above zero and credits below."""

DONE = "operation.state IN ('succeeded', 'returned')"
"""Done by the network, whatever became of the money later."""

GIVEN_BACK = (
    "operation.kind = 'release' AND (operation.state = 'succeeded' OR (operation.state = 'refused'"
    " AND (operation.refusal IN ('hold_expired', 'unknown_hold')"
    " OR operation.purpose = 'withdraw')))"
)
"""A hold that was released; one that was over by itself, or only given up, is as good as that."""


def words(values: Iterable[str]) -> str:
    """Words of ours as a list of SQL."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def posted(account: str, side: str) -> str:
    """What an entry moves on one side of an account."""
    return (
        "(SELECT COALESCE(SUM(posting.amount_fen), 0) FROM posting WHERE posting.entry_key"
        f" = entry.entry_key AND posting.account = '{account}' AND posting.side = '{side}')"
    )


def before_suffix(suffix: str) -> str:
    """An entry's key without what follows the name of its event."""
    return f"SUBSTR(entry.entry_key, 1, LENGTH(entry.entry_key) - {len(suffix)})"


def own_operation(*terms: str) -> str:
    """Whether an entry has the operation that it is named after."""
    return (
        "EXISTS (SELECT 1 FROM operation WHERE operation.reference = entry.entry_key"
        f" AND operation.form_id = entry.form_id AND {' AND '.join(terms)})"
    )


def approved(fix: str, *, case: str) -> str:
    """Whether two persons decided a fix of the cases that a term names."""
    return (
        "EXISTS (SELECT 1 FROM approval JOIN case_record"
        " ON case_record.case_id = approval.case_id"
        f" WHERE {case} AND approval.fix {fix} AND approval.is_approved = 1"
        " AND approval.decided_by <> '' AND approval.decided_by <> approval.asked_by)"
    )


ABOVE_ONE_PERSON = f"> {TWO_PERSONS_FEN}"
"""More than one person decides alone."""
