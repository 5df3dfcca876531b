"""The agreement on paper: the wording that was signed, and the signature as it was drawn."""

from collections.abc import Mapping

from refund.core.agreement import Agreement
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.services.papers import AgreementSheet
from refund.translations import NAMES
from refund.web.language import TAGS
from refund.web.paper_frame import moment, port_fact, signature_picture
from refund.web.paper_languages import Fact, Label, Words
from refund.web.paper_words import (
    ANY_PORT,
    LABELS,
    OUTCOMES,
    OUTCOMES_ANY_PORT,
    WORDING_INTRODUCTION,
    WORDINGS,
)


def agreement_text(words: Words, sheet: AgreementSheet) -> dict[str, object]:
    """What the paper says of an agreement: its facts, its clauses, who signed it and how.

    Raises:
        LookupError: papers do not know the wording that was signed.
    """
    form, signed, hold = sheet.form, sheet.agreement, sheet.guarantee
    labels = LABELS["agreement"]
    drawn = signed.signature_kind == "drawn"
    return {
        "contact": sheet.details.contact,
        "advance": f"CNY {format_yuan(form.amounts.net_fen)}",
        "way": words.label(labels[f"way_{sheet.details.method.value}"]),
        "account": sheet.advance.label if sheet.advance else "",
        "guarantee": f"{hold.brand} ···· {hold.last4}" if hold else "",
        "authorisation": hold.authorisation_code if hold else "",
        "port": words.place(port_fact(form)),
        **_clauses(words, sheet),
        "signed_at": moment(signed.agreed_at),
        "signed_language": _name_of(signed),
        "signed_how": words.label(labels["drawn" if drawn else "typed_name"]),
        "signature": signature_picture(sheet.signature),
        "signed_name": "" if drawn or sheet.signature is None else sheet.signature.text,
    }


def _clauses(words: Words, sheet: AgreementSheet) -> dict[str, object]:
    form = sheet.form
    facts = _facts(sheet)
    outcomes = OUTCOMES_ANY_PORT if form.port_any else OUTCOMES
    clauses: list[dict[str, object]] = []
    for title, texts in WORDINGS[sheet.agreement.wording]:
        said = [words.sentence(text, facts) for text in texts]
        cases = [] if said else [[words.sentence(one, facts) for one in pair] for pair in outcomes]
        clauses.append({"title": words.sentence(title, {}), "texts": said, "cases": cases})
    introduction = words.sentence(WORDING_INTRODUCTION[sheet.agreement.wording], facts)
    return {"introduction": introduction, "clauses": clauses}


def _facts(sheet: AgreementSheet) -> Mapping[str, Fact]:
    form, sums = sheet.form, sheet.form.amounts
    return {
        "number": group_form_number(form.form_number),
        "net": format_yuan(sums.net_fen),
        "gross": format_yuan(sums.gross_fen),
        "fee": format_yuan(sums.fee_fen),
        "sales": format_yuan(sums.sales_fen),
        "day": form.depart_by.isoformat(),
        "last": form.export_by.isoformat(),
        "port": Label(ANY_PORT, "") if form.port_any else port_fact(form),
    }


def _name_of(signed: Agreement) -> str:
    """The language of the signature by its own name."""
    names = {TAGS[locale]: name for locale, name in NAMES.items()}
    return names.get(signed.language, signed.language)
