"""What a request needs besides itself: the ports, and how this service is reached."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from refund.ports import Ports
from refund.services.sign_in import Passwords

KEY = "refund"


@dataclass(frozen=True, slots=True)
class Context:
    """The ports and the few settings that pages depend on."""

    ports: Ports
    passwords: Passwords
    is_secure: bool
    card_origin: str
    is_shifted: bool


def here() -> Context:
    """The context of the application that answers."""
    return cast("Context", current_app.extensions[KEY])


def ports() -> Ports:
    """The ports of the application that answers."""
    return here().ports
