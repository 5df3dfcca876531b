"""What counts at the store's counter: forms issued or not, what stands on them, and changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps

from refund.core.entitlement import Recovery
from refund.core.form import Channel, Form
from refund.simulation.drills.parameters import Kind, Parameter, Values
from refund.simulation.drills.scene import GOOD, Check, Judge, Scene, Verdict, lost, part
from refund.simulation.drills.stage import document_from

_OF = Parameter("of", Kind.THING)
_FORM = Parameter("form", Kind.THING)
NOTHING_ISSUED = "nothing_issued"


def _issued(scene: Scene, values: Values) -> Verdict:
    """So many forms were issued for the traveller, and no more."""
    wanted, found = values.number("count"), len(scene.issued(values.word("of")))
    if not found:
        return lost(NOTHING_ISSUED)
    if found == wanted:
        return GOOD
    return lost("forms_counted", 50 if found > wanted else 0, count=found, wanted=wanted)


def _not_issued(scene: Scene, values: Values) -> Verdict:
    """No form was issued for the traveller."""
    found = scene.issued(values.word("of"))
    return lost("issued_all_the_same", form_number=found[0].form_number) if found else GOOD


def _once_issued(judge: Callable[[Scene, Values, Form], Verdict]) -> Judge:
    """Judge the latest form that was issued for the traveller; lost where there is none."""

    @wraps(judge)
    def judged(scene: Scene, values: Values) -> Verdict:
        found = scene.issued(values.word("of"))
        return judge(scene, values, found[0]) if found else lost(NOTHING_ISSUED)

    return judged


@_once_issued
def _sums(_scene: Scene, values: Values, form: Form) -> Verdict:
    """The form comes to the right sums: half for the sales, half for the net refund."""
    wanted = (values.number("sales"), values.number("net"))
    found = (form.amounts.sales_fen, form.amounts.net_fen)
    right = sum(one == other for one, other in zip(wanted, found, strict=True))
    facts = {"sales_fen": found[0], "net_fen": found[1], "wanted_fen": wanted[1]}
    return part(right, 2, "sums_differ", **facts)


@_once_issued
def _lines(scene: Scene, values: Values, form: Form) -> Verdict:
    """The goods stand on the form under their codes, each as often as it was sold."""
    invoices = scene.read(lambda tx: tx.invoices_of(form.form_id))
    found = Counter(line.goods.goods_code for one in invoices for line in one.lines)
    wanted = Counter(values.words("goods"))
    right, extra = (found & wanted).total(), (found - wanted).total()
    codes = ", ".join(sorted(wanted))
    return part(right - extra, wanted.total(), "goods_differ", codes=codes)


@_once_issued
def _papers(scene: Scene, values: Values, form: Form) -> Verdict:
    """The invoices that lay on the counter stand on the form, with their numbers and days."""
    invoices = scene.read(lambda tx: tx.invoices_of(form.form_id))
    found = {(one.number, one.day.isoformat()) for one in invoices}
    papers = [scene.made[name] for name in values.words("papers")]
    right = sum((one["number"], one["day"]) in found for one in papers)
    return part(right, max(len(papers), len(found)), "papers_differ")


@_once_issued
def _person(scene: Scene, values: Values, form: Form) -> Verdict:
    """Name, nationality and last entry are those of the document that was shown."""
    return _as_shown(scene, form, values.word("of"))


def _as_shown(scene: Scene, form: Form, of: str) -> Verdict:
    """A third each for the name, the nationality and the last entry."""
    shown = scene.made[of]
    found = scene.read(lambda tx: tx.traveller_of(form.form_id))
    entry = "" if found.last_entry is None else found.last_entry.isoformat()
    told: Mapping[str, tuple[object, object]] = {
        "name": (found.latin_name, shown["latin_name"]),
        "nationality": (found.nationality, shown["nationality"]),
        "last_entry": (entry, shown["last_entry"]),
    }
    wrong = [name for name, (one, other) in told.items() if one != other]
    return part(len(told) - len(wrong), len(told), "person_differs", wrong=wrong)


@_once_issued
def _channel(_scene: Scene, values: Values, form: Form) -> Verdict:
    """The form was issued for the refund that was possible."""
    wanted = values.word("is")
    return GOOD if form.channel.value == wanted else lost("other_channel", wanted=wanted)


@_once_issued
def _late_reason(scene: Scene, _values: Values, form: Form) -> Verdict:
    """It stands in the form's history why it was issued late."""
    events = scene.read(lambda tx: tx.events_of(form.form_id))
    told = next((one.detail for one in events if one.kind == "issue"), "")
    return GOOD if told.strip() else lost("no_late_reason")


def _replaced(scene: Scene, values: Values) -> Verdict:
    """Another form stands in a form's place, with the document that was shown."""
    form_id, of = scene.form_id(values.word("form")), values.word("of")
    after = scene.read(lambda tx: tx.form_replacing(form_id))
    if after is None:
        return lost("not_replaced", status=scene.form(values.word("form")).status.value)
    found = scene.read(lambda tx: tx.traveller_of(after.form_id))
    if found.document != document_from(scene.made[of]):
        return lost("document_differs", 30)
    return _as_shown(scene, after, of)


def _brought_back(scene: Scene, values: Values) -> Verdict:
    """The goods came back as they were: half for the quantities, half for the way of the money."""
    form_id, wanted = scene.form_id(values.word("form")), values.numbers("quantities")
    returns = scene.read(lambda tx: tx.returns_of(form_id))
    if not returns:
        return lost("nothing_brought_back")
    back = Counter[int]()
    for one in returns:
        for (_, at), count in one.lines:
            back[at] += count
    right = [back[at] for at in range(len(wanted))] == list(wanted)
    way = values.word("recovery")
    fits = not way or returns[-1].recovery.value == way
    return part(int(right) + int(fits), 2, "brought_back_otherwise")


STORE_CHECKS: Mapping[str, Check] = {
    "issued": Check((_OF, Parameter("count", Kind.NUMBER, 1, least=1, most=20)), _issued),
    "not_issued": Check((_OF,), _not_issued),
    "sums": Check((_OF, Parameter("sales", Kind.YUAN), Parameter("net", Kind.YUAN)), _sums),
    "lines": Check((_OF, Parameter("goods", Kind.WORDS)), _lines),
    "papers": Check((_OF, Parameter("papers", Kind.THINGS)), _papers),
    "person": Check((_OF,), _person),
    "channel": Check(
        (_OF, Parameter("is", Kind.WORD, choices=tuple(one.value for one in Channel))), _channel
    ),
    "late_reason": Check((_OF,), _late_reason),
    "replaced": Check((_FORM, _OF), _replaced),
    "brought_back": Check(
        (
            _FORM,
            Parameter("quantities", Kind.NUMBERS, most=999),
            Parameter(
                "recovery", Kind.WORD, "", choices=tuple(one.value for one in Recovery if one.value)
            ),
        ),
        _brought_back,
    ),
}
