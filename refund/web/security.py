"""Headers that browsers enforce, and the token that every posted form carries."""

import hashlib
import hmac
import secrets

from flask import Flask, g, request
from flask.wrappers import Response
from markupsafe import Markup

from refund.core.errors import Refused
from refund.web.auth import has_camera, is_signed
from refund.web.context import here

COOKIE = "refund_form"
FIELD = "form_token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def register_security(app: Flask) -> None:
    """Check every unsafe request, and send the headers with every answer."""
    app.before_request(refuse_nul)
    app.before_request(check_token)
    app.after_request(send_headers)
    app.jinja_env.globals["csrf_field"] = csrf_field
    app.jinja_env.globals["csrf_token"] = csrf_token


def _seed() -> str:
    seed = request.cookies.get(COOKIE, "") or g.get("form_seed", "")
    if not seed:
        seed = secrets.token_urlsafe(18)
        g.form_seed = seed
    return str(seed)


def _token_of(seed: str) -> str:
    key = here().ports.keys.secret("session")
    return hmac.new(key, b"form-token|" + seed.encode(), hashlib.sha256).hexdigest()


def csrf_token() -> str:
    """The token of this browser's forms."""
    return _token_of(_seed())


def csrf_field() -> Markup:
    """The hidden input that every posted form carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def refuse_nul() -> None:
    """Refuse a NUL in an address: no page has one, and PostgreSQL takes none as a parameter.

    Raises:
        Refused: `not_found`.
    """
    if "\0" in request.path:
        raise Refused("not_found")


def check_token() -> None:
    """Refuse an unsafe request that no page of ours sent; what is signed has no page.

    Raises:
        Refused: `csrf_failed`.
    """
    if request.method in SAFE or is_signed(request.endpoint):
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    seed = request.cookies.get(COOKIE, "")
    given = request.form.get(FIELD, "") or request.headers.get("X-Form-Token", "")
    expected = _token_of(seed) if seed else ""
    right = bool(seed) and hmac.compare_digest(given.encode(), expected.encode())
    if site not in {"same-origin", "none"} or not right:
        raise Refused("csrf_failed")


def policy(*, has_reader: bool = False) -> str:
    """What a page may load: its own files, and nothing of anyone else's.

    Where the camera reads codes, its reader may be compiled: that is WebAssembly of our own.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'" + (" 'wasm-unsafe-eval'" if has_reader else ""),
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            f"form-action 'self' {here().card_origin}",
        )
    )


def send_headers(response: Response) -> Response:
    """Send the headers with an answer, and the form's cookie when a form was made."""
    headers = response.headers
    headers["Content-Security-Policy"] = policy(has_reader=has_camera(request.endpoint))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=()"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    # Who trusts an authority of our own for a rehearsal must be able to go back to plain http.
    if here().is_secure and here().authority is None:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    seed = g.get("form_seed", "")
    if seed:
        response.set_cookie(
            COOKIE, seed, httponly=True, secure=here().is_secure, samesite="Lax", path="/"
        )
    return response
