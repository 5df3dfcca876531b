"""The sandbox's settings: refused when they cannot be right, and the same in another process."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from refund.sandbox.settings import (
    SandboxSettings,
    ShiftedClock,
    control_password_of,
    random_id,
    settings_from_environment,
    settings_to_environment,
)
from tests.sandbox.world import SECRET, WEBHOOK_SECRET, HandClock


def test_settings_travel_to_another_process() -> None:
    settings = SandboxSettings(
        "/tmp/book.db",  # noqa: S108 - a name, never opened
        SECRET,
        "http://localhost:8100",
        ("refund.example", "other.example"),
        ShiftedClock(-86400.0),
        control_password="ABCDEFGHIJKL",
        is_rehearsal=True,
    )
    assert settings_from_environment(settings_to_environment(settings)) == settings


def test_a_clock_of_ones_own_does_not_travel() -> None:
    settings = SandboxSettings(":memory:", SECRET, "http://localhost", clock=HandClock())
    with pytest.raises(ValueError, match="machine's clock"):
        settings_to_environment(settings)


def test_the_secret_is_not_shown_and_not_short() -> None:
    assert SECRET not in repr(SandboxSettings(":memory:", SECRET, "http://localhost"))
    with pytest.raises(ValueError, match="16 characters"):
        SandboxSettings(":memory:", "short", "http://localhost")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"REFUND_SANDBOX_DATABASE": ""}, "REFUND_SANDBOX_DATABASE is not set"),
        ({"REFUND_SANDBOX_CLOCK_SHIFT": "soon"}, "not a number of seconds"),
        ({"REFUND_SANDBOX_PUBLIC_URL": "localhost"}, "must begin with http"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], said: str) -> None:
    good = settings_to_environment(SandboxSettings(":memory:", SECRET, "http://localhost"))
    with pytest.raises(ValueError, match=said):
        settings_from_environment(good | changes)


def test_the_password_of_the_control_page_belongs_to_the_secret() -> None:
    password = control_password_of(SECRET)
    assert re.fullmatch("[A-Z2-7]{12}", password)
    assert control_password_of(SECRET) == password != control_password_of(f"{SECRET}.")


def test_the_clock_can_be_shifted() -> None:
    ahead = ShiftedClock(100 * 86400)() - datetime.now(UTC)
    assert timedelta(days=99) < ahead < timedelta(days=101)


def test_an_id_tells_its_kind_and_never_repeats() -> None:
    ids = {random_id("hold") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(one.startswith("hold_") for one in ids)


def test_where_webhooks_go_travels_to_another_process() -> None:
    settings = SandboxSettings(
        "book.db",
        SECRET,
        "http://localhost:8100",
        webhook_url="http://127.0.0.1:8000/network/events",
        webhook_secret=WEBHOOK_SECRET,
    )
    assert settings_from_environment(settings_to_environment(settings)) == settings
    assert WEBHOOK_SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("http://refund.example/events", WEBHOOK_SECRET, "this machine alone"),
        ("http://169.254.169.254/", WEBHOOK_SECRET, "this machine alone"),
        ("https://127.0.0.1/", WEBHOOK_SECRET, "this machine alone"),
        ("ftp://127.0.0.1/", WEBHOOK_SECRET, "this machine alone"),
        ("http://127.0.0.1:8000/", "short", "16 characters"),
    ],
)
def test_webhooks_go_nowhere_else_and_never_unsigned(url: str, secret: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SandboxSettings(
            "book.db", SECRET, "http://localhost", webhook_url=url, webhook_secret=secret
        )
