"""What is done before a drill: people, papers and forms are made, time passes, trouble comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from refund.core.calendar import SHANGHAI, day_of
from refund.core.case import Case, CaseKind, Fix
from refund.core.customs import Place, RefusalReason
from refund.core.entitlement import ConfirmedLine
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import Channel, Form, Method
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.offline import Act as OfflineAct
from refund.core.offline import OfflineDecision
from refund.core.people import Actor, Role
from refund.core.signing import code_url
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from refund.sandbox.faults import Fault
from refund.services import counter_desk, fixes, issue, offline, reconcile, sampling
from refund.services.issue import Draft
from refund.services.later import work_through
from refund.simulation.drills.parameters import Values
from refund.simulation.drills.stage import Stage, document_from, kept_traveller
from refund.simulation.runs import acts
from refund.transaction import Transaction

CARDS: Mapping[str, str] = {
    "visa": "4111111111111111",
    "mastercard": "5555555555554444",
    "unionpay": "6200000000000005",
    "jcb": "3566002020360505",
    "discover": "6011111111111117",
    "declined": "4000000000000002",
    "half": "4000000000000135",
    "ended_by_bank": "4000000000000143",
    "charge_declined": "4000000000000150",
    "payout_returned": "4000000000000184",
    "payout_refused": "4000000000000127",
}
"""Trial cards, by what they are used for."""

HOURS = 24
LOTS_MAX = 100
"""Forms that are issued at most until the lot falls as it is wanted."""


# People and papers.


def bring_traveller(stage: Stage, values: Values) -> None:
    """Somebody who does not exist, with a document that no other attempt has."""
    number = f"{stage.serial % 1_000_000:06d}{len(stage.made) % 100:02d}"
    kind = DocumentKind(values.word("document"))
    nationality = values.word("nationality") or _NATIONALITY[kind]
    made = Traveller(
        latin_name=values.word("latin_name") or "TANAKA HARUKA",
        local_name=values.word("local_name"),
        nationality=nationality,
        document=IdentityDocument(kind, _PREFIX[kind] + number),
        birth=date(1984, 5, 17),
        document_expiry=stage.today + timedelta(days=values.number("valid_days")),
        last_entry=stage.today - timedelta(days=values.number("entered_days_ago")),
    )
    stage.keep(values.word("name"), "traveller", **kept_traveller(made))


_PREFIX = {
    DocumentKind.PASSPORT: "T",
    DocumentKind.HK_MACAO_PERMIT: "H",
    DocumentKind.TAIWAN_PERMIT: "",
}
_NATIONALITY = {
    DocumentKind.PASSPORT: "JPN",
    DocumentKind.HK_MACAO_PERMIT: "HKG",
    DocumentKind.TAIWAN_PERMIT: "TWN",
}


def lay_paper(stage: Stage, values: Values) -> None:
    """An invoice that lies on the counter, for the clerk to type."""
    invoice = _invoice(stage, values)
    stage.keep(values.word("name"), "invoice", **kept_invoice(invoice))


def _invoice(stage: Stage, values: Values) -> Invoice:
    number = f"26{stage.serial % 10**10:010d}{len(stage.made) % 10**8:08d}"
    day = stage.today - timedelta(days=values.number("days_ago"))
    return Invoice(number, day, InvoiceKind(values.word("invoice")), _lines(stage, values))


def _lines(stage: Stage, values: Values) -> tuple[InvoiceLine, ...]:
    """The goods, as the master has them.

    Raises:
        Refused: `goods_unknown`.
    """

    def read(tx: Transaction) -> tuple[InvoiceLine, ...]:
        found = []
        for wanted in values.goods():
            goods = tx.goods(wanted.code)
            if goods is None:
                raise Refused("goods_unknown", goods_code=wanted.code)
            found.append(InvoiceLine(goods, wanted.quantity, wanted.price_fen))
        return tuple(found)

    return stage.ports.storage.read(read)


def kept_invoice(invoice: Invoice) -> dict[str, Any]:
    """An invoice in plain values."""
    lines = [
        {
            "code": line.goods.goods_code,
            "name_zh": line.goods.name_zh,
            "name_en": line.goods.name_en,
            "quantity": line.quantity,
            "price_fen": line.unit_price_fen,
        }
        for line in invoice.lines
    ]
    return {
        "number": invoice.number,
        "day": invoice.day.isoformat(),
        "invoice_kind": invoice.kind.value,
        "lines": lines,
        "sum_fen": invoice.amount_fen,
    }


# Forms, as far as others have come with them.


def have_form(stage: Stage, values: Values) -> None:
    """A form that somebody issued before, at the learner's own counter or in another store."""
    traveller = stage.traveller(values.word("of"))
    invoice = _invoice(stage, values)
    port = values.word("port") or stage.port
    draft = Draft(traveller, (invoice,), Channel(values.word("channel")), port)
    clerk = stage.seat
    if clerk.role is not Role.CLERK:
        clerk = stage.someone(Role.CLERK, store_number=stage.store_number)
    issued = _issued(stage, clerk, draft, values)
    _keep_form(stage, clerk, issued, kept_invoice(invoice), values.word("name"), values.word("of"))


def _keep_form(
    stage: Stage, clerk: Actor, form: Form, bought: Mapping[str, Any], name: str, of: str
) -> None:
    """Keep a form with its code and its goods, out of the bots' reach."""
    stage.theatre.keep_from_bots(form.form_id)
    goods = {key: bought[key] for key in ("number", "day", "invoice_kind", "lines", "sum_fen")}
    stage.keep(
        name,
        "form",
        form_id=form.form_id,
        form_number=form.form_number,
        code=code_url(stage.ports.public_url, form.code),
        claim_code=acts.claim_code(stage.ports, clerk, form.form_id),
        of=of,
        store_number=form.store_number,
        port=form.port,
        **goods,
    )


def _issued(stage: Stage, clerk: Actor, draft: Draft, values: Values) -> Form:
    """A form on which the lot of the port falls as it is wanted; others are void again.

    Raises:
        Refused: as `issue.issue_form`; `inspection_required` where the lot never falls so.
    """
    wanted = values.word("lot")
    for count in range(LOTS_MAX):
        key = f"drill-{stage.serial}-{values.word('name')}-{count}"
        issued = acts.issue_form(stage.ports, clerk, draft, key)
        if wanted in ("", _lot_of(stage, issued)):
            return issued
        issue.void_form(stage.ports, clerk, issued.form_id, "the lot fell otherwise")
    raise Refused("inspection_required")


def _lot_of(stage: Stage, form: Form) -> str:
    """How the lot falls at the form's port, today."""

    def fall(tx: Transaction) -> str:
        drawn = sampling.draw_for(tx, stage.ports, form, form.port, stage.now)
        return "drawn" if drawn.is_inspected else "not_drawn"

    return stage.ports.storage.write(fall)


def have_claimed(stage: Stage, values: Values) -> None:
    """The traveller signs on the phone and gives a card; with a good one the money is there."""
    kept, form = stage.made[values.word("form")], stage.form(values.word("form"))
    traveller = stage.traveller(kept["of"])
    wish = acts.Wish(
        name=traveller.latin_name,
        document_tail=traveller.document.number[-4:],
        method=Method(values.word("method")),
        card=CARDS[values.word("card")],
        port=form.port,
    )
    phone = f"drill-{stage.serial}-{kept['of']}"
    acts.scan(stage.ports, phone, form, kept["claim_code"])
    acts.sign(stage.ports, phone, form.form_id, wish)
    acts.claim_advance(stage.ports, phone, form.form_id, wish, stage.theatre.give)


def have_verified(stage: Stage, values: Values) -> None:
    """Another officer confirms what is shown: all, or so many of each line."""
    form = stage.form(values.word("form"))
    officer = stage.someone(Role.OFFICER, port=values.word("port") or form.port)
    shown = {(0, at): quantity for at, quantity in enumerate(values.numbers("shown"))}
    place = Place(values.word("place"))
    acts.show_goods(stage.ports, officer, form, shown or None, place)


def have_refused(stage: Stage, values: Values) -> None:
    """Another officer refuses the form."""
    form = stage.form(values.word("form"))
    officer = stage.someone(Role.OFFICER, port=values.word("port") or form.port)
    reason = RefusalReason(values.word("reason"))
    acts.refuse_goods(stage.ports, officer, form.form_id, reason, values.word("note"))


def have_left(stage: Stage, values: Values) -> None:
    """The border tells that the traveller left just now."""
    document = document_from(stage.made[values.word("of")])
    line = ExitLine(document, values.word("port") or stage.port, stage.now)
    acts.leave(stage.ports, stage.someone(Role.OPERATOR), line)


# Time and trouble.


def let_time_pass(stage: Stage, values: Values) -> None:
    """The rehearsal's clock moves on, for everybody in it."""
    until = stage.now + timedelta(days=values.number("days"), minutes=values.number("minutes"))
    if values.number("at_hour") < HOURS:
        until = datetime.combine(day_of(until), time(values.number("at_hour")), SHANGHAI)
    stage.theatre.pass_by(max(timedelta(), until - stage.now))


def let_trouble_come(stage: Stage, values: Values) -> None:
    """The network does something wrong, so many times."""
    fault = Fault(values.word("fault"), kind=values.word("operation"), times=values.number("times"))
    stage.theatre.switch_on(fault)


def go_rounds(stage: Stage, _: Values) -> None:
    """The service does its rounds: what is due is noticed, fetched and matched."""
    work_through(stage.ports)


def have_asked(stage: Stage, values: Values) -> None:
    """Another operator asks for a fix of the form's case; it waits for a second person."""
    form, kind = stage.form(values.word("form")), CaseKind(values.word("kind"))
    case = open_case_of(stage.ports.storage.read(lambda tx: tx.cases_of(form.form_id)), kind)
    asking = stage.someone(Role.OPERATOR)
    fixes.fix(stage.ports, asking, case.case_id, Fix(values.word("fix")), values.word("reason"))


def open_case_of(cases: Sequence[Case], kind: CaseKind) -> Case:
    """The open case of a kind.

    Raises:
        Refused: `case_unknown`.
    """
    for case in cases:
        if case.kind is kind and case.is_open:
            return case
    raise Refused("case_unknown")


def have_till(stage: Stage, values: Values) -> None:
    """Cash lies in the till of a port's counter; where one is open, it stays as it is."""
    port = values.word("port") or stage.port
    if stage.ports.storage.read(lambda tx: tx.open_till(port)) is None:
        acts.open_till(stage.ports, stage.someone(Role.OPERATOR), port, values.number("cash"))


def have_decided_offline(stage: Stage, values: Values) -> None:
    """Another officer decides without the network, and sends it when it is back."""
    form = stage.form(values.word("form"))
    officer = stage.someone(Role.OFFICER, port=values.word("port") or form.port)
    device = f"drill{stage.serial:08d}"
    kit = offline.begin_shift(stage.ports, officer, device)
    shown = values.numbers("shown")
    listed = [line["quantity"] for line in stage.made[values.word("form")]["lines"]]
    lines = tuple(ConfirmedLine((0, at), quantity) for at, quantity in enumerate(shown))
    decision = OfflineDecision(
        decision_id=f"{stage.serial:024x}{len(stage.sheet):08x}",
        sequence=1,
        form_id=form.form_id,
        act=OfflineAct.LINES if lines else OfflineAct.CONFIRM,
        decided_at=stage.now,
        scanned_at=stage.now,
        lines=lines or None,
        seen=tuple(((0, at), quantity) for at, quantity in enumerate(listed)),
    )
    stage.made[values.word("form")]["decision_id"] = decision.decision_id
    if values.flag("decided_before"):
        # Meanwhile somebody at a desk with the network has confirmed everything.
        acts.show_goods(stage.ports, officer, form)
    sent = offline.Sent(decision, stage.made[values.word("form")]["code"])
    offline.take_in(stage.ports, officer, kit.shift.shift_id, stage.now, [sent])


def stand_at_desk(stage: Stage, values: Values) -> None:
    """What the officer sees: who stands there, with which goods, and what is remarkable."""
    form, person = values.word("form"), values.word("person")
    lines = stage.made[form]["lines"]
    shown = values.numbers("shown") or tuple(line["quantity"] for line in lines)
    seals = values.words("seals")
    goods = [
        {**line, "shown": quantity, "seal": seals[at] if at < len(seals) else ""}
        for at, (line, quantity) in enumerate(zip(lines, shown, strict=False))
    ]
    words = values.both("remark")
    stage.sheet.append(
        {
            "kind": "desk",
            "form": form,
            "person": stage.made[person or stage.made[form]["of"]],
            "goods": goods,
            "zh": words.zh,
            "en": words.en,
        }
    )


def have_brought_back(stage: Stage, values: Values) -> None:
    """Goods came back to the store before: so many of each line, the money paid in the store."""
    form = stage.form(values.word("form"))
    clerk = stage.someone(Role.CLERK, store_number=form.store_number)
    back = {(0, at): count for at, count in enumerate(values.numbers("quantities")) if count}
    key = f"drill-{stage.serial}-back-{len(stage.sheet)}"
    acts.bring_back(stage.ports, clerk, form.form_id, back, key)


def have_replaced(stage: Stage, values: Values) -> None:
    """Another form took a form's place before, for the same purchase with the right document."""
    form, name = stage.form(values.word("form")), values.word("name")
    clerk = stage.someone(Role.CLERK, store_number=form.store_number)
    right = stage.traveller(values.word("of"))

    def change(draft: Draft) -> Draft:
        return replace(draft, traveller=right, last_entry=right.last_entry)

    key = f"drill-{stage.serial}-{name}"
    after = acts.correct_form(stage.ports, clerk, form.form_id, change, key)
    _keep_form(stage, clerk, after, stage.made[values.word("form")], name, values.word("of"))


def have_settled(stage: Stage, values: Values) -> None:
    """Another operator carried out what the exit's desk proposed for a form.

    Raises:
        Refused: `proposal_changed` where nothing is to be done.
    """
    form = stage.form(values.word("form"))
    seen = reconcile.proposals_for(stage.ports, [form.form_id])[0]
    chosen = reconcile.Chosen(form.form_id, seen.action, seen.why)
    operator = stage.someone(Role.OPERATOR)
    for one in reconcile.settle(stage.ports, operator, [chosen], "as proposed"):
        if one.refusal is not None:
            raise one.refusal


def have_paid(stage: Stage, values: Values) -> None:
    """A colleague at the agency's counter paid the ordinary refund in cash."""
    kept = stage.made[values.word("form")]
    counter = counter_desk.counter_at(stage.someone(Role.OPERATOR), kept["port"])
    who = stage.made[kept["of"]]
    payee = acts.Payee(document_from(who), who["latin_name"])
    key = f"drill-{stage.serial}-paid-{len(stage.sheet)}"
    acts.take_refund(stage.ports, counter, kept["form_id"], payee, key, stage.theatre.give)
