"""What a traveller types, read: a code, the claim code, the details, the signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from refund.core.agreement import Details, Signature, read_contact, read_document_tail
from refund.core.agreement import read_signature as read_strokes_or_name
from refund.core.calendar import parse_day
from refund.core.errors import Refused
from refund.core.form import Form, Method, Status
from refund.core.ids import read_claim_code
from refund.core.places import HOME_PORT, PORTS, read_port
from refund.core.signing import read_code
from refund.services.claim import ClaimView


@dataclass(frozen=True, slots=True)
class TypedDetails:
    """The details as typed: what could be read, and every field that could not."""

    details: Details | None
    document_tail: str
    problems: tuple[Refused, ...]


def read_typed_code(text: str, public_url: str, *, is_rehearsal: bool = False) -> str:
    """Read a code that was typed or pasted: blanks within it and small letters do no harm.

    Raises:
        Refused: `field_missing`, or as `read_code`.
    """
    squeezed = "".join(text.split()).upper()
    if not squeezed:
        raise Refused("field_missing", "code")
    try:
        return read_code(squeezed, public_url, is_rehearsal=is_rehearsal)
    except Refused as refused:
        raise refused.at("code") from None


def read_claim(typed: Mapping[str, str]) -> str:
    """Read the six digits of the slip.

    Raises:
        Refused: `claim_code_missing`, `claim_code_unreadable`.
    """
    return read_claim_code(typed.get("claim_code", ""), "claim_code")


def read_details(typed: Mapping[str, str], form: Form) -> TypedDetails:
    """Read the details, every field on its own, so that all that is wrong is said at once."""
    problems: list[Refused] = []
    tail, contact, port = "", "", form.port or HOME_PORT
    departs_on: date | None = None
    method: Method | None = None
    try:
        tail = read_document_tail(typed.get("document_tail", ""))
    except Refused as refused:
        problems.append(refused)
    try:
        method = Method.read(typed.get("method", ""))
    except Refused as refused:
        problems.append(refused)
    try:
        if form.port_any:
            port = read_port(typed.get("port", "")).code
    except Refused as refused:
        problems.append(refused)
    try:
        departs_on = _optional_day(typed.get("departs_on", ""))
    except Refused as refused:
        problems.append(refused)
    try:
        contact = read_contact(typed.get("contact", ""))
    except Refused as refused:
        problems.append(refused)
    details = None if problems or method is None else Details(contact, departs_on, port, method)
    return TypedDetails(details, tail, tuple(problems))


def _optional_day(text: str) -> date | None:
    return parse_day(text, "departs_on") if text.strip() else None


def details_as_typed(seen: ClaimView) -> dict[str, str]:
    """What the fields hold at first: what was given before, else what is most likely."""
    known = seen.details
    if known is None:
        return {"method": Method.CARD.value, "port": seen.form.port or HOME_PORT}
    return {
        "method": known.method.value,
        "port": known.port,
        "departs_on": known.departs_on.isoformat() if known.departs_on else "",
        "contact": known.contact,
    }


def open_methods(seen: ClaimView) -> tuple[str, ...]:
    """The ways to be paid that can be chosen now; a card on hold leaves few."""
    if seen.form.status is not Status.HELD:
        return tuple(method.value for method in Method)
    before = seen.details.method if seen.details else Method.CARD
    return tuple(dict.fromkeys((before.value, Method.CARD.value)))


def open_ports(form: Form) -> tuple[str, ...]:
    """The ports that can be chosen; only one where the promise names it."""
    return tuple(PORTS) if form.port_any else (form.port,)


def read_signature(typed: Mapping[str, str]) -> Signature:
    """Read the drawn signature, or the typed name.

    Raises:
        Refused: `signature_missing`, `field_too_long`, `field_unreadable`.
    """
    return read_strokes_or_name(typed.get("signature", ""), typed.get("signed_name", ""))
