"""Pages of the customs audience."""

from flask import Blueprint, render_template

from refund.core.people import Role
from refund.web.door import add_door

pages = Blueprint("customs", __name__)
add_door(pages, Role.OFFICER)


@pages.get("/")
def home() -> str:
    """Where the shift begins."""
    return render_template("customs/home.html")
