"""The counter's second screen, which faces the traveller and speaks the traveller's language."""

from flask import g, render_template, request, url_for

from refund.core.calendar import day_of
from refund.core.form import GONE, Status
from refund.core.signing import code_url
from refund.core.traveller import Traveller
from refund.services.display import Screen, watch
from refund.services.enrol import store_of
from refund.services.fill_in import code_of_counter
from refund.services.sign_in import session_hash
from refund.translations import TRAVELLER_LOCALES, load_catalogues
from refund.web.auth import actor, cookie_name
from refund.web.context import own_address, ports
from refund.web.language import TAGS, chosen
from refund.web.paper_languages import guess
from refund.web.store import Page, pages

ARRIVED = frozenset({Status.ADVANCED, Status.REFUNDED})
"""States in which the money is with the traveller."""


def own_session() -> str:
    """The session of this browser, by which its second screen is known."""
    return session_hash(request.cookies.get(cookie_name("store"), ""))


def reads(traveller: Traveller | None) -> str:
    """The language that a traveller most likely reads; "" while nobody is there."""
    return "" if traveller is None else guess(traveller)


@pages.get("/display")
def display() -> str:
    """The second screen: how it works, then the sum, then the code, then the money."""
    return render_template("traveller/counter_display.html", **_shown())


@pages.get("/display/now")
def display_now() -> Page:
    """What stands on it now; nothing when it is as it was seen."""
    screen = watch(ports(), actor(), own_session())
    if request.args.get("seen") == screen.seen:
        return "", 204
    return render_template("traveller/_counter_display.html", **_shown(screen))


def _shown(screen: Screen | None = None) -> dict[str, object]:
    screen = screen or watch(ports(), actor(), own_session())
    if screen.language in TRAVELLER_LOCALES:
        g.language = screen.language
    form = screen.form
    counter = code_of_counter(ports(), actor().store_number or 0)
    # In capital letters, which a QR code of ours holds alone.
    address = own_address(url_for("scan.counter_scanned", counter=counter)).upper()
    return {
        "screen": screen,
        "form": form,
        "is_gone": form is not None and form.status in GONE,
        "has_arrived": form is not None and form.status in ARRIVED,
        "code": "" if form is None else code_url(ports().public_url, form.code),
        "fill_in_address": address,
        "store": store_of(ports(), actor()),
        "spoken": TAGS[chosen()],
        "also": load_catalogues("en" if chosen() != "en" else "zh_Hans").gettext,
        "also_spoken": "en" if chosen() != "en" else TAGS["zh_Hans"],
        "today": day_of(ports().clock.now()),
    }
