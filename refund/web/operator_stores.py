"""The operator's register of stores: who may issue, and every act with what it means."""

from collections.abc import Callable, Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from refund.core.calendar import SHANGHAI, day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.register import Act, require_open
from refund.core.store import TAX_CREDIT_GRADES, Store
from refund.services import register
from refund.services.life import REASON_LENGTH_MAX
from refund.services.register import Seen
from refund.services.store_standing import StoreState, store_entries, store_file
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import read_day, typed_fields
from refund.web.register_forms import (
    read_application,
    read_change,
    read_effective,
    read_optional_day,
    read_seen,
    typed_of,
    when_said,
)

Page = str | AnyResponse | tuple[str, int]
Typed = Mapping[str, str]

pages.add_app_template_filter(when_said)

ACTS = ", ".join(act.value for act in Act if act is not Act.IMPORT)


@pages.get("/stores")
def stores() -> str:
    """The register: who may issue, who may advance, and what waits for a decision."""
    entries = store_entries(ports())
    wanted = request.args.get("state", "")
    counts = {state: sum(one.state is state for one in entries) for state in StoreState}
    shown = [one for one in entries if one.state.value == wanted] if wanted else entries
    return render_template(
        "operator/stores/list.html", entries=shown, counts=counts, wanted=wanted, all=len(entries)
    )


@pages.get("/stores/new")
def new_store() -> str:
    """Where the application of a store that is new to the register is taken in."""
    today = day_of(ports().clock.now()).isoformat()
    return _application({"received_on": today}, [])


@pages.post("/stores/new")
def take_in_store() -> Page:
    """Take in an application; what cannot be read stays in its field, with the reason beside it."""
    typed, problems = typed_fields(request.form)
    read = read_application(typed)
    if problems or read.application is None:
        return _application(typed, [*problems, *read.problems]), 422
    try:
        store = register.receive_application(ports(), actor().label, read.application)
    except Refused as refused:
        if not refused.field:
            raise
        return _application(typed, [refused]), 422
    return redirect(url_for("operator.store", store_number=store.store_number), 303)


def _application(typed: Typed, refusals: list[Refused]) -> str:
    return render_template(
        "operator/stores/new.html",
        typed=typed,
        errors=errors_by_field(refusals),
        grades=TAX_CREDIT_GRADES,
    )


@pages.get("/stores/<int(max=9999):store_number>")
def store(store_number: int) -> str:
    """A store: where it stands, what can be done about it, and its history."""
    return render_template("operator/stores/store.html", file=store_file(ports(), store_number))


@pages.get(f"/stores/<int(max=9999):store_number>/<any({ACTS}):act>")
def store_act(store_number: int, act: str) -> str:
    """What an act means, before it is done."""
    entry = store_file(ports(), store_number).entry
    require_open(entry.store, Act(act), entry.at)
    typed = typed_of(entry.store) if act == Act.CHANGE.value else {}
    today = day_of(entry.at).isoformat()
    typed |= {"changed_on": today, "received_on": today, "instant_from": today, "when": "now"}
    typed |= {"version": str(entry.store.version)}
    if act == Act.END.value:
        typed |= {"instant_to": today}
    return _act_page(store_number, Act(act), typed, [])


@pages.post(f"/stores/<int(max=9999):store_number>/<any({ACTS}):act>")
def do_store_act(store_number: int, act: str) -> Page:
    """Do an act, once, if the store is still as the page showed it."""
    typed, problems = typed_fields(request.form)
    seen, word = read_seen(store_number, typed), Act(act)
    problems += _READ[word](typed) if word in _READ else []
    if problems:
        return _act_page(store_number, word, typed, problems), 422
    try:
        _DO[word](seen, typed)
    except Refused as refused:
        if not refused.field and refused.code != "nothing_changed":
            raise
        page = _act_page(store_number, word, typed, [refused])
        return page, REFUSALS[refused.code].status
    return redirect(url_for("operator.store", store_number=store_number, done=act), 303)


def _act_page(store_number: int, act: Act, typed: Typed, refusals: list[Refused]) -> str:
    file = store_file(ports(), store_number)
    return render_template(
        "operator/stores/act.html",
        record=file.entry,
        act=act.value,
        typed=typed,
        errors=errors_by_field(refusals),
        refused=[one for one in refusals if not one.field],
        grades=TAX_CREDIT_GRADES,
        reason_max=REASON_LENGTH_MAX,
        now_typed=file.entry.at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
    )


def _receive(seen: Seen, typed: Typed) -> Store:
    received_on = read_day(typed.get("received_on", ""), "received_on")
    return register.receive_again(ports(), actor().label, seen, received_on)


def _decide(act: Act) -> Callable[[Seen, Typed], Store]:
    return lambda seen, typed: register.decide_filing(
        ports(), actor().label, seen, act, typed.get("reason", "")
    )


def _change(seen: Seen, typed: Typed) -> Store:
    read = read_change(typed)
    if read.details is None or read.changed_on is None:
        raise Refused("bad_request")
    return register.change_store(ports(), actor().label, seen, read.details, read.changed_on)


def _stand(act: Act) -> Callable[[Seen, Typed], Store]:
    return lambda seen, typed: register.change_standing(
        ports(), actor().label, seen, act, typed.get("reason", ""), read_effective(typed)
    )


def _withdraw(seen: Seen, typed: Typed) -> Store:
    return register.withdraw(ports(), actor().label, seen, typed.get("reason", ""))


def _agree(seen: Seen, typed: Typed) -> Store:
    first = read_day(typed.get("instant_from", ""), "instant_from")
    last = read_optional_day(typed.get("instant_to", ""), "instant_to")
    return register.agree(ports(), actor().label, seen, first, last)


def _end(seen: Seen, typed: Typed) -> Store:
    last = read_day(typed.get("instant_to", ""), "instant_to")
    return register.end(ports(), actor().label, seen, last, typed.get("reason", ""))


_DO: dict[Act, Callable[[Seen, Typed], Store]] = {
    Act.RECEIVE: _receive,
    Act.ACCEPT: _decide(Act.ACCEPT),
    Act.REJECT: _decide(Act.REJECT),
    Act.CHANGE: _change,
    Act.SUSPEND: _stand(Act.SUSPEND),
    Act.RESUME: _stand(Act.RESUME),
    Act.TERMINATE: _stand(Act.TERMINATE),
    Act.WITHDRAW: _withdraw,
    Act.AGREE: _agree,
    Act.END: _end,
}

_READ: dict[Act, Callable[[Typed], list[Refused]]] = {
    Act.CHANGE: lambda typed: list(read_change(typed).problems),
    Act.TERMINATE: lambda typed: (
        [] if typed.get("is_final") == "yes" else [Refused("field_missing", "is_final")]
    ),
}
"""What is asked of a form besides what its act asks."""
