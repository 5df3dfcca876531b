"""What counts at customs: the decision, its reason, the quantities, seals, and reviews."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from refund.core.customs import Decision, Inspection, Place, RefusalReason, Verification
from refund.core.offline import Resolved
from refund.simulation.drills.parameters import Kind, Parameter, Values
from refund.simulation.drills.scene import GOOD, Check, Judge, Scene, Verdict, lost, part

_FORM = Parameter("form", Kind.THING)
UNDECIDED = "undecided"


def _words(name: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter(name, Kind.WORDS, choices=choices)


def _decided(scene: Scene, values: Values) -> Verification | None:
    form_id = scene.form_id(values.word("form"))
    found = scene.read(lambda tx: tx.verification_of(form_id))
    return found if found is not None and found.verified_at >= scene.began_at else None


def _once_decided(judge: Callable[[Verification, Values], Verdict]) -> Judge:
    """Judge what customs decided in the drill; lost where they decided nothing."""

    @wraps(judge)
    def judged(scene: Scene, values: Values) -> Verdict:
        found = _decided(scene, values)
        return lost(UNDECIDED) if found is None else judge(found, values)

    return judged


@_once_decided
def _decision(found: Verification, values: Values) -> Verdict:
    """Customs decided so."""
    wanted = values.words("is")
    if found.decision.value in wanted:
        return GOOD
    return lost("decided_otherwise", got=found.decision.value, wanted=list(wanted))


def _undecided(scene: Scene, values: Values) -> Verdict:
    """Nothing was decided of the form, because nothing can be."""
    found = _decided(scene, values)
    return GOOD if found is None else lost("decided_all_the_same", got=found.decision.value)


@_once_decided
def _reason(found: Verification, values: Values) -> Verdict:
    """The form was refused for this reason."""
    if found.decision is not Decision.REFUSED:
        return lost("not_refused", got=found.decision.value)
    wanted = values.words("is")
    if found.reason.value in wanted:
        return GOOD
    return lost("other_reason", got=found.reason.value, wanted=list(wanted))


@_once_decided
def _noted(found: Verification, _values: Values) -> Verdict:
    """What was found is written beside the reason."""
    return GOOD if found.note else lost("nothing_noted")


@_once_decided
def _confirmed(found: Verification, values: Values) -> Verdict:
    """The quantities that were really shown are confirmed, line by line."""
    if found.decision is Decision.REFUSED:
        return lost("refused_whole")
    counted = {one.line: one.quantity for one in found.lines}
    wanted = values.numbers("quantities")
    right = sum(counted.get((0, at)) == count for at, count in enumerate(wanted))
    told = [counted.get((0, at), 0) for at in range(len(wanted))]
    return part(right, len(wanted), "quantities_differ", got=told, wanted=list(wanted))


@_once_decided
def _sealed(found: Verification, values: Values) -> Verdict:
    """The codes of the bags that stayed shut are on record."""
    wanted = values.words("seals")
    typed = {one.seal.replace(" ", "").upper() for one in found.lines if one.seal}
    right = sum(one.replace(" ", "").upper() in typed for one in wanted)
    return part(right, len(wanted), "seals_differ")


@_once_decided
def _inspection(found: Verification, values: Values) -> Verdict:
    """It was found as the draw asked: by the goods or on the papers."""
    wanted = values.word("is")
    return GOOD if found.inspection.value == wanted else lost("other_inspection", wanted=wanted)


@_once_decided
def _place(found: Verification, values: Values) -> Verdict:
    """The verification says where the goods were shown."""
    wanted = values.word("is")
    return GOOD if found.place.value == wanted else lost("other_place", wanted=wanted)


def _review(scene: Scene, values: Values) -> Verdict:
    """A decision that was taken offline and did not fit was ended so, with a reason."""
    decision_id = str(scene.made[values.word("form")]["decision_id"])
    found = scene.read(lambda tx: tx.resolution_of(decision_id))
    if found is None:
        return lost("review_waits")
    wanted = values.words("is")
    if found.resolved.value in wanted:
        return GOOD
    return lost("review_ended_otherwise", wanted=list(wanted))


def _decided_offline(scene: Scene, values: Values) -> Verdict:
    """The decision was taken without the network and sent later."""
    form_id = scene.form_id(values.word("form"))
    events = scene.read(lambda tx: tx.events_of(form_id))
    sent = [one for one in events if one.kind == "offline_decision"]
    return GOOD if sent else lost("decided_online")


def _values(
    kind: type[Decision | RefusalReason | Inspection | Place | Resolved],
) -> tuple[str, ...]:
    return tuple(one.value for one in kind if one.value)


PORT_CHECKS: Mapping[str, Check] = {
    "decision": Check((_FORM, _words("is", _values(Decision))), _decision),
    "undecided": Check((_FORM,), _undecided),
    "reason": Check((_FORM, _words("is", _values(RefusalReason))), _reason),
    "noted": Check((_FORM,), _noted),
    "confirmed": Check((_FORM, Parameter("quantities", Kind.NUMBERS, most=999)), _confirmed),
    "sealed": Check((_FORM, Parameter("seals", Kind.WORDS)), _sealed),
    "inspection": Check(
        (_FORM, Parameter("is", Kind.WORD, choices=_values(Inspection))), _inspection
    ),
    "place": Check((_FORM, Parameter("is", Kind.WORD, choices=_values(Place))), _place),
    "decided_offline": Check((_FORM,), _decided_offline),
    "review": Check((_FORM, _words("is", _values(Resolved))), _review),
}
