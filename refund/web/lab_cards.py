"""The lab's fault cards, dealt by a trainer, and who stands before the desks that one plays."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import Response as Answer
from flask import abort, current_app, g, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused
from refund.core.form import Form
from refund.core.ids import read_form_number
from refund.core.people import Actor
from refund.core.places import PORTS
from refund.core.signing import code_url
from refund.services import rehearsing
from refund.services.enrol import store_register
from refund.services.life import the_form
from refund.simulation.rehearsal.bots import Bots
from refund.simulation.rehearsal.card_dealing import Wanted
from refund.simulation.rehearsal.fault_cards import Dealt, FaultCard, Target, fault_cards
from refund.simulation.rehearsal.waiting import Waits, before_desk, scenes
from refund.web.auth import actor, for_learners
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.lab import ROOMS, host, pages

BOTS = "lab_bots"
"""Under which the application keeps the rehearsal's bots."""

ROOMS.append(("queue", lambda: _("Before you"), False))
ROOMS.append(("cards", lambda: _("Fault cards"), True))

FROM_ITS_OWN_STORE = ("customs.offline", "customs.worker", "customs.sign_in", "customs.sign_out")
"""What an officer's device has by itself when the line is cut."""

ANY = "0"
ENDED_SHOWN = 10


def bots() -> Bots:
    """The bots of the rehearsal that answers."""
    return cast("Bots", current_app.extensions[BOTS])


@dataclass(frozen=True, slots=True)
class Shown:
    """A card that was dealt, with the number of its form."""

    dealt: Dealt
    form: Form | None


@pages.get("/cards")
def cards() -> str:
    """The deck, and what was dealt."""
    return _page({}, [])


@pages.get("/cards/dealt")
def cards_dealt() -> str | Answer:
    """What was dealt alone; nothing when it is as it was seen."""
    shown = _shown(bots().cards.newest())
    if request.args.get("seen") == seen_of(shown):
        return Answer(status=204)
    return render_template("lab/cards_dealt.html", dealt=shown, seen=seen_of(shown))


@pages.post("/cards")
def deal() -> Response | tuple[str, int]:
    """Deal a card."""
    typed = {name: value.strip()[:60] for name, value in request.form.items()}
    try:
        dealt = bots().dealer.deal(_wanted(typed), actor().staff_id)
    except Refused as refused:
        return _page(typed, [refused]), REFUSALS[refused.code].status
    return redirect(url_for("lab.cards", _anchor=f"dealt-{dealt.card_id}"), 303)


def _wanted(typed: Mapping[str, str]) -> Wanted:
    """What was chosen.

    Raises:
        Refused: `choice_unknown`; as `read_form_number`.
    """
    card = fault_cards().get(typed.get("card", ""))
    if card is None:
        raise Refused("choice_unknown", "card", known=list(fault_cards()))
    number = typed.get("form_number", "")
    if Target.PORT in card.targets or Target.NETWORK in card.targets:
        return Wanted(card.key, card.targets[0], port=typed.get("port", ""))
    if Target.COMING in card.targets and typed.get("to") != Target.FORM.value:
        store = typed.get("store", ANY)
        if not store.isascii() or not store.isdigit() or len(store) > len("9999"):
            raise Refused("choice_unknown", "store")
        return Wanted(card.key, Target.COMING, store_number=int(store))
    is_rehearsal = ports().is_rehearsal
    return Wanted(
        card.key,
        Target.FORM,
        form_number=read_form_number(number, "form_number", is_rehearsal=is_rehearsal),
    )


def _page(typed: Mapping[str, str], refusals: list[Refused]) -> str:
    shown = _shown(bots().cards.newest())
    return render_template(
        "lab/cards.html",
        decks=_decks(),
        dealt=shown,
        seen=seen_of(shown),
        stores=store_register(ports()),
        ports_known=list(PORTS.values()),
        typed=typed,
        errors=errors_by_field(refusals),
    )


def _decks() -> dict[str, list[FaultCard]]:
    """The cards by who is to solve them."""
    found: dict[str, list[FaultCard]] = {}
    for card in fault_cards().values():
        found.setdefault(card.desk, []).append(card)
    return found


def _shown(dealt: list[Dealt]) -> list[Shown]:
    ids = {one.form_id for one in dealt if one.form_id}
    forms = ports().storage.read(lambda tx: {form_id: tx.form(form_id) for form_id in ids})
    return [Shown(one, forms.get(one.form_id)) for one in dealt]


def seen_of(shown: list[Shown]) -> str:
    """A word that changes with anything that is shown of dealt cards."""
    told = "|".join(
        f"{one.dealt.card_id} {one.dealt.form_id} {one.dealt.effective_at} {one.dealt.ended_at}"
        for one in shown
    )
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk that the reader plays; `desk` is None for the phones."""

    desk: Actor | None
    waits: list[Waits]
    scenes: list[Dealt]


@pages.get("/queue")
@for_learners
def queue() -> str:
    """Who stands before the desks that the reader plays."""
    found = _desks()
    return render_template("lab/queue.html", **_said_of(found))


@pages.get("/queue/now")
@for_learners
def queue_now() -> str | Answer:
    """The same alone; nothing when it is as it was seen."""
    said = _said_of(_desks())
    if request.args.get("seen") == said["seen"]:
        return Answer(status=204)
    return render_template("lab/queue_desks.html", **said)


def _said_of(found: list[Desk]) -> dict[str, object]:
    mine = actor().staff_id
    ended = [one for one in bots().cards.newest() if one.ended_by == mine and not one.is_open]
    told = "|".join(
        f"{wait.what} {wait.traveller.document.number} {wait.form and wait.form.version}"
        f" {[card.card_id for card in wait.cards]}"
        for desk in found
        for wait in desk.waits
    )
    told += "|".join(str(one.card_id) for desk in found for one in desk.scenes)
    told += "|".join(str(one.card_id) for one in ended)
    seen = hashlib.sha256(told.encode()).hexdigest()[:16]
    goods = ports().storage.read(lambda tx: {one.goods_code: one for one in tx.goods_master()})
    return {
        "desks": found,
        "ended": ended[:ENDED_SHOWN],
        "seen": seen,
        "goods": goods,
    }


@pages.app_template_filter("code_path")
def code_path(form: Form) -> str:
    """Where the code of a form leads a phone that is on this very service."""
    return urlsplit(code_url(ports().public_url, form.code)).path


def _desks() -> list[Desk]:
    """The desks that the reader plays, each with whoever stands there."""
    taken = {desk for desk, person in host().book.taken().items() if person == actor().staff_id}
    staff = [one.actor for one in rehearsing.desks(ports()) if one.login in taken]
    played: list[Actor | None] = [*staff]
    if rehearsing.TRAVELLER_DESK in taken:
        played.append(None)
    return [Desk(one, before_desk(ports(), bots(), one), scenes(bots(), one)) for one in played]


@pages.post("/queue/<form_id>/to-port")
@for_learners
def to_port(form_id: str) -> Response:
    """Send the traveller of a form to customs, for whoever plays the travellers."""
    taken_by = host().book.taken().get(rehearsing.TRAVELLER_DESK)
    if taken_by != actor().staff_id:
        raise Refused("desk_taken")
    ports().storage.read(lambda tx: the_form(tx, form_id))
    bots().send_to_port(form_id)
    return redirect(url_for("lab.queue"), 303)


def _cut_off() -> None:
    """Answer nothing to a customs desk whose line is cut by a card."""
    officer = cast("Actor | None", g.get("actor"))
    if officer is None or request.endpoint in FROM_ITS_OWN_STORE:
        return
    if bots().is_cut_off(officer.port):
        if request.headers.get("Accept", "").startswith("application/json"):
            abort(503)
        raise Refused("desk_cut_off")


@pages.record
def _watch_customs(state: BlueprintSetupState) -> None:
    """Let the cut be felt on the customs pages, after their own guard."""
    state.app.before_request_funcs.setdefault("customs", []).append(_cut_off)
