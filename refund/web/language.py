"""The language of a request: chosen, remembered, or the browser's own."""

from flask import Flask, g, request
from flask.wrappers import Response

from refund.translations import install_babel
from refund.web.context import here

LANGUAGES: tuple[tuple[str, str], ...] = (("zh_Hans", "简体中文"), ("en", "English"))
TAGS = {"zh_Hans": "zh-Hans", "en": "en"}
COOKIE = "refund_language"
YEAR_SECONDS = 365 * 24 * 3600
STAFF = ("/store", "/customs", "/operator")


def register_language(app: Flask) -> None:
    """Choose a language for every request, and tell the templates."""
    install_babel(app, chosen)
    app.context_processor(context)
    app.after_request(remember)


def chosen() -> str:
    """The language of this request: `?lang=`, the cookie, the browser's, or the page's own."""
    known = g.get("language")
    if known:
        return str(known)
    for candidate in (request.args.get("lang", ""), request.cookies.get(COOKIE, "")):
        if candidate in TAGS:
            g.language = candidate
            return candidate
    g.language = _browsers()
    return str(g.language)


def _browsers() -> str:
    """What the browser prefers; Chinese of any kind reads the simplified characters here."""
    for tag, _ in request.accept_languages:
        word = tag.lower().split("-")[0]
        if word in {"zh", "en"}:
            return "zh_Hans" if word == "zh" else "en"
    return "zh_Hans" if request.path.startswith(STAFF) else "en"


def context() -> dict[str, object]:
    """What every template knows of language and time."""
    now = here().ports.clock.now() if here().is_shifted else None
    return {
        "language": chosen(),
        "languages": LANGUAGES,
        "language_tag": TAGS[chosen()],
        "direction": "ltr",
        "simulated_now": now,
    }


def remember(response: Response) -> Response:
    """Keep a language that was chosen by hand."""
    if request.args.get("lang", "") in TAGS:
        response.set_cookie(
            COOKIE,
            chosen(),
            max_age=YEAR_SECONDS,
            httponly=True,
            secure=here().is_secure,
            samesite="Lax",
        )
    return response
