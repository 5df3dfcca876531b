"""Pages of the store audience."""

from flask import Blueprint, render_template

from refund.core.people import Role
from refund.web.door import add_door

pages = Blueprint("store", __name__)
add_door(pages, Role.CLERK)


@pages.get("/")
def home() -> str:
    """Where the shift begins."""
    return render_template("store/home.html")
