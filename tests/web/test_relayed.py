"""Behind the relay: only it can say from where a request came."""

from __future__ import annotations

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from refund.web.relayed import CALLER, WORD, Relayed


@pytest.fixture
def echo() -> FlaskClient:
    """Return a browser before an application that tells what it knows of a request."""
    app = Flask("echo")

    @app.get("/")
    def tell() -> list[object]:
        return [request.remote_addr, request.is_secure, request.headers.get(WORD)]

    app.wsgi_app = Relayed(app.wsgi_app, "the word")  # type: ignore[assignment,method-assign]
    return app.test_client()


def test_what_the_relay_says_of_a_phone_is_believed(echo: FlaskClient) -> None:
    answer = echo.get("/", headers={WORD: "the word", CALLER: "192.168.1.77"})
    assert answer.json == ["192.168.1.77", True, None]


@pytest.mark.parametrize("word", ["", "another word", "wörter"])
def test_what_anybody_else_says_is_not(echo: FlaskClient, word: str) -> None:
    answer = echo.get("/", headers={WORD: word, CALLER: "192.168.1.77"})
    assert answer.json == ["127.0.0.1", False, None]
