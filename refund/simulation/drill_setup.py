"""What a drill's file can prepare, by name: people, papers, forms, time and trouble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

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
from refund.sandbox.faults import NAMES, Fault
from refund.services import fixes, issue, offline, sampling
from refund.services.issue import Draft
from refund.services.later import work_through
from refund.simulation import acts
from refund.simulation.drill_parameters import REQUIRED, Kind, Parameter, Values
from refund.simulation.drill_stage import Stage, document_from, kept_traveller
from refund.transaction import Transaction

PORTS = ("WUH", "YIH", "ENH")
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

ALONG_MINUTES = 1
"""How long ago the border saw somebody who leaves while a drill is prepared."""

LOTS_MAX = 100
"""Forms that are issued at most until the lot falls as it is wanted."""


@dataclass(frozen=True, slots=True)
class SetupAct:
    """One act of a drill's setup: what it needs to be told, and what it does."""

    parameters: tuple[Parameter, ...]
    do: Callable[[Stage, Values], None]


def _name(kind: Kind = Kind.NEW) -> Parameter:
    return Parameter("name", kind)


_GOODS = Parameter("goods", Kind.GOODS)
_FORM = Parameter("form", Kind.THING)
_OF = Parameter("of", Kind.THING)
_PORT = Parameter("port", Kind.WORD, "", choices=PORTS)


# People and papers.


def _traveller(stage: Stage, values: Values) -> None:
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


def _paper(stage: Stage, values: Values) -> None:
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


def _form(stage: Stage, values: Values) -> None:
    """A form that somebody issued before, at the learner's own counter or in another store."""
    traveller = stage.traveller(values.word("of"))
    invoice = _invoice(stage, values)
    port = values.word("port") or "WUH"
    draft = Draft(traveller, (invoice,), Channel(values.word("channel")), port)
    clerk = stage.seat
    if clerk.role is not Role.CLERK:
        clerk = stage.someone(Role.CLERK, store_number=stage.store_number)
    issued = _issued(stage, clerk, draft, values)
    stage.theatre.keep_from_bots(issued.form_id)
    code = acts.claim_code(stage.ports, clerk, issued.form_id)
    stage.keep(
        values.word("name"),
        "form",
        form_id=issued.form_id,
        form_number=issued.form_number,
        code=code_url(stage.ports.public_url, issued.code),
        claim_code=code,
        of=values.word("of"),
        store_number=issued.store_number,
        port=port,
        **kept_invoice(invoice),
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


def _claim(stage: Stage, values: Values) -> None:
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


def _verify(stage: Stage, values: Values) -> None:
    """Another officer confirms what is shown: all, or so many of each line."""
    form = stage.form(values.word("form"))
    officer = stage.someone(Role.OFFICER, port=values.word("port") or form.port)
    shown = {(0, at): quantity for at, quantity in enumerate(values.numbers("shown"))}
    place = Place(values.word("place"))
    acts.show_goods(stage.ports, officer, form, shown or None, place)


def _refuse(stage: Stage, values: Values) -> None:
    """Another officer refuses the form."""
    form = stage.form(values.word("form"))
    officer = stage.someone(Role.OFFICER, port=values.word("port") or form.port)
    reason = RefusalReason(values.word("reason"))
    acts.refuse_goods(stage.ports, officer, form.form_id, reason, values.word("note"))


def _leave(stage: Stage, values: Values) -> None:
    """The border tells that the traveller left, a minute ago."""
    document = document_from(stage.made[values.word("of")])
    at = stage.now - timedelta(minutes=ALONG_MINUTES)
    line = ExitLine(document, values.word("port") or "WUH", at)
    acts.leave(stage.ports, stage.someone(Role.OPERATOR), line)


# Time and trouble.


def _wait(stage: Stage, values: Values) -> None:
    """The rehearsal's clock moves on, for everybody in it."""
    stage.theatre.pass_by(timedelta(days=values.number("days"), hours=values.number("hours")))


def _trouble(stage: Stage, values: Values) -> None:
    """The network does something wrong, so many times."""
    fault = Fault(values.word("fault"), kind=values.word("operation"), times=values.number("times"))
    stage.theatre.switch_on(fault)


def _rounds(stage: Stage, _: Values) -> None:
    """The service does its rounds: what is due is noticed, fetched and matched."""
    work_through(stage.ports)


def _ask(stage: Stage, values: Values) -> None:
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


def _till(stage: Stage, values: Values) -> None:
    """Cash lies in the till of a port's counter; where one is open, it stays as it is."""
    port = values.word("port") or "WUH"
    if stage.ports.storage.read(lambda tx: tx.open_till(port)) is None:
        acts.open_till(stage.ports, stage.someone(Role.OPERATOR), port, values.number("cash"))


def _offline(stage: Stage, values: Values) -> None:
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


def _desk(stage: Stage, values: Values) -> None:
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


_DAYS_AGO = Parameter("days_ago", Kind.NUMBER, 0, most=400)
_INVOICE = Parameter(
    "invoice", Kind.WORD, "e_invoice", choices=("e_invoice", "ordinary", "special")
)
_SHOWN = Parameter("shown", Kind.NUMBERS, (), most=999)
_PLACES = tuple(one.value for one in Place if one.value)
_REASONS = tuple(one.value for one in RefusalReason if one.value)


def _words(name: str, default: object, choices: Sequence[str]) -> Parameter:
    return Parameter(name, Kind.WORD, default, choices=tuple(choices))


SETUP_ACTS: Mapping[str, SetupAct] = {
    "traveller": SetupAct(
        (
            _name(),
            _words("document", "passport", [one.value for one in DocumentKind]),
            Parameter("nationality", Kind.WORD, ""),
            Parameter("latin_name", Kind.WORD, ""),
            Parameter("local_name", Kind.WORD, ""),
            Parameter("entered_days_ago", Kind.NUMBER, 6, most=400),
            Parameter("valid_days", Kind.NUMBER, 1500, most=3000),
        ),
        _traveller,
    ),
    "paper": SetupAct((_name(), _GOODS, _DAYS_AGO, _INVOICE), _paper),
    "form": SetupAct(
        (
            _name(),
            _OF,
            _GOODS,
            _DAYS_AGO,
            _INVOICE,
            _words("channel", "instant", [one.value for one in Channel]),
            _PORT,
            _words("lot", "", ("drawn", "not_drawn")),
        ),
        _form,
    ),
    "claim": SetupAct(
        (
            _FORM,
            _words("card", "visa", tuple(CARDS)),
            _words("method", "card", [one.value for one in Method]),
        ),
        _claim,
    ),
    "verify": SetupAct((_FORM, _PORT, _SHOWN, _words("place", "", _PLACES)), _verify),
    "refuse": SetupAct(
        (_FORM, _PORT, _words("reason", REQUIRED, _REASONS), Parameter("note", Kind.TEXT, "")),
        _refuse,
    ),
    "leave": SetupAct((_OF, _PORT), _leave),
    "wait": SetupAct(
        (Parameter("days", Kind.NUMBER, 0, most=400), Parameter("hours", Kind.NUMBER, 0, most=400)),
        _wait,
    ),
    "trouble": SetupAct(
        (
            _words("fault", REQUIRED, tuple(NAMES)),
            Parameter("operation", Kind.WORD, ""),
            Parameter("times", Kind.NUMBER, 1, least=1, most=100),
        ),
        _trouble,
    ),
    "rounds": SetupAct((), _rounds),
    "ask": SetupAct(
        (
            _FORM,
            _words("kind", REQUIRED, [one.value for one in CaseKind]),
            _words("fix", REQUIRED, [one.value for one in Fix]),
            Parameter("reason", Kind.TEXT),
        ),
        _ask,
    ),
    "till": SetupAct((_PORT, Parameter("cash", Kind.YUAN)), _till),
    "offline": SetupAct(
        (_FORM, _PORT, _SHOWN, Parameter("decided_before", Kind.FLAG, False)), _offline
    ),
    "desk": SetupAct(
        (
            _FORM,
            Parameter("person", Kind.THING, ""),
            _SHOWN,
            Parameter("seals", Kind.WORDS, ()),
            Parameter("remark", Kind.BOTH, None),
        ),
        _desk,
    ),
}
"""Every act that a drill's file can name under `[[setup]]`."""
