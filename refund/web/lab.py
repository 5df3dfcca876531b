"""The lab's pages of a rehearsal: who is here, what time it is, and what can be done with it."""

from collections.abc import Callable

from flask import Blueprint, g, render_template
from flask_babel import gettext as _

from refund.core.people import Role
from refund.web.auth import for_learners
from refund.web.door import add_door

pages = Blueprint("lab", __name__)
add_door(pages, Role.TRAINER, Role.LEARNER)

ROOMS: list[tuple[str, Callable[[], str], bool]] = [
    ("home", lambda: _("Rehearsal"), False),
]
"""What the lab's navigation leads to: the view, its word, and whether it is the trainer's alone.

A module that adds a room to the lab appends it here.
"""


@pages.context_processor
def frame() -> dict[str, object]:
    """What the frame of each page says of the person who is here."""
    return {"person": g.get("actor"), "lab_rooms": ROOMS}


@pages.get("/")
@for_learners
def home() -> str:
    """What time it is here, and who plays whom."""
    return render_template("lab/home.html")
