"""The goods that a refund store sells: their VAT, and whether a form may carry them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from refund.core.errors import Refused
from refund.core.money import Vat
from refund.core.tables import Column, Problems, Row, scan_table

RESTRICTED = (
    "precious_metal",
    "cultural_relic",
    "endangered_species",
    "currency",
    "rare_medicine",
    "service",
    "food_on_the_spot",
    "online_order",
)
"""Why goods are out of scope whatever their VAT. Source: MOF 3/2015, SAT 41/2015 art. 10 (5)."""

VAT_EXEMPT = "vat_exempt"
SEARCH_MAX = 50

_LIMIT_BYTES = 1_000_000
_LIMIT_ROWS = 5_000
_CODE = re.compile(r"[A-Z]{2,4}[0-9]{2,4}", re.ASCII)
_PINYIN = re.compile(r"[a-z0-9]{1,40}", re.ASCII)
_SYLLABLES = re.compile(r"[a-z0-9]{1,8}(?: [a-z0-9]{1,8}){0,39}", re.ASCII)
_COLUMNS = (
    Column("goods_code", chars_max=8),
    Column("name_zh", chars_max=40),
    Column("name_en", chars_max=80),
    Column("unit_zh", chars_max=8),
    Column("unit_en", chars_max=16),
    Column("vat", chars_max=6),
    Column("pinyin", chars_max=40),
    Column("syllables", required=False, filled=False, chars_max=160),
    Column("restricted", filled=False, chars_max=20),
    Column("vat_basis", chars_max=200),
)


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of goods of the master.

    Args:
        pinyin: the initials of the Chinese name, lower-case Latin: `stb` for 手提包.
        restricted: one of RESTRICTED, or "" for goods without a restriction.
        syllables: the whole pinyin without tones, `shou ti bao`; "" where nobody wrote it down.
        vat_basis: what the VAT rate rests on, with the grade of that knowledge.
    """

    goods_code: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    vat: Vat
    pinyin: str
    restricted: str = ""
    vat_basis: str = ""
    syllables: str = ""

    @property
    def out_of_scope_reason(self) -> str | None:
        """Why no form may carry these goods: one of RESTRICTED, `vat_exempt`, or None."""
        if self.restricted:
            return self.restricted
        return VAT_EXEMPT if self.vat is Vat.EXEMPT else None

    @property
    def in_scope(self) -> bool:
        """Whether a form may carry these goods."""
        return self.out_of_scope_reason is None


def out_of_scope(goods: Goods) -> str | None:
    """Say why no form may carry these goods, as a reason code; None when it may.

    Source: MOF 3/2015 (restricted and exempt goods), SAT 41/2015 art. 10 (5).
    """
    return goods.out_of_scope_reason


def load_goods(text: str) -> tuple[Goods, ...]:
    """Read a goods master in CSV, whole or not at all.

    Raises:
        Refused: what `read_table` refuses; `file_bad_rows` for a code, VAT rate or restriction
            that is not known and for a code that is there twice.
    """
    problems = Problems()
    rows = scan_table(
        text.encode(), _COLUMNS, problems, limit_bytes=_LIMIT_BYTES, limit_rows=_LIMIT_ROWS
    )
    master: dict[str, Goods] = {}
    lines: dict[str, int] = {}
    for row in rows:
        goods = _read_goods(row, problems)
        if goods is None:
            continue
        if goods.goods_code in master:
            problems.add(row.line, "goods_code", "row_doubled", first_line=lines[goods.goods_code])
        master.setdefault(goods.goods_code, goods)
        lines.setdefault(goods.goods_code, row.line)
    problems.refuse()
    return tuple(master.values())


def search_goods(goods: Iterable[Goods], query: str, limit: int) -> tuple[Goods, ...]:
    """Find goods by code, Chinese or English name, or pinyin, the closest first.

    Pinyin is typed as initials (`stb`), whole (`shoutibao`) or as syllables (`shou ti`). Every word
    of the query must be found; full-width letters read as plain ones. An empty query gives the
    first goods of the master; never more than SEARCH_MAX.
    """
    plain = unicodedata.normalize("NFKC", query).casefold().replace("ü", "v")
    words = plain.split()
    ranked: list[tuple[int, int, Goods]] = []
    for position, kind in enumerate(goods):
        ranks = [_rank(kind, word) for word in words]
        if None not in ranks:
            ranked.append((sum(rank for rank in ranks if rank is not None), position, kind))
    ranked.sort(key=lambda found: found[:2])
    return tuple(kind for _, _, kind in ranked[: max(1, min(limit, SEARCH_MAX))])


def _rank(goods: Goods, word: str) -> int | None:
    """How far a word is from these goods: 0 is the code itself, None is not at all.

    A Chinese name ends in what the thing is: its last syllables say more than those between.
    """
    code = goods.goods_code.lower()
    name_zh = goods.name_zh.casefold()
    name_en = goods.name_en.casefold()
    whole = goods.syllables.replace(" ", "")
    starts = (whole, code, name_zh, goods.pinyin)
    ways = (
        word == code,
        word in (goods.pinyin, name_zh, name_en, whole),
        any(text.startswith(word) for text in starts),
        any(part.startswith(word) for part in re.split(r"[^\w]+", name_en)),
        goods.pinyin.endswith(word) or word in _endings(goods.syllables),
        word in name_zh,
        any(ending.startswith(word) for ending in _endings(goods.syllables)),
        word in name_en,
        word in goods.pinyin,
    )
    return next((rank for rank, holds in enumerate(ways) if holds), None)


def _endings(syllables: str) -> list[str]:
    """The pinyin from each syllable to the end, without blanks."""
    parts = syllables.split()
    return ["".join(parts[place:]) for place in range(len(parts))]


def initials_of(syllables: str) -> str:
    """The initials of a whole pinyin; figures stay whole: `18k jin` gives `18kj`."""
    return "".join(part if part[0].isdigit() else part[0] for part in syllables.split())


def _read_goods(row: Row, problems: Problems) -> Goods | None:
    before = problems.total
    code = row["goods_code"].upper()
    if not _CODE.fullmatch(code):
        problems.add(row.line, "goods_code", "field_unreadable")
    if not _PINYIN.fullmatch(row["pinyin"]):
        problems.add(row.line, "pinyin", "field_unreadable")
    if row["syllables"] and not _agree(row["syllables"], row["pinyin"]):
        problems.add(row.line, "syllables", "field_unreadable")
    if row["restricted"] not in ("", *RESTRICTED):
        problems.add(row.line, "restricted", "choice_unknown", known=RESTRICTED)
    try:
        vat = Vat.read(row["vat"], "vat")
    except Refused as refused:
        problems.add(row.line, "vat", refused.code, **refused.facts)
        return None
    if problems.total > before:
        return None
    return Goods(
        goods_code=code,
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        unit_zh=row["unit_zh"],
        unit_en=row["unit_en"],
        vat=vat,
        pinyin=row["pinyin"],
        restricted=row["restricted"],
        vat_basis=row["vat_basis"],
        syllables=row["syllables"],
    )


def _agree(syllables: str, pinyin: str) -> bool:
    return bool(_SYLLABLES.fullmatch(syllables)) and initials_of(syllables) == pinyin
