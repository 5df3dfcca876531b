"""Every rule that the service keeps, with its dates, its source and how sure we are of it."""

from dataclasses import dataclass
from datetime import date

from refund.core.policy import RULES
from refund.core.provisions import PROVISIONS_TEXT


@dataclass(frozen=True, slots=True)
class Provision:
    """One rule in our own words; a test that is marked with its key holds it.

    The rules of the table of parameters take the name of their parameter for a key; their dates
    here are those of the first row. `valid_to` is the last day, or None while it stands.
    """

    key: str
    title_en: str
    title_zh: str
    valid_from: date
    valid_to: date | None
    source: str
    grade: str


_PARAMETERS = """
stay_days
Days after the last entry in which a purchase counts
最后入境后可购物退税的天数

min_purchase_fen
Least purchase of one traveller on one day in one store
同一人同一天同一商店的起退金额

refund_rate_13_bp
Refund rate of goods that carry VAT of 13 %
增值税率 13% 商品的退税率

refund_rate_9_bp
Refund rate of goods that carry VAT of 9 %
增值税率 9% 商品的退税率

fee_bp
Agency's fee, as a share of the price with VAT
代理机构手续费占含税价的比例

export_days
Days from the purchase to the departure, at most
购物到离境最多天数

cash_fen_max
Most that one refund pays in cash
单笔退税的现金上限

promise_days
Days in which the traveller promises to leave
承诺离境天数

promise_any_port
The promise can be kept at any port that takes part
承诺可在任一参与口岸兑现

instant_ceiling_fen
Largest purchase for which an advance is given
可以即买即退的最高购物金额

capture_working_days
Working days in which a broken promise is charged
违诺后扣回预付金的工作日数

inspect_all
Customs look at the goods of every form
海关逐单查验货物

inspect_from_fen
Sales from which customs always look at the goods
达到此销售额一律查验

inspect_share_bp
Share of the smaller forms that is drawn for a look
小额申请单的抽查比例

filing_working_days
Working days in which a store's filing is decided
商店备案办理的工作日数

store_change_days
Days in which a store reports a change
商店变更报告的天数

settle_by_day
Day by which the month before is settled
上月结算的截止日

gross_rounding
How the refund of each rate is rounded to the fen
各税率退税额如何取整到分

fee_rounding
How the fee is rounded to the fen
手续费如何取整到分
"""


def _paragraphs(text: str) -> list[list[str]]:
    return [paragraph.splitlines() for paragraph in text.strip().split("\n\n")]


def _of_parameter(key: str, title_en: str, title_zh: str) -> Provision:
    first = min((r for r in RULES if r.parameter == key), key=lambda r: r.valid_from)
    return Provision(key, title_en, title_zh, first.valid_from, None, first.source, first.grade)


def _of_law(head: str, title_en: str, title_zh: str) -> Provision:
    key, days, source, grade = head.split(" | ")
    start, _, end = days.partition("..")
    valid_to = date.fromisoformat(end) if end else None
    return Provision(key, title_en, title_zh, date.fromisoformat(start), valid_to, source, grade)


PROVISIONS: tuple[Provision, ...] = (
    *(_of_parameter(*lines) for lines in _paragraphs(_PARAMETERS)),
    *(_of_law(*lines) for lines in _paragraphs(PROVISIONS_TEXT)),
)
"""Every rule: first the parameters of the table, in its order, then the others."""

PROVISION_BY_KEY = {provision.key: provision for provision in PROVISIONS}
