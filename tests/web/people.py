"""The people at each door, their browsers, and the clock that a test moves by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient

from refund.core.people import Actor, Role

START = "2025-07-08T14:00:00+08:00"
PASSWORD = "a password that nobody has"

CLERK = Actor("clerk-1", Role.CLERK, "林晓 Lin Xiao", store_number=1)
CLERK_OF_ANOTHER_STORE = Actor("clerk-2", Role.CLERK, "周宁 Zhou Ning", store_number=2)
OFFICER = Actor("officer-1", Role.OFFICER, "何伟 He Wei", port="WUH")
OFFICER_OF_ANOTHER_PORT = Actor("officer-2", Role.OFFICER, "高远 Gao Yuan", port="YIH")
OPERATOR = Actor("operator-1", Role.OPERATOR, "苏敏 Su Min")
TRAINER = Actor("trainer-1", Role.TRAINER, "方明 Fang Ming")
LEARNER = Actor("learner-1", Role.LEARNER, "学员 Xue Yuan")

EVERYONE = (CLERK, CLERK_OF_ANOTHER_STORE, OFFICER, OPERATOR)

CLASS = (TRAINER, LEARNER)
"""Who is there besides where it is rehearsed."""

SignIn = Callable[..., FlaskClient]
"""How a test signs a browser in: `sign_in(client, Role.CLERK, "clerk-2")`."""


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, text: str) -> None:
        """Start at a moment with its offset."""
        self.at = datetime.fromisoformat(text).astimezone(UTC)

    def now(self) -> datetime:
        """This moment."""
        return self.at

    def move(self, **distance: float) -> None:
        """Move on by `days=`, `hours=`, `minutes=`."""
        self.at += timedelta(**distance)


def browser(app: Flask, language: str = "en") -> FlaskClient:
    """Open another browser, in a language."""
    client = app.test_client()
    client.set_cookie("refund_language", language)
    return client
