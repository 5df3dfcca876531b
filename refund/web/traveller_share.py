"""The forms of this phone on another one: a code that works once, seen and ended from here."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.scanned import public_origin
from refund.services.sharing import code_of, end_share, make_share, shares
from refund.web.auth import visit
from refund.web.context import ports
from refund.web.traveller import Answer, pages


@pages.get("/share")
def show_share() -> str:
    """The code for another phone while it waits, and the phones that have used one."""
    now = ports().clock.now()
    found = shares(ports(), visit())
    waiting = next((one for one in found if one.is_waiting(now)), None)
    origin = public_origin(ports().public_url)
    return render_template(
        "traveller/share.html",
        waiting=waiting,
        used=[one for one in found if one.is_open],
        address=f"{origin}/S/{code_of(ports(), waiting)}" if waiting else "",
        now=now,
        seen=_seen(),
    )


@pages.post("/share")
def new_share() -> Response:
    """Make a code for another phone."""
    make_share(ports(), visit())
    return redirect(url_for("traveller.show_share"), 303)


@pages.get("/share/live")
def share_live() -> Answer:
    """Nothing while nothing changed; else the page is told to load itself anew."""
    if request.args.get("seen", "") == _seen():
        return "", 204
    return "", 200, {"HX-Refresh": "true"}


@pages.post("/share/<share_id>/end")
def end(share_id: str) -> Response:
    """End a code, or take back what it gave another phone."""
    end_share(ports(), visit(), share_id)
    return redirect(url_for("traveller.show_share"), 303)


def _seen() -> str:
    """What the page shows of this phone's codes, in short."""
    now = ports().clock.now()
    found = shares(ports(), visit())
    return f"{sum(one.is_waiting(now) for one in found)}-{sum(one.is_open for one in found)}"
