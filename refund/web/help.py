"""Help that anyone may read, and the certificate that phones of a rehearsal install."""

from flask import Blueprint, Response, render_template

from refund.core.errors import Refused
from refund.web.auth import open_to_all
from refund.web.context import here, ports

pages = Blueprint("help", __name__)

CERTIFICATE = "application/x-x509-ca-cert"


@pages.get("/help/phones")
@open_to_all
def phones() -> str:
    """What a phone's browser allows here, and how it comes to trust this service."""
    return render_template(
        "help/phones.html", authority=here().authority, address=ports().public_url
    )


@pages.get("/ca.crt")
@open_to_all
def authority() -> Response:
    """The certificate that makes a phone trust this service, where it is of our own making."""
    found = here().authority
    if found is None:
        raise Refused("not_found")
    headers = {"Content-Disposition": 'attachment; filename="instant-refund-rehearsal.crt"'}
    return Response(found.der, mimetype=CERTIFICATE, headers=headers)
