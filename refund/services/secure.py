"""Holds watched: extended and charged in time, alerted early, lapsed as the network tells."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from refund.core.calendar import day_of
from refund.core.case import PENDING_MAX, Case, CaseKind
from refund.core.form import Event, Form, Status
from refund.core.guarantee import (
    ALERT_BEFORE_END,
    CHARGE_BEFORE_END,
    EXTEND_BEFORE_END,
    Cover,
    cover_of,
    last_charge,
)
from refund.core.matching import Action
from refund.core.operation import (
    Guarantee,
    GuaranteeState,
    Kind,
    Operation,
    OperationState,
)
from refund.core.people import WORKER
from refund.ports import Line, NetworkSilent, Ports
from refund.services.cases import close_by_itself, open_case
from refund.services.holds import ends_early, lapse, unsecured
from refund.services.intent import begin_end_of_hold, begin_extension
from refund.services.life import the_form
from refund.services.pay import carry_out
from refund.services.reconcile import own_proposal
from refund.services.rounds import each
from refund.services.rules import rules_of
from refund.transaction import Transaction

NEEDED = frozenset(
    {
        *(Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY, Status.CUSTOMS_REFUSED),
        Status.UNCOLLECTED,
    }
)
"""States in which an advance is out, and nothing about its hold is under way."""

EXTEND_AGAIN = timedelta(hours=12)
"""How long after one extension of a hold the next is asked for. Source: project decision."""

FINAL = frozenset({"not_extendable", "hold_expired", "hold_already_ended"})
"""Refusals of an extension after which none is asked for by itself."""

CHARGES = {
    Action.ADJUST: Event.REQUEST_ADJUST,
    Action.CAPTURE: Event.REQUEST_CAPTURE,
    Action.FORFEIT: Event.REQUEST_FORFEIT,
}
"""What is carried out by itself where a hold ends too soon for a person to wait."""

UNKNOWN = "unknown_hold"
"""Why a hold is over that the network does not know any more."""

WATCH_EVERY = timedelta(minutes=1)
"""How often pending operations are watched; a case is opened that much sooner."""

BATCH = 200
SHOWN = 50
CASES_MAX = 500


def extend_holds(ports: Ports) -> int:
    """Ask for a longer life of holds that end before they are needed no more, each once.

    Returns:
        How many extensions were asked for.

    Source: project decision.
    """
    now = ports.clock.now()
    ending = _ending(ports, now + EXTEND_BEFORE_END)
    short = {g.network_reference: True for g in ending if _is_extended(g, now)}

    def extend(reference: str) -> int:
        begun = _begun(ports, lambda tx: _begin_extension(tx, ports, reference, now))
        if begun is not None and begun.refusal in FINAL:
            take_in_lapsed(ports, [reference])
        return begun is not None

    return each(short, extend)


def _begun(ports: Ports, begin: Callable[[Transaction], Operation | None]) -> Operation | None:
    """Store an intent and carry it out, where one follows; the operation as it stands then."""
    operation = ports.storage.write(begin)
    if operation is None:
        return None
    carry_out(ports, operation)
    return ports.storage.read(lambda tx: tx.operation(operation.reference))


def _ending(ports: Ports, before: datetime) -> Iterator[Guarantee]:
    """All holds that stand and end before a moment, page by page."""
    last: Guarantee | None = None
    while page := ports.storage.read(partial(_page, before=before, after=last)):
        yield from page
        last = page[-1]


def _page(tx: Transaction, before: datetime, after: Guarantee | None) -> list[Guarantee]:
    return tx.holds_ending(before, BATCH, after)


def _is_extended(guarantee: Guarantee, now: datetime) -> bool:
    """Whether a hold is one that is kept up by extensions, and still needs one."""
    until = guarantee.needed_until
    return guarantee.extendable and until is not None and now < guarantee.expires_at < until


def _begin_extension(
    tx: Transaction, ports: Ports, reference: str, now: datetime
) -> Operation | None:
    """Store the intent for a hold's first share that still needs it; the answer is for them all."""
    shares = [
        (the_form(tx, one.form_id), one)
        for one in tx.guarantees_under(reference)
        if one.state is GuaranteeState.HELD
    ]
    needing = [(f, g) for f, g in shares if f.status in NEEDED and _is_extended(g, now)]
    asked = [
        operation
        for form, _ in shares
        for operation in tx.operations_of(form.form_id)
        if operation.kind is Kind.EXTEND and operation.hold_reference == reference
    ]
    if not needing or any(_rules_out(one, now) for one in asked):
        return None
    form, guarantee = needing[0]
    return begin_extension(tx, ports, form, guarantee, WORKER)


def _rules_out(extension: Operation, now: datetime) -> bool:
    """Whether an extension that was asked for before speaks against another one."""
    is_open = extension.state is OperationState.PENDING
    return is_open or extension.refusal in FINAL or extension.created_at + EXTEND_AGAIN > now


def charge_in_time(ports: Ports) -> int:
    """Charge broken promises whose hold ends within a day, before the last day for the charge.

    The traveller agreed to it. A charge that was refused is left to a person.

    Returns:
        How many charges were asked for.

    Source: SAT 9/2025; that a short hold is charged before it ends is a project decision.
    """
    now = ports.clock.now()

    def charge(guarantee: Guarantee) -> int:
        if guarantee.expires_at <= now:
            return 0
        begin = partial(_begin_charge, ports=ports, form_id=guarantee.form_id, now=now)
        return _begun(ports, begin) is not None

    return each(_ending(ports, now + CHARGE_BEFORE_END), charge)


def _begin_charge(tx: Transaction, ports: Ports, form_id: str, now: datetime) -> Operation | None:
    form, guarantee = the_form(tx, form_id), tx.live_guarantee(form_id)
    is_charged = form.status in NEEDED and form.status is not Status.UNCOLLECTED
    if guarantee is None or not is_charged or day_of(now) <= form.depart_by:
        return None
    last = last_charge(
        form.depart_by, rules_of(tx, form).capture_working_days, ports.workdays.is_working_day
    )
    # An extension that has not come about by now leaves a hold as short as any other.
    cover = cover_of(guarantee.expires_at, form.depart_by, last, extendable=False).cover
    seen = own_proposal(tx, ports, form)
    if cover is Cover.WHOLE or seen.action not in CHARGES or tx.is_answer_awaited(form_id):
        return None
    reason = f"{seen.why.value}: the hold ends"
    return begin_end_of_hold(tx, ports, form, CHARGES[seen.action], WORKER, reason)


def alert(ports: Ports) -> int:
    """Open the cases of holds that end within two days, or are over, while money is out.

    What is over by its time is asked of the network first, and cases whose reason is gone close.

    Returns:
        How many holds were found to be over.
    """
    now = ports.clock.now()
    over = [guarantee.network_reference for guarantee in _ending(ports, now)]
    lapsed = take_in_lapsed(ports, over)

    def is_open(kind: CaseKind, form_id: str) -> bool:
        return ports.storage.read(lambda tx: tx.open_case_of(kind, form_id) is not None)

    def warn(guarantee: Guarantee) -> int:
        if is_open(CaseKind.HOLD_ENDS_EARLY, guarantee.form_id):
            return 0
        return ports.storage.write(lambda tx: _alert_early(tx, ports, guarantee.form_id, now))

    def miss(form_id: str) -> int:
        if is_open(CaseKind.UNSECURED, form_id):
            return 0
        return ports.storage.write(lambda tx: _alert_unsecured(tx, ports, form_id))

    def close(case: Case) -> int:
        return ports.storage.write(lambda tx: _close_over(tx, ports, case, now))

    kinds = (CaseKind.HOLD_ENDS_EARLY, CaseKind.UNSECURED)
    each(_ending(ports, now + ALERT_BEFORE_END), warn)
    each(_without_hold(ports), miss)
    each(ports.storage.read(lambda tx: tx.open_cases(kinds, limit=CASES_MAX)), close)
    return lapsed


def _without_hold(ports: Ports) -> Iterator[str]:
    """All forms whose advance no hold secures, page by page."""
    page = [""]
    while page := ports.storage.read(partial(_page_without_hold, after=page[-1])):
        yield from page


def _page_without_hold(tx: Transaction, after: str) -> list[str]:
    return tx.advanced_without_hold(BATCH, after)


def _alert_early(tx: Transaction, ports: Ports, form_id: str, now: datetime) -> bool:
    form, guarantee = the_form(tx, form_id), tx.live_guarantee(form_id)
    if guarantee is None or form.status not in NEEDED or tx.outstanding_fen(form_id) <= 0:
        return False
    if guarantee.expires_at >= now + ALERT_BEFORE_END:
        return False
    ends_early(tx, ports, form, guarantee, "over" if guarantee.expires_at <= now else "soon")
    return True


def _alert_unsecured(tx: Transaction, ports: Ports, form_id: str) -> bool:
    form = the_form(tx, form_id)
    if form.status not in NEEDED or tx.live_guarantee(form_id) is not None:
        return False
    unsecured(tx, ports, form)
    return True


def _close_over(tx: Transaction, ports: Ports, case: Case, now: datetime) -> bool:
    """Close the case of a hold whose anomaly is gone."""
    why = _why_over(tx, case, now)
    return bool(why) and close_by_itself(tx, ports, case.kind, case.subject, why)


def _why_over(tx: Transaction, case: Case, now: datetime) -> str:
    """Why a case of a hold is over, or nothing while it is not."""
    guarantee = tx.live_guarantee(case.form_id)
    if tx.outstanding_fen(case.form_id) <= 0:
        return "nothing_owed"
    if case.kind is CaseKind.UNSECURED:
        return "" if guarantee is None else "secured"
    if guarantee is None:
        return "hold_over"
    # What could not be extended is a case from then on, and no hold is extended sooner.
    return "hold_extended" if guarantee.expires_at > now + EXTEND_BEFORE_END else ""


def take_in_lapsed(ports: Ports, references: Collection[str]) -> int:
    """Ask the network where some of its holds stand, and take in which have ended by themselves.

    A hold that the network does not know any more is over too. While it is silent nothing is known
    and nothing changes.

    Returns:
        How many forms' holds were over.
    """
    try:
        return ask_about_holds(ports, references)
    except NetworkSilent:
        return 0


def ask_about_holds(ports: Ports, references: Collection[str]) -> int:
    """The same, where the silence matters.

    Raises:
        NetworkSilent: nothing is known.
    """
    asked = list(dict.fromkeys(references))
    told = ports.network.holds(asked) if asked else {}

    def take_in(reference: str) -> int:
        state = told[reference]
        why = UNKNOWN if state is None else state.state.value
        return ports.storage.write(lambda tx: _lapse(tx, ports, reference, why))

    return each((name for name, one in told.items() if one is None or one.has_lapsed), take_in)


def _lapse(tx: Transaction, ports: Ports, reference: str, why: str) -> int:
    shares = tx.guarantees_under(reference)
    return sum(lapse(tx, ports, share, why) for share in shares)


def poll_holds(ports: Ports, after: Guarantee | None) -> Guarantee | None:
    """Ask the network where the next holds stand, whenever they end.

    Returns:
        The last of them, after which it goes on; None when all have been asked about.
    """
    page = ports.storage.read(partial(_page, before=datetime.max.replace(tzinfo=UTC), after=after))
    take_in_lapsed(ports, [guarantee.network_reference for guarantee in page])
    return page[-1] if len(page) == BATCH else None


def watch_pending(ports: Ports) -> int:
    """Open the case of everything for which the network owes an answer for too long.

    Returns:
        How many cases are new.
    """
    late = ports.clock.now() - PENDING_MAX + WATCH_EVERY

    def unwatched(tx: Transaction) -> list[str]:
        return [
            one.reference
            for one in tx.pending_operations()
            if one.created_at <= late
            and tx.open_case_of(CaseKind.PENDING_TOO_LONG, one.reference) is None
        ]

    def watch(reference: str) -> int:
        return ports.storage.write(lambda tx: _watch(tx, ports, reference))

    return each(ports.storage.read(unwatched), watch)


def _watch(tx: Transaction, ports: Ports, reference: str) -> bool:
    operation = tx.operation(reference)
    if operation is None or operation.state is not OperationState.PENDING:
        return False
    return open_case(
        tx,
        ports,
        CaseKind.PENDING_TOO_LONG,
        reference,
        form_id=operation.form_id,
        store_number=operation.store_number,
        amount_fen=operation.amount_fen,
        facts={"kind": operation.kind.value, "created_at": operation.created_at.isoformat()},
        found_at=operation.created_at,
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """What the operator's home says of holds and of the network's answers.

    `ending` are holds that end within two days while money is out, the first to end first.
    """

    now: datetime
    ending: tuple[tuple[Form, Guarantee], ...]
    unsecured: tuple[Case, ...]
    pending: tuple[Case, ...]
    line: Line

    @property
    def unsecured_fen(self) -> int:
        """What is out without a hold in the cases that are shown."""
        return sum(case.amount_fen for case in self.unsecured)


def watched(ports: Ports) -> Watched:
    """What an operator should know of holds and answers, a page of each."""
    now = ports.clock.now()

    def read(tx: Transaction) -> Watched:
        ending = tx.holds_ending(now + ALERT_BEFORE_END, SHOWN)
        forms = [(the_form(tx, one.form_id), one) for one in ending]
        return Watched(
            now=now,
            ending=tuple((form, one) for form, one in forms if form.status in NEEDED),
            unsecured=tuple(tx.open_cases((CaseKind.UNSECURED,), limit=SHOWN)),
            pending=tuple(tx.open_cases((CaseKind.PENDING_TOO_LONG,), limit=SHOWN)),
            line=ports.network.line(),
        )

    return ports.storage.read(read)
