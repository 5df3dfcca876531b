"""The sandbox as a Flask application: the network's protocol, its card page, and its guards."""

from __future__ import annotations

import flask
from flask import Flask, Response, g, json, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from refund import __version__
from refund.places import static_folder, templates_folder
from refund.sandbox.api import api
from refund.sandbox.call_faults import CallFaults
from refund.sandbox.control import install_control
from refund.sandbox.errors import Rejected
from refund.sandbox.network import Book
from refund.sandbox.openapi import described
from refund.sandbox.pages import page_language, page_locales, pages
from refund.sandbox.requests import BODY_BYTES_MAX, Flights
from refund.sandbox.settings import SandboxSettings
from refund.sandbox.webhooks import WebhookSender, posting_to
from refund.translations import NAMES, RIGHT_TO_LEFT, install_babel, separated


def create_sandbox(settings: SandboxSettings) -> Flask:
    """Build the sandbox on its book, which is made when it is not there."""
    app = Flask(
        __name__,
        template_folder=str(templates_folder()),
        static_folder=str(static_folder()),
    )
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY_BYTES_MAX
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["yuan"] = yuan
    app.jinja_env.globals.update(
        page_language=page_language,
        page_locales=page_locales,
        language_names=NAMES,
        right_to_left=RIGHT_TO_LEFT,
        is_rehearsal=settings.is_rehearsal,
    )
    app.extensions["sandbox_settings"] = settings
    announces = bool(settings.webhook_url)
    book = Book(settings.database, settings.clock, settings.new_id, announces=announces)
    app.extensions["book"] = book
    app.extensions["webhook_sender"] = (
        WebhookSender(book, posting_to(settings.webhook_url), settings.webhook_secret)
        if announces
        else None
    )
    app.extensions["flights"] = Flights()
    app.extensions["call_faults"] = CallFaults(book, settings.wait)
    install_babel(app, page_language)
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.register_blueprint(described)
    install_control(app, settings)
    app.add_url_rule("/healthz", view_func=_healthz)
    app.register_error_handler(Rejected, _say_rejected)
    app.register_error_handler(HTTPException, _say_http)
    app.after_request(_guard)
    return app


def yuan(fen: int) -> str:
    """Return an amount in yuan, as the page's language writes it, with two decimals."""
    return separated(f"{fen // 100:,}.{fen % 100:02d}", page_language())


def _healthz() -> ResponseReturnValue:
    """Say what runs and whether its book can be read."""
    book: Book = flask.current_app.extensions["book"]
    operations = book.book_totals()["operations"]
    return {"status": "ok", "version": __version__, "operations": operations, **book.file.health()}


def _say_rejected(rejected: Rejected) -> Response:
    response = _say(rejected.status, rejected.code, rejected.message)
    if rejected.retry_after is not None:
        response.headers["Retry-After"] = str(rejected.retry_after)
    return response


def _say_http(error: HTTPException) -> Response:
    code = error.name.lower().replace(" ", "_")
    response = _say(error.code or 500, code, error.description or error.name)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def _say(status: int, code: str, message: str) -> Response:
    """Say what is wrong: as JSON to the merchant, as a page to a traveller."""
    if request.path.startswith("/v1/"):
        body = json.dumps({"error": {"code": code, "message": message}})
        return Response(body, status, content_type="application/json")
    return Response(render_template("sandbox/error.html", status=status), status)


def _guard(response: Response) -> Response:
    """Allow a page nothing but its own files, and its form the way back to the merchant."""
    origins = " ".join(("'self'", g.get("return_origin", ""))).strip()
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"form-action {origins}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
