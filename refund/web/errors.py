"""The one place where a refusal or a defect becomes a page."""

import logging
import traceback

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused

log = logging.getLogger(__name__)

OF_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}
RETRY_AFTER_SECONDS = {"busy": 2, "network_unreachable": 5, "sign_in_throttled": 900}


def register_errors(app: Flask) -> None:
    """Turn refusals, HTTP errors and defects into pages."""
    app.register_error_handler(Refused, refusal_page)
    app.register_error_handler(HTTPException, http_page)
    app.register_error_handler(Exception, defect_page)


def refusal_page(refused: Refused) -> tuple[str, int, dict[str, str]]:
    """The page of a refusal, with its code's status."""
    status = REFUSALS[refused.code].status
    headers = {}
    seconds = RETRY_AFTER_SECONDS.get(refused.code)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    page = render_template(
        "errors/error.html", code=refused.code, facts=refused.facts, status=status
    )
    return page, status, headers


def http_page(error: HTTPException) -> Response | tuple[str, int, dict[str, str]]:
    """The page of an HTTP error that the framework raised."""
    if error.code is None or error.code < 400:
        return error.get_response()
    code = OF_STATUS.get(error.code, "bad_request")
    page, _, headers = refusal_page(Refused(code))
    return page, error.code, headers


def defect_page(error: Exception) -> tuple[str, int]:
    """The page of a defect: logged by kind and place, never with what a person typed."""
    log.error("defect at %s: %s\n%s", request.endpoint, type(error).__name__, _where(error))
    return render_template("errors/error.html", code="500", facts={}, status=500), 500


def _where(error: Exception) -> str:
    """The places that the error passed, without its message, which may carry a person's words."""
    return "".join(traceback.format_tb(error.__traceback__))
