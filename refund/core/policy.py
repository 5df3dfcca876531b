"""The rules by date, each with its source, and what they say of a purchase."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import last_day
from refund.core.errors import Refused
from refund.core.form import Channel
from refund.core.invoice import Invoice
from refund.core.money import BP_PER_WHOLE, FEN_MAX, Amounts, Rounding, Vat, refund_amounts
from refund.core.traveller import Traveller, eligibility


@dataclass(frozen=True, slots=True)
class Rule:
    """One value of one parameter from a day on; `grade` says how sure we are of it.

    Grades: A official text, B press or a bank, C one weak source, M general knowledge of the text,
    D a decision of this project.
    """

    parameter: str
    value: int
    valid_from: date
    source: str
    grade: str


def _rule(parameter: str, value: int, valid_from: str, source: str, grade: str) -> Rule:
    return Rule(parameter, value, date.fromisoformat(valid_from), source, grade)


RULES: tuple[Rule, ...] = (
    _rule("stay_days", 183, "2015-02-01", "MOF 3/2015", "A"),
    _rule("min_purchase_fen", 500_00, "2015-02-01", "MOF 3/2015", "A"),
    _rule("min_purchase_fen", 200_00, "2025-04-27", "84/2025 item 3, SAT 11/2025", "A"),
    _rule("refund_rate_13_bp", 1100, "2019-04-01", "39/2019", "A"),
    _rule("refund_rate_9_bp", 800, "2019-04-01", "39/2019", "A"),
    _rule("fee_bp", 200, "2015-02-01", "practice of the agencies", "B"),
    _rule("export_days", 90, "2015-02-01", "MOF 3/2015", "A"),
    _rule("cash_fen_max", 10_000_00, "2015-02-01", "practice of the agencies", "B"),
    _rule("cash_fen_max", 20_000_00, "2025-04-27", "84/2025", "A"),
    _rule("promise_days", 17, "2025-07-01", "SAT 9/2025, Hubei's practice", "B"),
    _rule("promise_days", 28, "2026-07-01", "2026 package", "C"),
    _rule("promise_any_port", 0, "2025-07-01", "SAT 9/2025, Hubei's practice", "B"),
    _rule("promise_any_port", 1, "2026-07-01", "2026 package", "C"),
    _rule(
        "instant_ceiling_fen",
        222_200_00,
        "2025-07-01",
        "Shanghai's ceiling; Hubei's not found",
        "D",
    ),
    _rule("capture_working_days", 3, "2025-04-08", "SAT 9/2025", "A"),
    _rule("inspect_all", 1, "2015-02-01", "GAC 25/2015", "A"),
    _rule("inspect_all", 0, "2026-07-01", "2026 package", "C"),
    _rule("inspect_from_fen", 10_000_00, "2026-07-01", "2026 package", "C"),
    _rule("inspect_share_bp", 2000, "2026-07-01", "project decision: no share was published", "D"),
    _rule("filing_working_days", 5, "2025-04-27", "SAT 11/2025", "A"),
    _rule("store_change_days", 10, "2015-02-01", "SAT 41/2015", "A"),
    _rule("settle_by_day", 15, "2015-02-01", "SAT 41/2015", "A"),
    _rule("gross_rounding", 0, "2015-02-01", "project decision, one bank's screen", "D"),
    _rule("fee_rounding", 1, "2015-02-01", "project decision, one bank's screen", "D"),
)
"""The table as it is known; operators add rows for days to come."""

PARAMETERS = tuple(dict.fromkeys(rule.parameter for rule in RULES))
"""Every parameter of the table, in its order."""


@dataclass(frozen=True, slots=True)
class AddedRule:
    """A row that an operator added, for a day that lay ahead."""

    row_id: str
    rule: Rule
    added_at: datetime
    added_by: str


FIRST_DAY = date(2019, 4, 1)
"""The first day for which every needed rule is in the table."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one day; `promise_days` is None before the instant refund began in Hubei."""

    day: date
    stay_days: int
    min_purchase_fen: int
    refund_rate_13_bp: int
    refund_rate_9_bp: int
    fee_bp: int
    export_days: int
    cash_fen_max: int
    promise_days: int | None
    promise_any_port: bool
    instant_ceiling_fen: int
    capture_working_days: int
    inspect_all: bool
    inspect_from_fen: int
    inspect_share_bp: int
    filing_working_days: int
    store_change_days: int
    settle_by_day: int
    gross_rounding: Rounding
    fee_rounding: Rounding

    def rate_bp(self, vat: Vat) -> int:
        """The refund rate of goods taxed so; exempt goods have none."""
        match vat:
            case Vat.V13:
                return self.refund_rate_13_bp
            case Vat.V9:
                return self.refund_rate_9_bp
            case Vat.EXEMPT:
                return 0


def rules_on(day: date, rules: Iterable[Rule] = RULES) -> RuleSet:
    """The rule set of a day.

    Raises:
        Refused: `date_before_rules` for a day before 2019-04-01.
    """
    if day < FIRST_DAY:
        raise Refused("date_before_rules", first=FIRST_DAY)
    values = {
        r.parameter: r.value
        for r in sorted(rules, key=lambda r: r.valid_from)
        if r.valid_from <= day
    }
    return rule_set(day, values)


def rule_set(day: date, values: Mapping[str, int]) -> RuleSet:
    """A rule set out of a value for each parameter; the instant refund's may be missing."""
    return RuleSet(
        day=day,
        stay_days=values["stay_days"],
        min_purchase_fen=values["min_purchase_fen"],
        refund_rate_13_bp=values["refund_rate_13_bp"],
        refund_rate_9_bp=values["refund_rate_9_bp"],
        fee_bp=values["fee_bp"],
        export_days=values["export_days"],
        cash_fen_max=values["cash_fen_max"],
        promise_days=values.get("promise_days"),
        promise_any_port=bool(values.get("promise_any_port", 0)),
        instant_ceiling_fen=values.get("instant_ceiling_fen", 0),
        capture_working_days=values.get("capture_working_days", 3),
        inspect_all=bool(values["inspect_all"]),
        inspect_from_fen=values.get("inspect_from_fen", 0),
        inspect_share_bp=values.get("inspect_share_bp", BP_PER_WHOLE),
        filing_working_days=values.get("filing_working_days", 0),
        store_change_days=values["store_change_days"],
        settle_by_day=values["settle_by_day"],
        gross_rounding=Rounding(values["gross_rounding"]),
        fee_rounding=Rounding(values["fee_rounding"]),
    )


def amounts_of(lines: Iterable[tuple[int, Vat]], rules: RuleSet) -> Amounts:
    """Sales, gross, fee and net of lines of (fen, VAT).

    Source: rounding is a project decision; rates 39/2019.
    """
    by_rate: dict[int, int] = {}
    for amount_fen, vat in lines:
        rate_bp = rules.rate_bp(vat)
        if rate_bp:
            by_rate[rate_bp] = by_rate.get(rate_bp, 0) + amount_fen
    return refund_amounts(by_rate, rules.fee_bp, rules.gross_rounding, rules.fee_rounding)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a clerk has in hand; `traveller` is None while no document has been shown.

    `earlier_fen` is what the same traveller bought in the same store on the same day on live forms;
    `last_entry` counts while there is no traveller to say it.
    """

    traveller: Traveller | None
    invoices: tuple[Invoice, ...]
    day: date
    channel: Channel
    port: str
    earlier_fen: int = 0
    last_entry: date | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules say of a purchase: the amounts, the last days, and every reason for a no."""

    amounts: Amounts
    depart_by: date
    export_by: date
    port_any: bool
    refusals: tuple[Refused, ...]

    @property
    def may_issue(self) -> bool:
        """Whether a form can be issued."""
        return not self.refusals


def assess(purchase: Purchase, rules: RuleSet) -> Assessment:
    """Say what a form of this purchase would be, and every reason at once for which it cannot be.

    Source: SAT 41/2015 art. 10; SAT 9/2025 for the promise; 84/2025 item 3 for the threshold.
    """
    refusals: list[Refused] = []
    refusals += _of_the_traveller(purchase, rules)
    refusals += _of_the_invoices(purchase)
    lines = [
        (line.amount_fen, line.goods.vat)
        for invoice in purchase.invoices
        for line in invoice.lines
        if line.goods.in_scope
    ]
    amounts = amounts_of(lines, rules)
    total_fen = purchase.earlier_fen + sum(amount_fen for amount_fen, _ in lines)
    if total_fen < rules.min_purchase_fen:
        refusals.append(
            Refused("below_threshold", least_fen=rules.min_purchase_fen, total_fen=total_fen)
        )
    refusals += _of_the_amounts(purchase, amounts)
    refusals += _of_the_promise(purchase, amounts, rules)
    start = min((invoice.day for invoice in purchase.invoices), default=purchase.day)
    export_by = last_day(start, rules.export_days)
    promised = last_day(purchase.day, rules.promise_days or rules.export_days)
    return Assessment(
        amounts=amounts,
        depart_by=min(promised, export_by),
        export_by=export_by,
        port_any=rules.promise_any_port,
        refusals=tuple(refusals),
    )


def _of_the_traveller(purchase: Purchase, rules: RuleSet) -> list[Refused]:
    traveller = purchase.traveller
    if traveller is None:
        refusals = [Refused("no_valid_document", "document_number")]
        entry = purchase.last_entry
    else:
        refusals = eligibility(traveller, purchase.day)
        entry = traveller.last_entry
    if entry is None:
        refusals.append(Refused("entry_date_unknown", "last_entry"))
        return refusals
    for position, invoice in enumerate(purchase.invoices):
        if invoice.day < entry:
            field = f"invoices-{position}-day"
            refusals.append(Refused("invoice_before_entry", field, entry=entry, day=invoice.day))
        if invoice.day > last_day(entry, rules.stay_days):
            refusals.append(
                Refused("stay_too_long", "last_entry", entry=entry, most_days=rules.stay_days)
            )
    return refusals


def _of_the_invoices(purchase: Purchase) -> list[Refused]:
    refusals: list[Refused] = []
    if not any(invoice.lines for invoice in purchase.invoices):
        refusals.append(Refused("no_lines", "lines-0-goods"))
    days = {invoice.day for invoice in purchase.invoices}
    line_position = 0
    for position, invoice in enumerate(purchase.invoices):
        if not invoice.kind.counts:
            refusals.append(Refused("invoice_not_ordinary", f"invoices-{position}-kind"))
        if len(days) > 1 and invoice.day != purchase.invoices[0].day:
            refusals.append(Refused("invoice_other_day", f"invoices-{position}-day"))
        for line in invoice.lines:
            if not line.goods.in_scope:
                refusals.append(
                    Refused(
                        "goods_out_of_scope",
                        f"lines-{line_position}-goods",
                        name_zh=line.goods.name_zh,
                        name_en=line.goods.name_en,
                        why=line.goods.out_of_scope_reason,
                    )
                )
            line_position += 1
    return refusals


def _of_the_amounts(purchase: Purchase, amounts: Amounts) -> list[Refused]:
    """Sums too large for the books, and a further form of the day too small to pay anything."""
    lines = [line for invoice in purchase.invoices for line in invoice.lines]
    too_much = amounts.sales_fen > FEN_MAX
    nothing = amounts.net_fen <= 0 and all(line.goods.in_scope for line in lines)
    if not lines or not (too_much or nothing):
        return []
    return [
        Refused(
            "amount_out_of_range",
            "lines-0-unit_price",
            least_fen=LEAST_REFUNDED_FEN,
            most_fen=FEN_MAX,
        )
    ]


LEAST_REFUNDED_FEN = 7
"""The smallest price of one line of which one fen comes back, at either rate."""


def _of_the_promise(purchase: Purchase, amounts: Amounts, rules: RuleSet) -> list[Refused]:
    if purchase.channel is Channel.ORDINARY:
        return []
    if rules.promise_days is None:
        return [Refused("store_not_instant", "channel", day=purchase.day)]
    if amounts.sales_fen > rules.instant_ceiling_fen:
        return [Refused("above_ceiling", "channel", most_fen=rules.instant_ceiling_fen)]
    return []
