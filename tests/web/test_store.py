"""The clerk's pages: issue, look, print, void, and nothing of another store."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_a_signed_in_clerk_is_let_in(clerk: FlaskClient) -> None:
    assert clerk.get("/store/sign-in").status_code == 200
