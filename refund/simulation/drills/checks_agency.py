"""What counts at the agency, and whatever the audience: states, cases, money, months, and time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from refund.core.case import Case, CaseKind, Fix
from refund.core.form import Status
from refund.core.operation import Kind as Asked
from refund.core.operation import OperationState
from refund.core.settlement import month_of
from refund.core.till import Way
from refund.services.settle import months_to_close
from refund.simulation.drills.parameters import Kind, Parameter, Values
from refund.simulation.drills.scene import GOOD, Check, Scene, Verdict, lost

_FORM = Parameter("form", Kind.THING)
_CASE = Parameter("kind", Kind.WORD, choices=tuple(one.value for one in CaseKind))
_FIXES = tuple(one.value for one in Fix)


def _status(scene: Scene, values: Values) -> Verdict:
    """The form stands so."""
    found, wanted = scene.form(values.word("form")).status.value, values.words("is")
    return GOOD if found in wanted else lost("other_status", got=found, wanted=list(wanted))


def _cases(scene: Scene, values: Values) -> list[Case]:
    """The cases of a form of a kind, the latest first."""
    form_id, kind = scene.form_id(values.word("form")), CaseKind(values.word("kind"))
    found = scene.read(lambda tx: tx.cases_of(form_id))
    return [one for one in reversed(found) if one.kind is kind]


def _case_fixed(scene: Scene, values: Values) -> Verdict:
    """The case is closed, and by this fix; a part for one that waits or ended otherwise."""
    found = _cases(scene, values)
    if not found:
        return lost("no_case")
    case, wanted = found[0], values.words("fix")
    if case.is_open:
        waits = scene.read(lambda tx: tx.approval_of(case.case_id)) is not None
        return lost("case_waits", 50) if waits else lost("case_open", owner=bool(case.owner))
    if case.fix is not None and case.fix.value in wanted:
        return GOOD
    return lost("fixed_otherwise", 20, got=case.fix.value if case.fix else "", wanted=list(wanted))


def _asked_second(scene: Scene, values: Values) -> Verdict:
    """The learner asked for a fix that a second person must approve."""
    found = _cases(scene, values)
    if not found:
        return lost("no_case")
    case_id, wanted = found[0].case_id, values.word("fix")
    waiting = scene.read(lambda tx: tx.approval_of(case_id))
    if waiting is None or waiting.asked_by != scene.seat.label:
        return lost("nothing_asked")
    if waiting.fix.value != wanted:
        return lost("fixed_otherwise", 20, got=waiting.fix.value, wanted=[wanted])
    return GOOD


def _second(scene: Scene, values: Values) -> Verdict:
    """The learner decided, as the second person, what another one had asked for."""
    found, wanted = _cases(scene, values), values.word("is")
    if not found:
        return lost("no_case")
    events = scene.read(lambda tx: tx.case_events(found[0].case_id))
    mine = [one.kind for one in events if one.actor == scene.seat.label]
    decided = [kind for kind in mine if kind in ("approved", "declined")]
    if not decided:
        return lost("not_decided")
    return GOOD if decided[-1] == wanted else lost("second_otherwise", wanted=wanted)


def _not_written_off(scene: Scene, values: Values) -> Verdict:
    """Nothing of the form was given up."""
    found = scene.form(values.word("form")).status
    return lost("written_off") if found in (Status.WAIVING, Status.WRITTEN_OFF) else GOOD


def _hold_extended(scene: Scene, values: Values) -> Verdict:
    """The network was asked for more time, and granted it."""
    return _operated(scene, values, Asked.EXTEND, "not_extended")


def _operated(scene: Scene, values: Values, kind: Asked, why: str) -> Verdict:
    form_id = scene.form_id(values.word("form"))
    found = [one for one in scene.read(lambda tx: tx.operations_of(form_id)) if one.kind is kind]
    if not found:
        return lost(why)
    return GOOD if found[-1].state is OperationState.SUCCEEDED else lost("network_refused", 50)


def _charged(scene: Scene, values: Values) -> Verdict:
    """The card was charged exactly so much."""
    form_id, wanted = scene.form_id(values.word("form")), values.number("sum")
    operations = scene.read(lambda tx: tx.operations_of(form_id))
    done = [
        one
        for one in operations
        if one.kind is Asked.CAPTURE and one.state is OperationState.SUCCEEDED
    ]
    taken_fen = sum(one.charged_fen or one.amount_fen for one in done)
    if taken_fen == wanted:
        return GOOD
    return lost("charged_otherwise", got_fen=taken_fen, wanted_fen=wanted)


def _paid(scene: Scene, values: Values) -> Verdict:
    """The ordinary refund was paid against a receipt: half for the sum, half for the way."""
    form_id = scene.form_id(values.word("form"))
    found = [one for one in scene.read(lambda tx: tx.receipts_of_form(form_id)) if one.paid_at]
    if not found:
        return lost("not_paid")
    receipt, wanted = found[-1], values.number("net")
    fits = receipt.way.value in values.words("way")
    if receipt.due.net_fen != wanted:
        facts = {"got_fen": receipt.due.net_fen, "wanted_fen": wanted}
        return lost("paid_otherwise", 50 if fits else 0, **facts)
    return GOOD if fits else lost("paid_another_way", 50, way=receipt.way.value)


def _unpaid(scene: Scene, values: Values) -> Verdict:
    """Nothing was paid at the counter."""
    form_id = scene.form_id(values.word("form"))
    found = [one for one in scene.read(lambda tx: tx.receipts_of_form(form_id)) if one.paid_at]
    return lost("paid_all_the_same", got_fen=found[-1].due.net_fen) if found else GOOD


def _left(scene: Scene, values: Values) -> Verdict:
    """The border's record of the departure is there, with its port."""
    index, wanted = scene.index(values.word("of")), values.word("port")
    found = scene.read(lambda tx: tx.exits_of(index))
    if not found:
        return lost("no_departure")
    return GOOD if any(one.port == wanted for one in found) else lost("other_port", 50)


def _settled(scene: Scene, values: Values) -> Verdict:
    """The form is claimed in a month that is closed; half for it, half for no month left over."""
    form_id, now = scene.form_id(values.word("form")), scene.ports.clock.now()
    claimed = scene.read(lambda tx: tx.settled_of(form_id))
    over = scene.read(lambda tx: months_to_close(tx, now))
    if not claimed:
        return lost("not_settled", open=len(over))
    return lost("months_open", 50, open=len(over)) if over else GOOD


def _withdrawn(scene: Scene, values: Values) -> Verdict:
    """What was claimed for the form was taken back."""
    form_id, month = scene.form_id(values.word("form")), month_of(scene.ports.clock.now())
    claimed = scene.read(lambda tx: [one for _, one in tx.settled_of(form_id)])
    running = scene.read(lambda tx: tx.open_lines(month, 0, 10_000))
    still = sum(one.gross_fen for one in claimed)
    still += sum(one.gross_fen for one in running if one.form_id == form_id)
    return lost("still_claimed", got_fen=still) if still else GOOD


def _in_time(scene: Scene, values: Values) -> Verdict:
    """Quick enough by the person's own watch: half up to double the time."""
    most = timedelta(minutes=values.number("minutes"))
    if scene.watch <= most:
        return GOOD
    took = round(scene.watch.total_seconds() / 60, 1)
    share = 50 if scene.watch <= 2 * most else 0
    return lost("took_long", share, minutes=took, most=values.number("minutes"))


def _by_the_clock(scene: Scene, values: Values) -> Verdict:
    """Before so many hours had passed by the rehearsal's clock."""
    passed = scene.ports.clock.now() - scene.began_at
    most = values.number("hours")
    if passed <= timedelta(hours=most):
        return GOOD
    return lost("clock_ran_on", hours=round(passed.total_seconds() / 3600, 1), most=most)


AGENCY_CHECKS: Mapping[str, Check] = {
    "status": Check(
        (_FORM, Parameter("is", Kind.WORDS, choices=tuple(one.value for one in Status))), _status
    ),
    "case_fixed": Check((_FORM, _CASE, Parameter("fix", Kind.WORDS, choices=_FIXES)), _case_fixed),
    "asked_second": Check(
        (_FORM, _CASE, Parameter("fix", Kind.WORD, choices=_FIXES)), _asked_second
    ),
    "second": Check(
        (_FORM, _CASE, Parameter("is", Kind.WORD, choices=("approved", "declined"))), _second
    ),
    "not_written_off": Check((_FORM,), _not_written_off),
    "hold_extended": Check((_FORM,), _hold_extended),
    "charged": Check((_FORM, Parameter("sum", Kind.YUAN)), _charged),
    "paid": Check(
        (
            _FORM,
            Parameter("net", Kind.YUAN),
            Parameter("way", Kind.WORDS, choices=tuple(one.value for one in Way)),
        ),
        _paid,
    ),
    "unpaid": Check((_FORM,), _unpaid),
    "left": Check((Parameter("of", Kind.THING), Parameter("port", Kind.WORD)), _left),
    "settled": Check((_FORM,), _settled),
    "withdrawn": Check((_FORM,), _withdrawn),
    "in_time": Check((Parameter("minutes", Kind.NUMBER, least=1, most=240),), _in_time),
    "by_the_clock": Check((Parameter("hours", Kind.NUMBER, least=1, most=2000),), _by_the_clock),
}
