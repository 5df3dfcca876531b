"""Guards: who may see which pages, and how a browser is recognised."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Blueprint, Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from refund.core.errors import Refused
from refund.core.people import IN_REHEARSALS, Actor, Role
from refund.services.sign_in import recognise, session_hash
from refund.web.context import here, ports

View = TypeVar("View", bound=Callable[..., Any])

AUDIENCE_OF: dict[Role, str] = {
    Role.CLERK: "store",
    Role.OFFICER: "customs",
    Role.OPERATOR: "operator",
    Role.TRAINER: "lab",
    Role.LEARNER: "lab",
}
BY_ITSELF = "X-By-Itself"
"""The header of what a page asks without anybody touching it."""

VISIT_SECONDS = 180 * 24 * 3600
"""A phone remembers its forms for as long as a form can live."""


def open_to_all(view: View) -> View:
    """Declare a view that needs no guard, such as the door itself."""
    view.open_to_all = True  # type: ignore[attr-defined]  # the mark that the guard reads
    return view


def for_learners(view: View) -> View:
    """Declare a view of the lab that learners see too; the others are the trainer's."""
    view.for_learners = True  # type: ignore[attr-defined]  # the mark that the guard reads
    return view


def signed_by_network(view: View) -> View:
    """Declare a view that believes the network's signature alone: it takes no form of ours."""
    view.signed_by_network = True  # type: ignore[attr-defined]  # the mark that the guard reads
    return view


def reads_with_camera(view: View) -> View:
    """Declare a view whose page reads codes with the camera: its reader is WebAssembly."""
    view.reads_with_camera = True  # type: ignore[attr-defined]  # the mark that the headers read
    return view


def has_camera(endpoint: str | None) -> bool:
    """Whether the pages of an endpoint read codes with the camera."""
    view = current_app.view_functions.get(endpoint or "")
    return bool(getattr(view, "reads_with_camera", False))


def is_signed(endpoint: str | None) -> bool:
    """Whether an endpoint was declared the network's."""
    view = current_app.view_functions.get(endpoint or "")
    return bool(getattr(view, "signed_by_network", False))


def is_for_learners(endpoint: str | None) -> bool:
    """Whether an endpoint of the lab was declared the learners' too."""
    view = current_app.view_functions.get(endpoint or "")
    return bool(getattr(view, "for_learners", False))


def is_open(endpoint: str | None) -> bool:
    """Whether an endpoint was declared open."""
    view = current_app.view_functions.get(endpoint or "")
    return bool(getattr(view, "open_to_all", False))


def cookie_name(audience: str) -> str:
    """Each audience has a cookie of its own."""
    return f"refund_{audience}"


def guard_staff(app: Flask, pages: Blueprint, role: Role) -> None:
    """Let only people of a role see a blueprint's pages; others are shown the door."""
    audience = AUDIENCE_OF[role]

    def guard() -> Response | None:
        token = request.cookies.get(cookie_name(audience), "")
        by_itself = BY_ITSELF in request.headers
        actor = recognise(ports(), role, token, by_itself=by_itself) if token else None
        g.actor = actor
        return None if actor is not None else _to_the_door(audience)

    app.before_request_funcs.setdefault(pages.name, []).append(guard)


def guard_lab(app: Flask, pages: Blueprint) -> None:
    """Let trainers see the lab's pages, and learners those that say so; others find the door."""

    def guard() -> Response | None:
        token = request.cookies.get(cookie_name("lab"), "")
        by_itself = BY_ITSELF in request.headers
        known = (recognise(ports(), one, token, by_itself=by_itself) for one in IN_REHEARSALS)
        g.actor = next((one for one in known if one is not None), None) if token else None
        if g.actor is None:
            return _to_the_door("lab")
        learns = g.actor.role is Role.LEARNER
        if learns and not is_for_learners(request.endpoint) and not is_open(request.endpoint):
            raise Refused("trainers_only")
        return None

    app.before_request_funcs.setdefault(pages.name, []).append(guard)


def _to_the_door(audience: str) -> Response | None:
    """Where somebody goes who is not signed in."""
    if is_open(request.endpoint):
        return None
    if request.method != "GET" or "HX-Request" in request.headers:
        raise Refused("sign_in_required")
    return redirect(url_for(f"{audience}.sign_in", next=request.full_path.rstrip("?")))


def guard_traveller(app: Flask, pages: Blueprint) -> None:
    """Let only phones that scanned something see a traveller's pages."""

    def guard() -> None:
        token = request.cookies.get(cookie_name("traveller"), "")
        g.visit = session_hash(token) if token else ""
        if not g.visit and not is_open(request.endpoint):
            raise Refused("form_unknown")

    app.before_request_funcs.setdefault(pages.name, []).append(guard)


def actor() -> Actor:
    """Who is signed in."""
    return cast("Actor", g.actor)


def visit() -> str:
    """The phone that is here, as its session's hash; empty for a new one."""
    return cast("str", g.get("visit", ""))


def remember_phone(response: Response, token: str) -> None:
    """Give a phone the cookie by which its forms are found again."""
    _set(response, "traveller", token, VISIT_SECONDS, "/")


def let_in(response: Response, role: Role, token: str) -> None:
    """Give a browser of the staff its session; it ends with the browser or the shift."""
    audience = AUDIENCE_OF[role]
    _set(response, audience, token, None, f"/{audience}")


def let_out(response: Response, role: Role) -> None:
    """Take the session's cookie away."""
    audience = AUDIENCE_OF[role]
    response.delete_cookie(
        cookie_name(audience), path=f"/{audience}", httponly=True, samesite="Lax"
    )


def _set(response: Response, audience: str, token: str, seconds: int | None, path: str) -> None:
    response.set_cookie(
        cookie_name(audience),
        token,
        max_age=seconds,
        path=path,
        httponly=True,
        secure=here().is_secure,
        samesite="Lax",
    )
