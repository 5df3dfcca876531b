"""Cases: opened once for each anomaly, taken, noted on, and closed with a reason."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

from refund.core.case import Approval, Case, CaseKind, Fix
from refund.core.people import WORKER
from refund.ports import Ports
from refund.services.life import By
from refund.transaction import Transaction


class About(TypedDict, total=False):
    """What is known of an anomaly; `found_at` is now unless it began before."""

    form_id: str
    store_number: int
    amount_fen: int
    facts: Mapping[str, object]
    found_at: datetime | None


def open_case(
    tx: Transaction, ports: Ports, kind: CaseKind, subject: str, **about: Unpack[About]
) -> bool:
    """Open a case for an anomaly, once while it stands.

    Where one is open already it is told what is known now; its age, owner and history stay.

    Returns:
        Whether it is new.
    """
    now = ports.clock.now()
    form_id, facts = about.get("form_id", ""), about.get("facts", {})
    amount_fen = about.get("amount_fen", 0)
    case = Case(
        case_id=ports.ids.event_id(),
        kind=kind,
        subject=subject,
        form_id=form_id,
        store_number=about.get("store_number", 0) or _store_number(tx, form_id),
        amount_fen=amount_fen,
        facts=facts,
        found_at=about.get("found_at") or now,
        opened_at=now,
    )
    if tx.add_case(case):
        tx.add_case_event(case.case_id, "opened", now, WORKER, "")
        return True
    known = tx.open_case_of(kind, subject)
    if known is not None and (known.amount_fen, known.facts) != (amount_fen, facts):
        tx.renew_case(known.case_id, amount_fen, facts)
        if known.amount_fen != amount_fen:
            tx.add_case_event(known.case_id, "seen_again", now, WORKER, "")
    return False


def _store_number(tx: Transaction, form_id: str) -> int:
    form = tx.form(form_id) if form_id else None
    return 0 if form is None else form.store_number


def close_by_itself(tx: Transaction, ports: Ports, kind: CaseKind, subject: str, why: str) -> bool:
    """Close the open case of an anomaly that is gone; `why` says how, in words or a code.

    Returns:
        Whether one was open.
    """
    case = tx.open_case_of(kind, subject)
    if case is None:
        return False
    return close(tx, case, By(WORKER, ports.clock.now()), why, None)


def close(tx: Transaction, case: Case, by: By, reason: str, fix: Fix | None) -> bool:
    """Close a case once, and with it the request for a second person that waits.

    Returns:
        False when it was closed before.
    """
    closed = replace(case, closed_at=by.at, closed_by=by.actor, reason=reason, fix=fix)
    if not tx.close_case(closed):
        return False
    waiting = tx.approval_of(case.case_id)
    if waiting is not None:
        tx.decide_approval(decided(waiting, By(WORKER, by.at), is_approved=False))
    tx.add_case_event(case.case_id, "closed", by.at, by.actor, reason)
    return True


def decided(approval: Approval, by: By, *, is_approved: bool) -> Approval:
    """A request with what was decided about it."""
    return replace(approval, decided_by=by.actor, decided_at=by.at, is_approved=is_approved)
