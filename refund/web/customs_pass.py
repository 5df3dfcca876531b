"""The officer's page of a scanned exit pass: its forms, verified one after the other."""

import re

from flask import render_template, request

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.exit_pass import FORMS_MAX
from refund.services.passes import forms_at_the_desk
from refund.web.auth import reads_with_camera
from refund.web.context import ports
from refund.web.customs import pages

_FORM_ID = re.compile(r"[0-9a-f]{16}")


@pages.get("/pass")
@reads_with_camera
def exit_pass() -> str:
    """The forms of a pass with their states; each leads to its own answer.

    Raises:
        Refused: `form_unknown` for an address that names no form, or one that is not ours.
    """
    named = list(dict.fromkeys(request.args.getlist("form")))
    if not named or len(named) > FORMS_MAX or not all(map(_FORM_ID.fullmatch, named)):
        raise Refused("form_unknown")
    found = forms_at_the_desk(ports(), named, day_of(ports().clock.now()))
    return render_template("customs/pass.html", found=found)
