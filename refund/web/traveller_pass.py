"""The exit pass: all forms of this phone in one code, kept by the phone for when it is offline."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, current_app, jsonify, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from refund.core.calendar import day_of
from refund.core.calendar_file import Deadline, calendar_file
from refund.core.errors import Refused
from refund.core.exit_pass import pass_url
from refund.core.ids import group_form_number
from refund.core.signing import code_url
from refund.services.passes import PassItem, exit_pass
from refund.services.sharing import forget_phone
from refund.web.auth import cookie_name, open_to_all, visit
from refund.web.claim_page import why_captured
from refund.web.context import own_address, ports
from refund.web.filters import port_name, yuan
from refund.web.language import TAGS, chosen
from refund.web.traveller import Answer, pages

CALENDAR = "text/calendar; charset=utf-8"
COLOUR = "#14191b"
"""Of the panel at the top of each page, for the frame that a phone draws around it."""


@pages.get("/pass")
@open_to_all
def show_pass() -> str:
    """What to do, by when, where, with one code for all forms; and where the money is."""
    found = exit_pass(ports(), visit())
    address = ports().public_url
    return render_template(
        "traveller/pass.html",
        found=found,
        today=day_of(found.at),
        code=pass_url(address, found.code) if found.code else "",
        code_of={one.form.form_id: code_url(address, one.form.code) for one in found.items},
        why_of={one.form.form_id: why_captured(one.seen) for one in found.items},
    )


@pages.get("/pass.ics")
@open_to_all
def pass_calendar() -> Response:
    """The last day of every form of this phone, for its calendar."""
    found = exit_pass(ports(), visit())
    if not found.live:
        raise Refused("form_unknown")
    return _calendar(found.live, "refund-deadlines")


@pages.get("/forms/<form_id>/deadline.ics")
def form_calendar(form_id: str) -> Response:
    """The last day of one form, for the phone's calendar."""
    found = exit_pass(ports(), visit())
    own = [one for one in found.live if one.form.form_id == form_id]
    if not own:
        raise Refused("form_unknown")
    return _calendar(own, f"refund-{group_form_number(own[0].form.form_number)}")


def _calendar(items: Sequence[PassItem], name: str) -> Response:
    now = ports().clock.now()
    file = calendar_file([_deadline(one) for one in items], now, day_of(now))
    response = Response(file, content_type=CALENDAR)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


def _deadline(item: PassItem) -> Deadline:
    form = item.form
    if item.is_promise:
        summary = _("Leave with the goods by today: CNY %(sum)s", sum=yuan(form.amounts.net_fen))
    else:
        summary = _("Last day for the refund: CNY %(sum)s", sum=yuan(form.amounts.net_fen))
    steps = (
        _("Form %(number)s", number=group_form_number(form.form_number)),
        _("Show the goods to customs before you check in your bags, with this phone and document."),
        _("This is a simulation: no real money moves."),
    )
    named = item.is_promise and not form.port_any
    return Deadline(
        uid=f"{form.form_id}.leave@{urlsplit(ports().public_url).hostname}",
        sequence=form.version,
        day=item.last_day or form.depart_by,
        summary=summary,
        description="\n".join(steps),
        location=port_name(form.port) if named else _("any port with a refund counter"),
        url=own_address(url_for("traveller.show_pass")),
    )


@pages.post("/forget")
def forget() -> AnyResponse:
    """Remove every form from this phone: its session, and by its worker what it kept."""
    forget_phone(ports(), visit())
    response = current_app.make_response(render_template("traveller/forgotten.html"))
    response.delete_cookie(cookie_name("traveller"), path="/", httponly=True, samesite="Lax")
    return response


@pages.get("/offline")
@open_to_all
def offline() -> str:
    """What the phone shows when there is no connection; nothing on it is about anyone."""
    return render_template("traveller/offline.html")


@pages.get("/here")
@open_to_all
def here() -> Answer:
    """Nothing: who can fetch it is connected."""
    return "", 204


@pages.get("/worker.js")
@open_to_all
def worker() -> AnyResponse:
    """The script that keeps the pass; it stands here because it may only keep what is below it."""
    folder = Path(str(current_app.static_folder))
    source = (folder / "js" / "phone_worker.js").read_text(encoding="utf-8")
    return Response(source, content_type="text/javascript; charset=utf-8")


@pages.get("/app.webmanifest")
@open_to_all
def manifest() -> Response:
    """What a phone needs to know to put the pass among its own signs."""
    name, home = _("Exit pass"), url_for("traveller.show_pass")
    sizes = (("192", "any"), ("512", "any"), ("512", "maskable"))
    icons = [
        {
            "src": url_for("static", filename=f"img/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size, purpose in sizes
    ]
    response = jsonify(
        id=home,
        name=name,
        short_name=name,
        lang=TAGS[chosen()],
        start_url=home,
        scope=url_for("traveller.home"),
        display="standalone",
        background_color=COLOUR,
        theme_color=COLOUR,
        icons=icons,
    )
    response.content_type = "application/manifest+json"
    return response
