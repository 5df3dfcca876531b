"""Cases: every anomaly has one, with an owner, an age, a history, a proposed fix, and a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

TWO_PERSONS_FEN = 1_000_00
"""From more than this on, what a person decides needs a second one. Source: project decision."""

PENDING_MAX = timedelta(minutes=15)
"""Nothing waits longer for the network without a case. Source: project decision."""


class CaseKind(Enum):
    """What is wrong, in a word that is stable for ever."""

    # What the network answered, or did not.
    PENDING_TOO_LONG = "pending_too_long"
    ANSWER_DISAGREES = "answer_disagrees"
    ANSWERS_CONTRADICT = "answers_contradict"
    NOT_TAKEN = "not_taken"
    ADVANCE_RETURNED = "advance_returned"
    CHARGE_REFUSED = "charge_refused"
    # Holds.
    HOLD_ENDS_EARLY = "hold_ends_early"
    UNSECURED = "unsecured"
    # The three-way match: our forms and ledger, the network's statement, customs and the border.
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    KIND_DIFFERS = "kind_differs"
    TWICE_THERE = "twice_there"
    LATE_THERE = "late_there"
    CAPTURED_AFTER_RELEASE = "captured_after_release"
    RELEASED_UNVERIFIED = "released_unverified"
    LEFT_LATE = "left_late"
    LEFT_ELSEWHERE = "left_elsewhere"
    LEFT_UNVERIFIED = "left_unverified"
    # Statements and the books.
    STATEMENT_MISSING = "statement_missing"
    STATEMENT_WRONG = "statement_wrong"
    STATEMENT_REISSUED = "statement_reissued"
    FIX_UNFOUNDED = "fix_unfounded"
    FEES_DIFFER = "fees_differ"
    INVARIANT_BROKEN = "invariant_broken"


class Fix(Enum):
    """What a person can do about a case; each that moves money is an entry of the ledger.

    `post_theirs` takes over what the network's book has and ours has not; `reverse_ours` takes
    back what ours has and the network's has not; `treat_as_refused` ends an operation that never
    reached the network; `pay_again` pays what came back once more, to the card; `take_back`
    reverses what an earlier case posted; `ask_before` asks whether the network issues earlier days
    otherwise now; `replace_statement` lets an offered statement count in the old one's place.
    """

    LOOK_UP = "look_up"
    TREAT_AS_REFUSED = "treat_as_refused"
    EXTEND = "extend"
    RELEASE = "release"
    CAPTURE = "capture"
    WRITE_OFF = "write_off"
    PAY_AGAIN = "pay_again"
    POST_THEIRS = "post_theirs"
    REVERSE_OURS = "reverse_ours"
    FETCH = "fetch"
    TAKE_BACK = "take_back"
    ASK_BEFORE = "ask_before"
    REPLACE_STATEMENT = "replace_statement"
    EXPLAIN = "explain"


MOVES_MONEY = frozenset(
    {
        *(Fix.RELEASE, Fix.CAPTURE, Fix.WRITE_OFF, Fix.PAY_AGAIN),
        *(Fix.POST_THEIRS, Fix.REVERSE_OURS, Fix.TAKE_BACK),
    }
)
"""Fixes that need two persons above the limit."""

TWO_ALWAYS = frozenset({Fix.REPLACE_STATEMENT})
"""Fixes that need two persons whatever they move."""

FIXES: dict[CaseKind, tuple[Fix, ...]] = {
    CaseKind.PENDING_TOO_LONG: (Fix.LOOK_UP, Fix.TREAT_AS_REFUSED),
    CaseKind.ANSWER_DISAGREES: (Fix.LOOK_UP, Fix.TREAT_AS_REFUSED),
    CaseKind.ANSWERS_CONTRADICT: (Fix.LOOK_UP, Fix.EXPLAIN),
    CaseKind.NOT_TAKEN: (Fix.TREAT_AS_REFUSED, Fix.LOOK_UP),
    CaseKind.ADVANCE_RETURNED: (Fix.PAY_AGAIN, Fix.EXPLAIN),
    CaseKind.CHARGE_REFUSED: (Fix.CAPTURE, Fix.WRITE_OFF, Fix.RELEASE, Fix.EXPLAIN),
    CaseKind.HOLD_ENDS_EARLY: (Fix.EXTEND, Fix.CAPTURE, Fix.RELEASE, Fix.EXPLAIN),
    CaseKind.UNSECURED: (Fix.WRITE_OFF, Fix.EXPLAIN),
    CaseKind.MISSING_HERE: (Fix.POST_THEIRS, Fix.LOOK_UP, Fix.EXPLAIN),
    CaseKind.MISSING_THERE: (Fix.REVERSE_OURS, Fix.EXPLAIN),
    CaseKind.AMOUNT_DIFFERS: (Fix.POST_THEIRS, Fix.EXPLAIN),
    CaseKind.CURRENCY_DIFFERS: (Fix.EXPLAIN,),
    CaseKind.KIND_DIFFERS: (Fix.EXPLAIN,),
    CaseKind.TWICE_THERE: (Fix.POST_THEIRS, Fix.EXPLAIN),
    CaseKind.LATE_THERE: (Fix.EXPLAIN,),
    CaseKind.CAPTURED_AFTER_RELEASE: (Fix.POST_THEIRS, Fix.EXPLAIN),
    CaseKind.RELEASED_UNVERIFIED: (Fix.EXPLAIN,),
    CaseKind.LEFT_LATE: (Fix.CAPTURE, Fix.EXPLAIN),
    CaseKind.LEFT_ELSEWHERE: (Fix.CAPTURE, Fix.EXPLAIN),
    CaseKind.LEFT_UNVERIFIED: (Fix.CAPTURE, Fix.RELEASE, Fix.EXPLAIN),
    CaseKind.STATEMENT_MISSING: (Fix.FETCH, Fix.EXPLAIN),
    CaseKind.STATEMENT_WRONG: (Fix.ASK_BEFORE, Fix.FETCH, Fix.EXPLAIN),
    CaseKind.STATEMENT_REISSUED: (Fix.REPLACE_STATEMENT, Fix.EXPLAIN),
    CaseKind.FIX_UNFOUNDED: (Fix.TAKE_BACK, Fix.EXPLAIN),
    CaseKind.FEES_DIFFER: (Fix.POST_THEIRS, Fix.EXPLAIN),
    CaseKind.INVARIANT_BROKEN: (Fix.EXPLAIN,),
}
"""What can be done about each kind, the proposed fix first; `explain` closes with a reason."""

MATCH = frozenset(
    {
        *(CaseKind.MISSING_HERE, CaseKind.MISSING_THERE, CaseKind.AMOUNT_DIFFERS),
        *(CaseKind.CURRENCY_DIFFERS, CaseKind.KIND_DIFFERS, CaseKind.TWICE_THERE),
        *(CaseKind.LATE_THERE, CaseKind.CAPTURED_AFTER_RELEASE, CaseKind.RELEASED_UNVERIFIED),
        *(CaseKind.LEFT_LATE, CaseKind.LEFT_ELSEWHERE, CaseKind.LEFT_UNVERIFIED),
        *(CaseKind.FEES_DIFFER, CaseKind.FIX_UNFOUNDED),
    }
)
"""The breaks of the three-way match."""


@dataclass(frozen=True, slots=True)
class Case:
    """An anomaly, opened once for its subject while it stands.

    Args:
        subject: what it is about: a reference, a form's id, `day/line` of a statement, a day.
        form_id: the form that it concerns, or nothing.
        amount_fen: what is at stake; 0 where it is no sum.
        facts: plain words and numbers for its page: the rows side by side, and more.
        owner: the actor's label who took it, or nothing.
        found_at: when the anomaly began; the age counts from here.
        closed_by: empty while it is open.
        fix, fixed_by, reason: what is done about it, by whom and why; empty while nothing is.
        under_way: the reference under which the network was asked for the fix.
    """

    case_id: str
    kind: CaseKind
    subject: str
    form_id: str
    store_number: int
    amount_fen: int
    facts: Mapping[str, object]
    found_at: datetime
    opened_at: datetime
    owner: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    reason: str = ""
    fix: Fix | None = None
    fixed_by: str = ""
    under_way: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look."""
        return self.closed_at is None

    @property
    def proposed(self) -> Fix:
        """What is usually right."""
        return FIXES[self.kind][0]

    @property
    def is_break(self) -> bool:
        """Whether the three-way match found it."""
        return self.kind in MATCH


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One thing that happened to a case.

    `kind` is opened, taken, noted, asked, approved, declined, fixed or closed.
    """

    case_id: str
    sequence: int
    kind: str
    at: datetime
    actor: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A fix that one person asked for and another one must approve.

    `seen` is what the person saw: what has changed since is not carried out. `decided_by` is empty
    while it waits; a person never approves what that person asked for, but can take it back.
    """

    approval_id: str
    case_id: str
    fix: Fix
    amount_fen: int
    reason: str
    asked_by: str
    asked_at: datetime
    seen: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    is_approved: bool = False


def needs_two(fix: Fix, amount_fen: int, *, is_verified: bool) -> bool:
    """Whether a second person must approve: above the limit, or a release that customs' word lacks.

    In the place of a statement another one is put by two persons alone.

    Source: project decision.
    """
    if fix in TWO_ALWAYS or (fix is Fix.RELEASE and not is_verified):
        return True
    return fix in MOVES_MONEY and amount_fen > TWO_PERSONS_FEN
