"""What is bought: kinds of goods by the trade of the store, prices, units, invoices.

Trades and mean prices stand in `refund/data/trades.csv` and `baskets.csv`; all are assumptions and
describe no store that exists.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from refund.core.goods import Goods, load_goods
from refund.core.invoice import InvoiceKind
from refund.core.money import FEN_PER_YUAN
from refund.places import data_folder
from refund.simulation.world.chance import Chance, Streams
from refund.simulation.world.plans import GoodsLine, InvoicePlan, Units
from refund.simulation.world.scenario import Scenario

LINES_MOST = 10
SPLIT_BELOW_FEN = 10_000_00
"""The sum from which every form is inspected. Source: 2026 package."""

_PRICE_LEAST_YUAN = 10
_PRICE_MOST_YUAN = 1_000_000
_CONSTANT_GOODS = "BAG01"


@dataclass(frozen=True, slots=True)
class Trade:
    """What kinds of goods a store sells, each with its weight, and how dear it is."""

    trade: str
    name_zh: str
    name_en: str
    goods: tuple[tuple[str, float], ...]
    price_factor: float
    share: float
    stores: tuple[int, ...]


@cache
def goods_master() -> Mapping[str, Goods]:
    """The goods that the program brings, by code."""
    text = (data_folder() / "goods.csv").read_text(encoding="utf-8")
    return {one.goods_code: one for one in load_goods(text)}


@cache
def mean_prices() -> Mapping[str, int]:
    """The mean price of each kind of goods in yuan."""
    return {row["goods_code"]: int(row["mean_yuan"]) for row in _rows("baskets.csv")}


@cache
def trades() -> tuple[Trade, ...]:
    """Every trade."""
    return tuple(
        Trade(
            trade=row["trade"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            goods=_weighted(row["groups"]),
            price_factor=float(row["price_factor"]),
            share=float(row["share"]),
            stores=tuple(int(number) for number in row["stores"].split()),
        )
        for row in _rows("trades.csv")
    )


@cache
def _trade_of_register() -> Mapping[int, Trade]:
    return {number: one for one in trades() for number in one.stores}


def trade_of(store_number: int, streams: Streams) -> Trade:
    """The trade of a store: of the register's as their names say, of the others drawn."""
    known = _trade_of_register().get(store_number)
    if known is not None:
        return known
    chance = streams.of_names("store", store_number)
    return chance.pick("trade", [(one, one.share) for one in trades()])


@cache
def _out_of_scope() -> tuple[str, ...]:
    return tuple(code for code, goods in goods_master().items() if not goods.in_scope)


@cache
def _weighted(groups: str) -> tuple[tuple[str, float], ...]:
    """The goods of some groups, each group's weight shared by its goods: `BAG:5 FOO13:2`."""
    found: list[tuple[str, float]] = []
    for part in groups.split():
        prefix, _, weight = part.partition(":")
        codes = [
            code
            for code, goods in goods_master().items()
            if code.startswith(prefix) and goods.in_scope
        ]
        found += [(code, float(weight) / len(codes)) for code in codes]
    return tuple(found)


def _rows(name: str) -> list[dict[str, str]]:
    text = (data_folder() / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


class Baskets:
    """Fills the baskets of one world."""

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        self._streams = streams
        self._trades: dict[int, Trade] = {}
        number = scenario.number
        self._lines_more = number("basket.lines_mean") - 1
        self._more_units = number("basket.more_units_share")
        self._more_invoices = number("basket.more_invoices_share")
        self._factor, self._spread = number("basket.price_factor"), number("basket.price_spread")
        self._constant_fen = round(number("basket.constant_yuan") * FEN_PER_YUAN)
        self._out_of_scope = number("basket.out_of_scope_share")
        self._special = number("basket.special_invoice_share")

    def fill(self, store_number: int, chance: Chance, invoice_stem: str) -> tuple[InvoicePlan, ...]:
        """The invoices of one purchase; `invoice_stem` makes their numbers unlike all others."""
        kind = InvoiceKind.E_INVOICE
        if chance.is_so("special", self._special):
            kind = InvoiceKind.SPECIAL
        if self._constant_fen:
            lines = [GoodsLine(_CONSTANT_GOODS, 1, self._constant_fen)]
        else:
            lines = self._lines(self._trade(store_number), chance)
        cut = len(lines)
        if len(lines) > 1 and chance.is_so("invoices", self._more_invoices):
            cut = 1
        parts = [part for part in (lines[:cut], lines[cut:]) if part]
        return tuple(
            InvoicePlan(f"{invoice_stem}{place}", kind, tuple(part))
            for place, part in enumerate(parts, start=1)
        )

    def just_below(
        self, store_number: int, chance: Chance, invoice_stem: str
    ) -> tuple[InvoicePlan, ...]:
        """A purchase just below the sum from which every form is inspected."""
        code = chance.pick("goods-0", self._trade(store_number).goods)
        price_fen = SPLIT_BELOW_FEN - chance.whole("below", 1, 400) * FEN_PER_YUAN
        line = GoodsLine(code, 1, price_fen)
        return (InvoicePlan(f"{invoice_stem}1", InvoiceKind.E_INVOICE, (line,)),)

    def _trade(self, store_number: int) -> Trade:
        found = self._trades.get(store_number)
        if found is None:
            found = self._trades[store_number] = trade_of(store_number, self._streams)
        return found

    def _lines(self, trade: Trade, chance: Chance) -> list[GoodsLine]:
        count = min(1 + chance.geometric("lines", self._lines_more), LINES_MOST)
        lines = [self._line(trade, chance, place) for place in range(count)]
        if chance.is_so("scope", self._out_of_scope):
            forbidden = _out_of_scope()
            code = forbidden[chance.whole("scope-goods", 0, len(forbidden) - 1)]
            lines.append(GoodsLine(code, 1, mean_prices()[code] * FEN_PER_YUAN))
        return lines

    def _line(self, trade: Trade, chance: Chance, place: int) -> GoodsLine:
        code = chance.pick(f"goods-{place}", trade.goods)
        share = chance.share(f"units-{place}")
        quantity = 1 if share >= self._more_units else 2 + (share < self._more_units / 3)
        mean = mean_prices()[code] * trade.price_factor * self._factor
        yuan = chance.lognormal(f"price-{place}", mean, self._spread)
        # Prices end in whole yuan, as on a price tag.
        price = min(max(int(yuan + 0.5), _PRICE_LEAST_YUAN), _PRICE_MOST_YUAN)
        return GoodsLine(code, quantity, price * FEN_PER_YUAN)


def fewer(invoices: tuple[InvoicePlan, ...], chance: Chance) -> tuple[Units, ...]:
    """One unit of some line that is not there any more; all of a purchase of one unit."""
    places = [
        (at, line) for at, invoice in enumerate(invoices) for line in range(len(invoice.lines))
    ]
    place = places[chance.whole("fewer", 0, len(places) - 1)]
    return (Units(place, 1),)


def everything(invoices: tuple[InvoicePlan, ...]) -> tuple[Units, ...]:
    """Every unit of a purchase."""
    return tuple(
        Units((at, place), line.quantity)
        for at, invoice in enumerate(invoices)
        for place, line in enumerate(invoice.lines)
    )
