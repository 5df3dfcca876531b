"""The operator's table of rules: what counts, what lies ahead, and a form under other rules."""

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from refund.core.errors import Refused
from refund.core.money import Vat
from refund.core.parameters import GRADES, PARAMETER_BY_NAME, the_parameter, value_of
from refund.services.quote import compare_form_by_id, quoted_consequences
from refund.services.rules import add_rule, preview_rule, rule_table
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import typed_fields
from refund.web.rule_forms import (
    EXAMPLE_AMOUNT,
    PREFIX,
    ReadRule,
    compared,
    parameters,
    read_others,
    read_rule,
    title_of,
)

pages.add_app_template_global(title_of, "rule_title")
pages.add_app_template_global(the_parameter, "rule_parameter")


@pages.get("/rules")
def rules() -> str:
    """The table of rules: what is in force, what lies ahead, what is over."""
    said = request.args.get("said", "") == "added"
    return render_template("operator/rules.html", table=rule_table(ports()), said=said)


@pages.get("/rules/<name>/add")
def new_rule(name: str) -> str:
    """Where a value of a parameter is given for a day to come."""
    typed, problems = typed_fields(request.args)
    given = {"amount": EXAMPLE_AMOUNT, "vat": Vat.V13.value} | typed | {"parameter": name}
    return _rule_form(given, problems)


@pages.post("/rules/preview")
def rule_preview() -> str | tuple[str, int]:
    """What a new row would change; nothing is added yet."""
    typed, problems = typed_fields(request.form)
    read = read_rule(typed)
    if problems or read.rule is None:
        return _rule_form(typed, [*problems, *read.problems]), 422
    try:
        return _preview(typed, read)
    except Refused as refused:
        return _rule_form(typed, [refused]), 422


@pages.post("/rules")
def confirm_rule() -> AnyResponse | tuple[str, int]:
    """Add a row for a day to come; the table only ever grows."""
    typed, problems = typed_fields(request.form)
    read = read_rule(typed)
    if problems or read.rule is None:
        return _rule_form(typed, [*problems, *read.problems]), 422
    try:
        add_rule(ports(), actor(), read.rule)
    except Refused as refused:
        return _rule_form(typed, [refused]), 422
    return redirect(url_for("operator.rules", said="added"), 303)


def _rule_form(typed: Mapping[str, str], refusals: list[Refused]) -> str:
    parameter = the_parameter(typed.get("parameter", ""))
    table = rule_table(ports())
    return render_template(
        "operator/rules_add.html",
        parameter=parameter,
        rows=[row for row in table.rows if row.rule.parameter == parameter.name],
        today=table.today,
        grades=GRADES,
        typed=typed,
        errors=errors_by_field(refusals),
    )


def _preview(typed: Mapping[str, str], read: ReadRule) -> str:
    """The page of a preview; what cannot be added is refused here already."""
    if read.rule is None:
        raise LookupError(typed)
    seen = preview_rule(ports(), read.rule)
    without = quoted_consequences(ports(), seen.without, read.lines)
    within = quoted_consequences(ports(), seen.within, read.lines)
    return render_template(
        "operator/rules_preview.html",
        seen=seen,
        parameter=PARAMETER_BY_NAME[seen.rule.parameter],
        typed=typed,
        amount_fen=read.lines[0][0],
        rows=compared(without, within),
    )


@pages.get("/forms/<form_id>/other-rules")
def other_rules(form_id: str) -> str | tuple[str, int]:
    """What a form would have been under the rules of another day, or with other values."""
    typed, problems = typed_fields(request.args)
    read = read_others(typed)
    refusals = [*problems, *read.problems]
    try:
        found = compare_form_by_id(ports(), form_id, read.on, read.changes)
    except Refused as refused:
        if refused.code != "date_before_rules":
            raise
        refusals.append(refused.at("day"))
        found = compare_form_by_id(ports(), form_id, None, {})
    page = render_template(
        "operator/rules_other.html",
        found=found,
        rows=compared(found.own, found.other),
        parameters=parameters(),
        own={one.name: value_of(found.own_rules, one.name) for one in parameters()},
        prefix=PREFIX,
        typed=typed,
        values_typed=any(text.strip() for name, text in typed.items() if name.startswith(PREFIX)),
        asked=bool(read.on or read.changes) and not refusals,
        errors=errors_by_field(refusals),
    )
    return (page, 422) if refusals else page
