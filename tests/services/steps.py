"""The steps of a form's life, as its people take them."""

from __future__ import annotations

from datetime import datetime, timedelta

from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import Form, Method, Status
from refund.core.matching import Proposal
from refund.core.operation import CardEntry
from refund.core.people import Actor
from refund.core.signing import code_url
from refund.services import claim, exits, issue, reconcile, verify
from refund.services.issue import Draft
from tests import make
from tests.world import PUBLIC_URL, World

PHONE = "phone-1"
RETURN_URL = "http://127.0.0.1:8000/traveller/back"


def issued(
    world: World, draft: Draft | None = None, key: str = "key-1", clerk: Actor | None = None
) -> Form:
    """A form fresh from the counter."""
    found = issue.issue_form(world.ports, clerk or world.clerk, draft or make.draft(), key)
    assert found.form is not None, found.refusals
    return found.form


def claim_code_of(world: World, form: Form) -> str:
    """The code on the slip."""
    return issue.slip(world.ports, make.clerk(form.store_number), form.form_id).claim_code


def unlocked(world: World, form: Form | None = None, phone: str = PHONE) -> Form:
    """A form that a phone has scanned and may act for."""
    known = form or issued(world)
    claim.scan(world.ports, code_url(PUBLIC_URL, known.code), phone)
    claim.enter_claim_code(world.ports, phone, known.form_id, claim_code_of(world, known))
    return known


def agreed(
    world: World, form: Form | None = None, method: Method = Method.CARD, phone: str = PHONE
) -> Form:
    """A form whose traveller has signed."""
    known = unlocked(world, form, phone)
    given = make.details(method, departs_on=None)
    tail = world.ports.storage.read(lambda tx: tx.traveller_of(known.form_id)).document.number[-4:]
    claim.give_details(world.ports, phone, known.form_id, given, tail)
    return claim.sign_agreement(world.ports, phone, known.form_id, make.signature(), "en")


def card(world: World, form: Form, number: str = make.VISA, phone: str = PHONE) -> CardEntry:
    """The card that the traveller gave on the network's page."""
    url = claim.open_card_page(world.ports, phone, form.form_id, RETURN_URL, "en")
    session_id = url.rpartition("/")[2]
    world.network.give_card(session_id, number, "13800000021")
    return claim.card_given(world.ports, phone, form.form_id, session_id)


def claimed(world: World, form: Form | None = None, number: str = make.VISA) -> Form:
    """A form for which the traveller has given a card; with a good one, the money is there."""
    known = form if form is not None and form.status is Status.AGREED else agreed(world, form)
    return claim.claim_advance(world.ports, PHONE, known.form_id, card(world, known, number))


def verified(world: World, form: Form | None = None, officer: Actor | None = None) -> Form:
    """A form that customs has confirmed, with its advance paid."""
    known = form or claimed(world)
    return verify.verify_form(world.ports, officer or world.officer, known.form_id)


def departs(world: World, at: datetime, port: str = "WUH", number: str = "H12345678") -> bool:
    """Let the operator see the traveller leave; the clock moves on to that moment if it must."""
    world.clock.at = max(world.clock.at, at + timedelta(minutes=1))
    line = ExitLine(make.traveller(number).document, port, at)
    return exits.record_exit(world.ports, world.operator, line)


def on(day: int, hour: int = 12, month: int = 7) -> datetime:
    """A moment of 2025 in Shanghai."""
    return datetime(2025, month, day, hour, tzinfo=SHANGHAI)


def proposal(world: World, form: Form) -> Proposal:
    """What the exit's desk proposes for a form."""
    return reconcile.proposals_for(world.ports, [form.form_id])[0]


def settled(world: World, form: Form, reason: str = "seen at the gate") -> reconcile.Settled:
    """What became of the proposal, confirmed as it stands."""
    seen = proposal(world, form)
    chosen = reconcile.Chosen(form.form_id, seen.action, seen.why)
    return reconcile.settle(world.ports, world.operator, [chosen], reason)[0]


def status(world: World, form: Form) -> Status:
    """Where a form stands now."""
    found = world.ports.storage.read(lambda tx: tx.form(form.form_id))
    assert found is not None
    return found.status


def codes(refusals: tuple[Refused, ...]) -> set[str]:
    """The codes of refusals."""
    return {refused.code for refused in refusals}
