"""The language of a request: chosen, remembered, or the browser's own."""

from flask import Flask, g, request
from flask.wrappers import Response

from refund.translations import (
    LOCALES,
    NAMES,
    RIGHT_TO_LEFT,
    TRAVELLER_LOCALES,
    install_babel,
    nearest,
)
from refund.web.context import here

TAGS = {locale: locale.replace("_", "-") for locale in TRAVELLER_LOCALES}
COOKIE = "refund_language"
YEAR_SECONDS = 365 * 24 * 3600
STAFF = ("/store", "/customs", "/operator", "/lab")


def register_language(app: Flask) -> None:
    """Choose a language for every request, and tell the templates."""
    install_babel(app, chosen)
    app.context_processor(context)
    app.after_request(remember)


def offered() -> tuple[str, ...]:
    """The languages of this page: staff work in two, everyone else may choose among nine."""
    return LOCALES if _is_staffs() else TRAVELLER_LOCALES


def _is_staffs() -> bool:
    return request.path.startswith(STAFF)


def chosen() -> str:
    """The language of this request: `?lang=`, the cookie, the browser's, or the page's own."""
    if "language" not in g:
        g.language = _choose()
    return str(g.language)


def _choose() -> str:
    asked = (request.args.get("lang", ""), request.cookies.get(COOKIE, ""))
    browsers = (tag for tag, _ in request.accept_languages)
    for tag in (*asked, *browsers):
        found = nearest(tag, offered())
        if found is not None:
            return found
    return "zh_Hans" if _is_staffs() else "en"


def context() -> dict[str, object]:
    """What every template knows of language and time."""
    now = here().ports.clock.now() if here().is_shifted else None
    return {
        "language": chosen(),
        "languages": tuple((locale, NAMES[locale]) for locale in offered()),
        "language_tag": TAGS[chosen()],
        "direction": "rtl" if chosen() in RIGHT_TO_LEFT else "ltr",
        "simulated_now": now,
        "is_rehearsal": here().ports.is_rehearsal,
    }


def remember(response: Response) -> Response:
    """Keep a language that was chosen by hand."""
    if request.args.get("lang", "") in offered():
        response.set_cookie(
            COOKIE,
            chosen(),
            max_age=YEAR_SECONDS,
            httponly=True,
            secure=here().is_secure,
            samesite="Lax",
        )
    return response
