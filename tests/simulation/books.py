"""What must be true after every step: our books, form by form, and the network's own book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from refund.core.calendar import SHANGHAI
from refund.core.customs import Decision
from refund.core.form import Form, Status
from refund.services.audit import audit
from refund.services.intent import PAY_AGAIN
from refund.services.life import the_form
from refund.transaction import Transaction
from tests.services.living import money_fits
from tests.simulation.place import Place

_STAND = """
    SELECT form.form_id, form.status, form.version,
        (SELECT COUNT(*) FROM entry WHERE entry.form_id = form.form_id) AS entries,
        (SELECT COUNT(*) FROM operation WHERE operation.form_id = form.form_id
            AND operation.answered_at IS NOT NULL) AS answered
    FROM form
"""
_JOINT = "SELECT DISTINCT joint_reference, form_id FROM operation WHERE joint_reference <> ''"
_AGAIN = "SELECT reference FROM operation WHERE kind = 'refund' AND purpose = 'pay_again'"
_BOOKED = """
    SELECT o.reference, o.kind, c.state, c.amount_fen
    FROM change c JOIN operation o ON o.cursor = c.operation
    WHERE c.state IN ('paid', 'returned', 'captured')
"""


_POSTED = """
    SELECT COALESCE(SUM(CASE posting.side WHEN 'debit' THEN 1 ELSE -1 END * posting.amount_fen), 0)
        AS fen
    FROM posting JOIN operation ON posting.entry_key
        IN (operation.reference, operation.reference || '-returned')
    WHERE posting.account = 'network' AND :reference
        = CASE operation.joint_reference WHEN '' THEN operation.reference
            ELSE operation.joint_reference END
"""

_HOLDS_THERE = """
    SELECT reference, sum(amount_fen - captured_fen - released_fen) FROM hold
    WHERE state = 'held' GROUP BY reference
"""
_HOLDS_HERE = """
    SELECT CASE hold_reference WHEN '' THEN reference ELSE hold_reference END AS held,
        SUM(amount_fen) AS fen
    FROM guarantee WHERE state = 'held' GROUP BY held
"""
_ASKED = """
    SELECT reference, joint_reference, hold_reference FROM operation WHERE state = 'pending'
"""

_CAME_BACK = """
    SELECT o.reference FROM change c JOIN operation o ON o.cursor = c.operation
    WHERE c.state = 'returned'
"""
_KNOWN_BACK = """
    SELECT CASE joint_reference WHEN '' THEN reference ELSE joint_reference END AS name
    FROM operation WHERE state = 'returned'
"""

OF_TWO_BOOKS = frozenset({"I5", "I8"})
"""Invariants for which the network's own book is asked."""


@dataclass
class Moved:
    """What the network's book says of the forms that were claimed together, or of one; fen.

    What was advanced or refunded is less what came back of it, without what was paid once more.
    """

    paid_fen: int = 0
    back_fen: int = 0
    charged_fen: int = 0
    advanced_fen: int = 0
    refunded_fen: int = 0


class Books:
    """Judges a run; whatever it finds is an AssertionError that says what is wrong."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._seen: dict[str, tuple[object, ...]] = {}
        self._changes = -1

    def look(self, forms: Iterable[Form], *, is_torn: bool = False) -> dict[str, str]:
        """Judge every form that changed, and the network's book if it did.

        Args:
            forms: all that there are.
            is_torn: whether the network's book is known to be wrong.

        Returns:
            The state of each form.
        """
        states = self._place.database.read(self._forms_fit)
        last = self._place.book.file.rows("SELECT coalesce(max(number), 0) FROM change")[0][0]
        if last != self._changes and not is_torn:
            self._changes = last
            self.judge_network(forms)
            self.judge_holds()
        return states

    def _forms_fit(self, tx: Transaction) -> dict[str, str]:
        rows = tx._session.rows(_STAND)  # type: ignore[attr-defined]
        states = {}
        for row in rows:
            stand = (row["version"], row["entries"], row["answered"])
            states[str(row["form_id"])] = str(row["status"])
            if self._seen.get(row["form_id"]) != stand:
                money_fits(row["form_id"], tx)
                self._seen[row["form_id"]] = stand
        return states

    def judge_network(self, forms: Iterable[Form]) -> None:
        """Nobody is paid twice or charged more than advanced, by the network's own book."""
        net_fen: Counter[str] = Counter()
        owner, again = self._place.database.read(_owners)
        for form in forms:
            net_fen[owner.get(form.form_id, form.form_id)] += form.amounts.net_fen
        for who, moved in self._moved(owner, again).items():
            told = (who, net_fen[who], moved)
            assert moved.advanced_fen <= net_fen[who], f"advanced twice: {told}"
            assert moved.refunded_fen <= net_fen[who], f"refunded twice: {told}"
            has_fen = moved.paid_fen - moved.back_fen - moved.charged_fen
            assert has_fen <= net_fen[who], f"paid twice: {told}"
            assert moved.charged_fen <= moved.paid_fen, f"charged more than paid: {told}"

    def judge_holds(self) -> None:
        """What stands at the network stands in our books, but for what it is being asked about."""
        rows = self._place.book.file.rows(_HOLDS_THERE)
        here, asked = self._place.database.read(_holds_here)
        wrong = {
            name: (fen, here.get(name, 0))
            for name, fen in rows
            if name not in asked and here.get(name, 0) != fen
        }
        assert not wrong, f"holds that stand for something else there: {wrong}"

    def over_there(self) -> set[str]:
        """Holds that stand in our books, and not at the network."""
        here, asked = self._place.database.read(_holds_here)
        found = self._place.book.hold_states(sorted(here))
        return {
            name
            for name, told in found.items()
            if name not in asked and (told is None or told["state"] in {"expired", "ended"})
        }

    def judge_returns(self) -> None:
        """Every payout that came back from the bank is known to have come back."""
        back = {row[0] for row in self._place.book.file.rows(_CAME_BACK)}
        known = self._place.database.read(
            lambda tx: {
                str(row["name"])
                for row in tx._session.rows(_KNOWN_BACK)  # type: ignore[attr-defined]
            }
        )
        assert back <= known, f"nobody knows that it came back: {back - known}"

    def judge_promises(self, forms: Iterable[Form]) -> None:
        """Whoever keeps the advance left in time, through the right port, after customs."""
        for form in forms:
            found = self._place.database.read(partial(_exits_of_kept, form.form_id))
            assert found is not False, f"released without a promise kept: {form.form_id}"

    def _moved(self, owner: dict[str, str], again: set[str]) -> dict[str, Moved]:
        found: dict[str, Moved] = {}
        for reference, kind, state, amount_fen in self._place.book.file.rows(_BOOKED):
            if reference.startswith("issuer-"):
                # The bank charged a hold that it said was released: found by its statement.
                continue
            form_id = reference.partition("-")[0]
            moved = found.setdefault(owner.get(form_id, form_id), Moved())
            sign = 1 if state == "paid" else -1
            if kind == "capture":
                moved.charged_fen += amount_fen
                continue
            moved.paid_fen += amount_fen if state == "paid" else 0
            moved.back_fen += amount_fen if state == "returned" else 0
            if kind == "advance":
                moved.advanced_fen += sign * amount_fen
            elif reference not in again:
                moved.refunded_fen += sign * amount_fen
        return found

    def has_alike(self, reference: str) -> bool:
        """Whether both books have the same of a reference, whatever a statement says of it."""
        there = sum(
            (-1 if state == "paid" else 1) * amount_fen
            for known, _, state, amount_fen in self._place.book.file.rows(_BOOKED)
            if known == reference
        )
        here = self._place.database.read(
            lambda tx: tx._session.row(_POSTED, reference=reference)  # type: ignore[attr-defined]
        )
        return bool(here["fen"] == there)

    def times_paid_again(self, form_id: str) -> int:
        """How often what came back was paid once more."""
        found = self._place.database.read(lambda tx: tx.operations_of(form_id))
        return sum(one.purpose == PAY_AGAIN for one in found)

    def audit(self, *, is_torn: bool = False) -> None:
        """Every invariant, over all rows."""
        wrong = [
            found
            for found in audit(self._place.past_seams)
            if found.holds is False and not (is_torn and found.invariant in OF_TWO_BOOKS)
        ]
        assert not wrong, [(found.invariant, found.rows[:3]) for found in wrong]


def _holds_here(tx: Transaction) -> tuple[dict[str, int], set[str]]:
    """What stands on hold in our books, and the references about which the network is asked."""
    rows = tx._session.rows(_HOLDS_HERE)  # type: ignore[attr-defined]
    asked = tx._session.rows(_ASKED)  # type: ignore[attr-defined]
    return {str(row["held"]): int(row["fen"]) for row in rows}, {
        str(row[name])
        for row in asked
        for name in ("reference", "joint_reference", "hold_reference")
    }


def _exits_of_kept(form_id: str, tx: Transaction) -> bool | None:
    """Whether a form whose promise counts as kept was; None for any other form."""
    form, verification = the_form(tx, form_id), tx.verification_of(form_id)
    if form.status not in (Status.RELEASED, Status.ADJUSTED):
        return None
    if verification is None or verification.decision is Decision.REFUSED:
        return False
    over = datetime.combine(form.depart_by + timedelta(days=1), time(), SHANGHAI)
    proved = verification.verified_at - timedelta(minutes=1)
    return any(
        proved < seen.exited_at < over and (form.port_any or seen.port == form.port)
        for seen in tx.exits_of(form.document_index)
    )


def _owners(tx: Transaction) -> tuple[dict[str, str], set[str]]:
    """Which forms belong together by a joint request, and what was paid once more."""
    owner: dict[str, str] = {}
    for row in tx._session.rows(_JOINT):  # type: ignore[attr-defined]
        joint_id = str(row["joint_reference"]).partition("-")[0]
        together = {owner.get(joint_id, joint_id), owner.get(row["form_id"], joint_id)}
        head = min(together)
        for name, known in list(owner.items()):
            if known in together:
                owner[name] = head
        owner[joint_id] = owner[str(row["form_id"])] = head
    again = {str(row["reference"]) for row in tx._session.rows(_AGAIN)}  # type: ignore[attr-defined]
    return owner, again
