"""The refund point's pages: a document, its forms, one signature, one card, one advance."""

from collections.abc import Mapping, Sequence

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.agreement import Details, read_contact, read_signature
from refund.core.errors import REFUSALS, Refused
from refund.core.form import Method, Status
from refund.core.places import HOME_PORT
from refund.core.traveller import DocumentKind, IdentityDocument, read_document
from refund.services import point
from refund.services.point import PointView
from refund.web.auth import actor
from refund.web.context import own_address, ports
from refund.web.filters import errors_by_field
from refund.web.language import TAGS, chosen
from refund.web.operator import pages
from refund.web.parse import Reader, typed_fields

Answer = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response

PATH = "/point/<joint_id>"
WAITING = frozenset({Status.HOLDING, Status.ADVANCING, Status.WITHDRAWING})


def _status(refused: Refused) -> int:
    return REFUSALS[refused.code].status


@pages.get("/point")
def point_desk() -> Answer:
    """The document that lies on the desk."""
    return _desk({"document_kind": DocumentKind.PASSPORT.value}, [])


def _desk(
    typed: Mapping[str, str], problems: Sequence[Refused], found: point.Found | None = None
) -> str:
    return render_template(
        "operator/point/desk.html",
        typed=typed,
        errors=errors_by_field(problems),
        kinds=tuple(DocumentKind),
        found=found,
    )


@pages.post("/point")
def find_at_point() -> Answer:
    """The forms of a document, those that can be claimed here ticked."""
    typed, problems = typed_fields(request.form)
    reader = Reader()

    def read(number: str, field: str) -> IdentityDocument:
        return read_document(typed.get("document_kind", ""), number, field)

    document = reader.read(read, typed.get("document_number", ""), "document_number")
    problems += reader.problems
    if problems or document is None:
        return _desk(typed, problems), 422
    try:
        found = point.find(ports(), actor(), document)
    except Refused as refused:
        return _desk(typed, [refused]), _status(refused)
    return _desk(typed, [], found)


@pages.post("/point/claims")
def join_forms() -> Answer:
    """Put the ticked forms together."""
    try:
        joint = point.open_claim(ports(), actor(), request.form.getlist("form"))
    except Refused as refused:
        if refused.code != "no_forms_chosen":
            raise
        return _desk({"document_kind": DocumentKind.PASSPORT.value}, [refused]), _status(refused)
    return redirect(url_for("operator.joint", joint_id=joint.joint_id), 303)


@pages.get(PATH)
def joint(joint_id: str) -> Answer:
    """Where the claim stands: the agreement to sign, the card, the wait, or the money."""
    return _joint(point.view(ports(), actor(), joint_id), {}, [])


def _joint(seen: PointView, typed: Mapping[str, str], problems: Sequence[Refused]) -> str:
    return render_template(
        f"operator/point/{_page(seen)}.html",
        seen=seen,
        typed=typed or {"method": Method.CARD.value},
        errors=errors_by_field(problems),
        methods=tuple(Method),
    )


def _page(seen: PointView) -> str:
    """Which page a claim has now."""
    if seen.has_moved:
        return "moved"
    if Status.WITHDRAWING in seen.statuses:
        return "waiting"
    if Status.ISSUED in seen.statuses:
        return "sign"
    if Status.AGREED in seen.statuses:
        return "card"
    return "waiting" if seen.statuses & WAITING else "claimed"


@pages.get(PATH + "/live")
def joint_live(joint_id: str) -> Answer:
    """Nothing while the network has not answered; else the page is told to load itself anew."""
    if point.view(ports(), actor(), joint_id).statuses & WAITING:
        return "", 204
    return "", 200, {"HX-Refresh": "true"}


@pages.post(PATH + "/signature")
def sign_at_point(joint_id: str) -> Answer:
    """Take the one signature for all, and go on to the network's own page.

    A drawing is longer than any field.
    """
    drawing = request.form.get("signature", "")
    typed, problems = typed_fields({k: v for k, v in request.form.items() if k != "signature"})
    reader = Reader()
    reader.problems += problems
    method = reader.read(Method.read, typed.get("method", ""), "method")
    contact = reader.read(read_contact, typed.get("contact", ""), "contact")
    try:
        signature = read_signature(drawing, typed.get("signed_name", ""))
    except Refused as refused:
        reader.problems.append(refused)
        signature = None
    if reader.problems or method is None or contact is None or signature is None:
        seen = point.view(ports(), actor(), joint_id)
        return _joint(seen, {**typed, "signature": drawing}, reader.problems), 422
    details = Details(contact, None, HOME_PORT, method)
    point.sign(ports(), actor(), joint_id, details, signature, TAGS[chosen()])
    return _to_network(joint_id)


@pages.post(PATH + "/card")
def open_card_at_point(joint_id: str) -> Answer:
    """Go to the network's own page, the only place for a card's number."""
    return _to_network(joint_id)


def _to_network(joint_id: str) -> Answer:
    back = own_address(url_for("operator.card_at_point", joint_id=joint_id))
    try:
        url = point.open_card_page(ports(), joint_id, back, TAGS[chosen()])
    except Refused as refused:
        if refused.code != "network_unreachable":
            raise
        seen = point.view(ports(), actor(), joint_id)
        return _joint(seen, {}, [refused]), _status(refused)
    return redirect(url, 303)


@pages.get(PATH + "/card")
def card_at_point(joint_id: str) -> Answer:
    """The way back from the network's page: the card, and the last question before the money."""
    session_id = request.args.get("session", "")
    seen = point.view(ports(), actor(), joint_id)
    if not session_id or _page(seen) != "card":
        return redirect(url_for("operator.joint", joint_id=joint_id), 303)
    try:
        entry = point.card_given(ports(), joint_id, session_id)
    except Refused as refused:
        return _unfinished(seen, refused)
    return render_template(
        "operator/point/confirm.html", seen=seen, given=entry, session_id=session_id
    )


def _unfinished(seen: PointView, refused: Refused) -> Answer:
    """No card came back from the network: the card's page says so."""
    if refused.code not in {"card_session_unfinished", "network_unreachable"}:
        raise refused
    return _joint(seen, {}, [refused]), _status(refused)


@pages.post(PATH + "/card/<session_id>")
def pay_at_point(joint_id: str, session_id: str) -> Answer:
    """Hold the sum and pay all advances, once."""
    try:
        entry = point.card_given(ports(), joint_id, session_id)
    except Refused as refused:
        return _unfinished(point.view(ports(), actor(), joint_id), refused)
    point.claim_together(ports(), actor(), joint_id, entry)
    return redirect(url_for("operator.joint", joint_id=joint_id), 303)


@pages.post(PATH + "/again")
def again_at_point(joint_id: str) -> Answer:
    """Ask for the money once more while the hold stands."""
    point.advance_again(ports(), actor(), joint_id)
    return redirect(url_for("operator.joint", joint_id=joint_id), 303)
