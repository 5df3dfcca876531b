"""Pages of the operator audience."""

from flask import Blueprint, render_template

from refund.core.people import Role
from refund.web.door import add_door

pages = Blueprint("operator", __name__)
add_door(pages, Role.OPERATOR)


@pages.get("/")
def home() -> str:
    """Where the shift begins."""
    return render_template("operator/home.html")
