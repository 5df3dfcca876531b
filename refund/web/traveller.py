"""The traveller's pages on the phone: from the scanned code to the money and the exit."""

from flask import Blueprint

pages = Blueprint("traveller", __name__)
