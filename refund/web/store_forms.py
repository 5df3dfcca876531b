"""The fields of the issue page as they were typed: numbered, added, taken away, shown again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from refund.core.errors import Refused
from refund.core.form import Channel
from refund.core.invoice import LINES_MAX, InvoiceKind, InvoiceLine
from refund.core.money import format_yuan
from refund.core.places import HOME_PORT
from refund.core.till_file import Sale
from refund.core.traveller import Traveller
from refund.services.issue import Draft
from refund.web.filters import local
from refund.web.identity_forms import IDENTITY_FIELDS, has_fields, identity_fields
from refund.web.parse import typed_fields

GROUPS = {
    "invoices": ("number", "day", "kind"),
    "lines": ("invoice", "goods", "specification", "quantity", "unit_price"),
}
"""The fields of an invoice and of a line: `invoices-0-number`, `lines-0-goods` and so on."""

NUMBERED = re.compile(r"(invoices|lines)-([0-9]{1,2})-([a-z_]+)")
PLAIN = (
    *IDENTITY_FIELDS,
    *("mrz", "local_name", "last_entry", "channel", "port", "late_reason", "pick_up"),
    "submission",
)
_TOO_MANY = re.compile(r"(?:invoices|lines)-[0-9]{3,}-[a-z_]+")
_SUBMISSION = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields: by flat name, with how many invoices and lines there are."""

    fields: Mapping[str, str]
    invoices: int
    lines: int
    problems: tuple[Refused, ...] = ()

    def __getitem__(self, name: str) -> str:
        """What was typed into a field; nothing for one that was not sent."""
        return self.fields.get(name, "")

    @property
    def submission(self) -> str:
        """The key under which this page is submitted.

        Raises:
            Refused: `bad_request` for a page that is not ours.
        """
        if not _SUBMISSION.fullmatch(self["submission"]):
            raise Refused("bad_request")
        return self["submission"]

    @property
    def blank_line(self) -> "Typed":
        """The pattern of another line, its number still open."""
        return Typed({"lines-__i__-quantity": "1", "lines-__i__-invoice": "0"}, self.invoices, 2)

    @property
    def is_by_fields(self) -> bool:
        """Whether the traveller is described in the fields instead of the zone."""
        return has_fields(self)

    def is_blank(self, group: str, number: int) -> bool:
        """Whether nothing was typed into a line or an invoice that was added and not needed."""
        names = {"invoices": ("number",), "lines": ("goods", "specification", "unit_price")}
        return not any(self[f"{group}-{number}-{name}"].strip() for name in names[group])


def new_page(submission: str, today: date) -> Typed:
    """The fields of a new page: one invoice of today, one line, the instant refund."""
    fields = {
        "submission": submission,
        "channel": Channel.INSTANT.value,
        "port": HOME_PORT,
        **_new("invoices", 0, today),
        **_new("lines", 0, today),
    }
    return Typed(fields, 1, 1)


def _new(group: str, number: int, today: date) -> dict[str, str]:
    values = {
        "invoices": {"day": today.isoformat(), "kind": InvoiceKind.E_INVOICE.value},
        "lines": {"quantity": "1", "invoice": "0"},
    }
    return {f"{group}-{number}-{name}": value for name, value in values[group].items()}


def typed_of(draft: Draft, submission: str) -> Typed:
    """The fields of a page on which a draft is typed already, the document in its own fields."""
    fields = {
        "submission": submission,
        "channel": draft.channel.value,
        "port": draft.port,
        **identity_fields(draft.traveller),
    }
    place = 0
    for number, invoice in enumerate(draft.invoices):
        at = f"invoices-{number}"
        fields |= {
            f"{at}-number": invoice.number,
            f"{at}-day": invoice.day.isoformat(),
            f"{at}-kind": invoice.kind.value,
        }
        for line in invoice.lines:
            fields |= _line(f"lines-{place}", line, number)
            place += 1
    return Typed(fields, max(1, len(draft.invoices)), max(1, place))


def with_traveller(typed: Typed, traveller: Traveller) -> Typed:
    """The same page with another traveller on it, whose document stands in its own fields."""
    gone = {"mrz": "", "pick_up": ""}
    return replace(typed, fields={**typed.fields, **gone, **identity_fields(traveller)})


def of_sale(typed: Typed, sale: Sale) -> Typed:
    """A new page for a sale that the till knows: its invoice, its day, its sum as one price."""
    bought = {
        "invoices-0-number": sale.invoice_number,
        "invoices-0-day": sale.day.isoformat(),
        "lines-0-unit_price": format_yuan(sale.amount_fen).replace(",", ""),
    }
    return replace(typed, fields={**typed.fields, **bought})


def _line(at: str, line: InvoiceLine, number: int) -> dict[str, str]:
    return {
        f"{at}-invoice": str(number),
        f"{at}-goods": f"{line.goods.goods_code} {local(line.goods)}",
        f"{at}-specification": line.specification,
        f"{at}-quantity": str(line.quantity),
        f"{at}-unit_price": format_yuan(line.unit_price_fen).replace(",", ""),
    }


def read_typed(form: Mapping[str, str]) -> Typed:
    """What a browser sent, its lines and invoices numbered without gaps; nothing else is kept."""
    shown, problems = typed_fields(form)
    found: dict[str, dict[int, dict[str, str]]] = {group: {} for group in GROUPS}
    renamed: dict[str, str] = {name: name for name in PLAIN}
    for name in shown:
        match = NUMBERED.fullmatch(name)
        if match and match[3] in GROUPS[match[1]]:
            found[match[1]].setdefault(int(match[2]), {})[match[3]] = name
    counts = {}
    for group, rows in found.items():
        for place, row in enumerate(sorted(rows)):
            renamed |= {sent: f"{group}-{place}-{name}" for name, sent in rows[row].items()}
        counts[group] = max(1, len(rows))
    fields = {renamed[name]: text for name, text in shown.items() if name in renamed}
    shown_to_people = [p for p in problems if p.field in renamed and p.field != "submission"]
    kept = [p.at(renamed[p.field]) for p in shown_to_people]
    if counts["lines"] > LINES_MAX or any(_TOO_MANY.fullmatch(name) for name in form):
        kept.append(Refused("too_many_lines", "lines-0-goods", most=LINES_MAX))
    return Typed(fields, counts["invoices"], counts["lines"], tuple(kept))


def with_one_more(typed: Typed, group: str, today: date) -> Typed:
    """The same fields with another line, or another invoice."""
    count = {"invoices": typed.invoices, "lines": typed.lines}[group]
    if count >= LINES_MAX:
        return typed
    return read_typed({**typed.fields, **_new(group, count, today)})


def without(typed: Typed, group: str, number: int) -> Typed:
    """The same fields less one line, or one invoice; the last one stays.

    Lines of an invoice that goes are said of the first one.
    """
    if {"invoices": typed.invoices, "lines": typed.lines}[group] < 2:
        return typed
    gone = f"{group}-{number}-"
    fields = {name: text for name, text in typed.fields.items() if not name.startswith(gone)}
    if group == "invoices":
        for line in range(typed.lines):
            name = f"lines-{line}-invoice"
            owner = _number(typed[name])
            fields[name] = str(owner - (owner > number)) if owner != number else "0"
    return read_typed(fields)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,2}", text) else -1


def changed(typed: Typed, form: Mapping[str, str], today: date) -> Typed | None:
    """The fields after a button that adds or takes away; None when no such button was pressed."""
    for group in GROUPS:
        if f"add_{group}" in form:
            return with_one_more(typed, group, today)
        if f"remove_{group}" in form:
            return without(typed, group, _number(form[f"remove_{group}"]))
    return None


def newest(typed: Typed, form: Mapping[str, str]) -> str:
    """The field in which to go on after a button that adds; nothing after one that takes away."""
    if "add_invoices" in form:
        return f"invoices-{typed.invoices - 1}-number"
    return f"lines-{typed.lines - 1}-goods" if "add_lines" in form else ""
