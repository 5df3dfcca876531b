"""Sampling: whose goods customs look at, drawn from a seed so that anybody can draw again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from hashlib import sha256

from refund.core.form import GONE, Form
from refund.core.money import BP_PER_WHOLE
from refund.core.policy import RuleSet


class DrawReason(Enum):
    """Why a form is inspected, or is not."""

    ALL_FORMS = "all_forms"
    FROM_AMOUNT = "from_amount"
    DRAWN = "drawn"
    NOT_DRAWN = "not_drawn"


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn for a form at the desk that saw it first; it stands for the form's life.

    Args:
        form_id: the form.
        port: whose seed of `day` it was drawn from.
        day: in Asia/Shanghai.
        drawn_bp: 0 to 9999; below `share_bp` the form is inspected.
        share_bp: the share of the form's rule set.
        why: what decided.
        is_inspected: whether the goods must be looked at.
        drawn_at: when the form was first shown.
    """

    form_id: str
    port: str
    day: date
    drawn_bp: int
    share_bp: int
    why: DrawReason
    is_inspected: bool
    drawn_at: datetime


def drawn_bp(seed: str, form_id: str) -> int:
    """The number that a seed gives a form, 0 to 9999.

    Source: project decision.
    """
    digest = sha256(f"{seed}|{form_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % BP_PER_WHOLE


def draw(form: Form, rules: RuleSet, seed: str, port: str, day: date, at: datetime) -> Draw:
    """What the seed of a port's day and the form's own rules say of a form; always the same.

    Source: GAC 25/2015 (every form); 2026 package (from an amount on, and a share of the others).
    """
    number = drawn_bp(seed, form.form_id)
    if rules.inspect_all:
        why = DrawReason.ALL_FORMS
    elif form.amounts.sales_fen >= rules.inspect_from_fen:
        why = DrawReason.FROM_AMOUNT
    elif number < rules.inspect_share_bp:
        why = DrawReason.DRAWN
    else:
        why = DrawReason.NOT_DRAWN
    return Draw(
        form_id=form.form_id,
        port=port,
        day=day,
        drawn_bp=number,
        share_bp=rules.inspect_share_bp,
        why=why,
        is_inspected=why is not DrawReason.NOT_DRAWN,
        drawn_at=at,
    )


def just_below(form: Form, forms: Iterable[Form], rules: RuleSet) -> tuple[Form, ...]:
    """The traveller's forms of one day that each stay below the amount and together reach it.

    Returns:
        All of them, the one asked for among them; empty when there is nothing to remark.

    Source: project decision; the amount is that of the 2026 package.
    """
    if rules.inspect_all or form.amounts.sales_fen >= rules.inspect_from_fen:
        return ()
    below = tuple(
        one
        for one in forms
        if one.issue_day == form.issue_day
        and one.status not in GONE
        and one.amounts.sales_fen < rules.inspect_from_fen
    )
    total_fen = sum(one.amounts.sales_fen for one in below)
    return below if len(below) > 1 and total_fen >= rules.inspect_from_fen else ()
