"""The door that each of the three signed-in audiences has."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.errors import Refused
from refund.core.people import Role
from refund.services.sign_in import Credentials, role_of, sign_in, sign_out
from refund.web.auth import AUDIENCE_OF, cookie_name, for_learners, let_in, let_out, open_to_all
from refund.web.context import here, ports


def add_door(pages: Blueprint, role: Role, *others: Role) -> None:
    """Give a blueprint its sign-in and sign-out; where several roles enter, a name is of one."""
    audience = AUDIENCE_OF[role]

    @open_to_all
    def show_door() -> str:
        """Ask for login and password."""
        return render_template("door/sign_in.html", audience=audience, typed={}, refused=None)

    @open_to_all
    def enter() -> Response | tuple[str, int]:
        """Begin a session, or say once more what the door asks for."""
        login = request.form.get("login", "")
        given = Credentials(
            role=role_of(ports(), login, role, *others) if others else role,
            login=login,
            password=request.form.get("password", ""),
            address=request.remote_addr or "",
        )
        try:
            token, _ = sign_in(ports(), here().passwords, given)
        except Refused as refused:
            page = render_template(
                "door/sign_in.html", audience=audience, typed=request.form, refused=refused
            )
            return page, 429 if refused.code == "sign_in_throttled" else 403
        response = redirect(_onward(audience), 303)
        let_in(response, role, token)
        return response

    @for_learners
    def leave() -> Response:
        """End the session for ever."""
        sign_out(ports(), request.cookies.get(cookie_name(audience), ""))
        response = redirect(url_for(f"{audience}.sign_in"), 303)
        let_out(response, role)
        return response

    pages.add_url_rule("/sign-in", "sign_in", show_door, methods=["GET"])
    pages.add_url_rule("/sign-in", "enter", enter, methods=["POST"])
    pages.add_url_rule("/sign-out", "sign_out", leave, methods=["POST"])


def _onward(audience: str) -> str:
    """Where to go after the door: only ever a page of the same audience."""
    wanted = request.args.get("next", "")
    if wanted.startswith(f"/{audience}/") and "\\" not in wanted and "//" not in wanted:
        return wanted
    return url_for(f"{audience}.home")
