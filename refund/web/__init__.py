"""Server-rendered pages: one table of blueprint, prefix and guard."""

from flask import Blueprint, Flask

from refund.core.people import Role
from refund.web import (
    customs,
    customs_offline,
    customs_pass,
    fill_in,
    front,
    lab,
    lab_cards,
    lab_days,
    lab_drills,
    lab_scores,
    lab_what_if,
    metrics,
    network_events,
    operator,
    operator_books,
    operator_cases,
    operator_counter,
    operator_exit,
    operator_export_jobs,
    operator_figures,
    operator_jobs,
    operator_match,
    operator_papers,
    operator_people,
    operator_point,
    operator_reviews,
    operator_rules,
    operator_settlement,
    operator_stores,
    operator_till,
    scan,
    store,
    store_changes,
    store_correct,
    store_display,
    store_issue,
    store_papers,
    store_shift,
    store_till,
    traveller,
    traveller_others,
    traveller_papers,
    traveller_pass,
    traveller_share,
)
from refund.web import help as help_pages
from refund.web.auth import guard_lab, guard_staff, guard_traveller
from refund.web.context import KEY, Context
from refund.web.errors import register_errors
from refund.web.filters import register_filters
from refund.web.language import register_language
from refund.web.security import register_security

_FURTHER_ROOMS = (
    customs_offline,
    customs_pass,
    fill_in,
    lab_cards,
    lab_days,
    lab_drills,
    lab_scores,
    lab_what_if,
    operator_books,
    operator_cases,
    operator_counter,
    operator_exit,
    operator_figures,
    operator_export_jobs,
    operator_jobs,
    operator_match,
    operator_papers,
    operator_people,
    operator_point,
    operator_reviews,
    operator_rules,
    operator_settlement,
    operator_stores,
    operator_till,
    store_changes,
    store_correct,
    store_display,
    store_issue,
    store_papers,
    store_shift,
    store_till,
    traveller_others,
    traveller_papers,
    traveller_pass,
    traveller_share,
)
"""Modules that add their pages to an audience's blueprint by being imported."""

AUDIENCES: tuple[tuple[Blueprint, str, str], ...] = (
    (store.pages, "/store", Role.CLERK.value),
    (traveller.pages, "/traveller", "traveller"),
    (customs.pages, "/customs", Role.OFFICER.value),
    (operator.pages, "/operator", Role.OPERATOR.value),
    (scan.pages, "", "open"),
    (front.pages, "", "open"),
    (help_pages.pages, "", "open"),
    (metrics.pages, "", "open"),
    (network_events.pages, "", "network"),
    (lab.pages, "/lab", Role.TRAINER.value),
)
"""Whose pages, where they begin, and who may see them; only static files stand outside.

The lab is there in rehearsals alone.
"""

BODY_BYTES_MAX = 1024 * 1024
FIELD_BYTES_MAX = 256 * 1024
PARTS_MAX = 600


def register(app: Flask, context: Context) -> None:
    """Give an application its pages."""
    app.extensions[KEY] = context
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=FIELD_BYTES_MAX,
        MAX_FORM_PARTS=PARTS_MAX,
        TEMPLATES_AUTO_RELOAD=False,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    register_language(app)
    register_filters(app)
    register_security(app)
    register_errors(app)
    for pages, prefix, guard in AUDIENCES:
        if pages is lab.pages and not context.ports.is_rehearsal:
            continue
        match guard:
            case "open" | "network":
                pass
            case "traveller":
                guard_traveller(app, pages)
            case "trainer":
                guard_lab(app, pages)
            case role:
                guard_staff(app, pages, Role(role))
        app.register_blueprint(pages, url_prefix=prefix or None)
