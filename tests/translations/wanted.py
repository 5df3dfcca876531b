"""What travellers read: every message of their pages, found in the templates and the code.

`python -m tests.translations.wanted ja` prints what that language lacks, as a catalogue to fill.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import babel_extract

from refund.translations import FURTHER_LOCALES, load_catalogues

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
_OPTIONS = {"extensions": "jinja2.ext.i18n"}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")

TRAVELLERS_TEMPLATES = (
    "*.html",
    "traveller/**/*.html",
    "help/**/*.html",
    "errors/*.html",
    "sandbox/_*.html",
    "sandbox/base.html",
    "sandbox/card.html",
    "sandbox/error.html",
    "sandbox/over.html",
)
TRAVELLERS_CODE = (
    "refund/web/claim_*.py",
    "refund/web/traveller*.py",
    "refund/web/errors.py",
    "refund/web/fill_in.py",
    "refund/web/help*.py",
    "refund/sandbox/entry.py",
    "refund/sandbox/pages.py",
)
TRAVELLERS_REFUSALS = frozenset(
    [
        "above_ceiling",
        "advance_outstanding",
        "advance_refused",
        "agreement_not_signed",
        "already_claimed",
        "already_refunded",
        "already_verified",
        "bad_request",
        "busy",
        "card_declined",
        "card_session_unfinished",
        "choice_unknown",
        "claim_code_missing",
        "claim_code_unreadable",
        "claim_code_wrong",
        "claim_locked",
        "code_foreign",
        "code_torn",
        "code_version_unknown",
        "counter_code_old",
        "csrf_failed",
        "date_impossible",
        "date_in_future",
        "date_unreadable",
        "details_differ",
        "document_differs",
        "document_expired",
        "document_not_accepted",
        "document_number_unreadable",
        "entry_date_unknown",
        "field_missing",
        "field_too_long",
        "field_unreadable",
        "fill_in_throttled",
        "fill_in_unknown",
        "form_number_unreadable",
        "form_unknown",
        "form_void",
        "glyph_missing",
        "hold_ended",
        "key_unknown",
        "method_not_allowed",
        "moment_passed",
        "mrz_bad_character",
        "mrz_check_digit",
        "mrz_unknown_kind",
        "mrz_wrong_length",
        "network_unreachable",
        "no_valid_document",
        "not_a_rehearsal",
        "not_found",
        "not_in_this_state",
        "other_traveller",
        "past_deadline",
        "port_unknown",
        "refused_by_customs",
        "rehearsal_form",
        "share_over",
        "sign_in_required",
        "signature_invalid",
        "signature_missing",
        "store_not_active",
        "store_not_instant",
        "too_large",
        "too_many_tries",
        "traveller_not_eligible",
        "value_unreadable",
        "verification_missing",
    ]
)
"""Refusals that a traveller can meet, by code."""

SAME_IN_ALL = {"Alipay", "WeChat Pay", "PNG", "QR", "CSV", "PDF"}


def messages() -> Iterator[tuple[str, str]]:
    """Every message id with the file that uses it."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for message in of_template(path):
            yield message, str(path.relative_to(ROOT))
    for path in sorted((ROOT / "refund").rglob("*.py")):
        for message in of_code(path):
            yield message, str(path.relative_to(ROOT))


def plurals() -> dict[str, str]:
    """The message ids that are counted, with what is said of several."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, _, said, _ in babel_extract(file, list(KEYWORDS), [], _OPTIONS):
                if isinstance(said, tuple) and len(said) > 1 and said[1]:
                    found[str(said[0])] = str(said[1])
    return found


@cache
def of_template(path: Path) -> tuple[str, ...]:
    """The message ids of a template."""
    with path.open("rb") as file:
        found = babel_extract(file, list(KEYWORDS), [], _OPTIONS)
        return tuple(text for _, _, message, _ in found for text in _ids(message))


@cache
def of_code(path: Path) -> tuple[str, ...]:
    """The message ids of a module."""
    with path.open("rb") as file:
        found = extract("python", file, KEYWORDS)
        return tuple(text for _, message, _, _ in found for text in _ids(message))


def _ids(message: object) -> Iterator[str]:
    text = message[0] if isinstance(message, tuple) else message
    if isinstance(text, str) and text:
        yield text


def travellers() -> dict[str, str]:
    """Every message that a traveller can read, with the first file that says it."""
    templates = ROOT / "templates"
    paths = [path for one in TRAVELLERS_TEMPLATES for path in sorted(templates.glob(one))]
    paths += [templates / "refusals" / f"{code}.html" for code in sorted(TRAVELLERS_REFUSALS)]
    found: dict[str, str] = {}
    for path in paths:
        for text in of_template(path):
            found.setdefault(text, str(path.relative_to(ROOT)))
    for path in (path for one in TRAVELLERS_CODE for path in sorted(ROOT.glob(one))):
        for text in of_code(path):
            found.setdefault(text, str(path.relative_to(ROOT)))
    return found


def is_same_in_all(text: str) -> bool:
    """Whether nothing in a message is a word to translate."""
    return not re.search(r"[A-Za-z]{2,}", PLACEHOLDER.sub("", text)) or text in SAME_IN_ALL


def missing(locale: str) -> dict[str, str]:
    """What a language lacks of the travellers' messages, with the file that says it."""
    known = known_ids(locale)
    return {
        text: path
        for text, path in travellers().items()
        if text not in known and not is_same_in_all(text)
    }


def known_ids(locale: str) -> set[str]:
    """The message ids that a language's catalogues have with words of their own."""
    catalogue = load_catalogues(locale)._catalog
    return {one if isinstance(one, str) else str(one[0]) for one, said in catalogue.items() if said}


if __name__ == "__main__":
    wanted = missing(sys.argv[1])
    assert sys.argv[1] in FURTHER_LOCALES
    sys.stderr.write(f"{len(wanted)} of {len(travellers())} are missing\n")
    for text, path in wanted.items():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        chinese = load_catalogues("zh_Hans").gettext(text)
        sys.stdout.write(f'#: {path}\n#. {chinese}\nmsgid "{escaped}"\nmsgstr ""\n\n')
