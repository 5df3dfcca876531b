"""The goods master: what it holds, how it is searched, what it refuses."""

import re
from collections import Counter

import pytest

from refund.core.errors import Refused
from refund.core.goods import (
    RESTRICTED,
    Goods,
    initials_of,
    load_goods,
    out_of_scope,
    search_goods,
)
from refund.core.money import Vat
from refund.places import data_folder

TEXT = (data_folder() / "goods.csv").read_text(encoding="utf-8")
MASTER = load_goods(TEXT)
HEADER = "goods_code,name_zh,name_en,unit_zh,unit_en,vat,pinyin,restricted,vat_basis\n"


def _codes(query: str, limit: int = 10) -> list[str]:
    return [goods.goods_code for goods in search_goods(MASTER, query, limit)]


def _problems(rows: str) -> list[tuple[object, object, object]]:
    with pytest.raises(Refused) as caught:
        load_goods(HEADER + rows)
    problems = caught.value.facts["problems"]
    assert isinstance(problems, list)
    return [(problem["line"], problem["column"], problem["code"]) for problem in problems]


def test_the_master_holds_at_least_eighty_kinds_that_a_form_may_carry() -> None:
    assert sum(goods.in_scope for goods in MASTER) >= 80
    assert {goods.vat for goods in MASTER} == set(Vat)


def test_no_two_kinds_have_the_same_name() -> None:
    for names in ([goods.name_zh for goods in MASTER], [goods.name_en for goods in MASTER]):
        assert max(Counter(names).values()) == 1


def test_names_and_units_stand_in_both_languages() -> None:
    for goods in MASTER:
        assert re.search(r"[\u4e00-\u9fff]", goods.name_zh), goods
        assert re.search(r"[\u4e00-\u9fff]", goods.unit_zh), goods
        assert (goods.name_en + goods.unit_en).isascii(), goods


def test_every_rate_says_what_it_rests_on_and_how_sure_that_is() -> None:
    for goods in MASTER:
        assert goods.vat_basis.endswith("[M]"), goods


def test_every_restriction_is_met_by_some_goods() -> None:
    assert {goods.restricted for goods in MASTER if goods.restricted} == set(RESTRICTED)


@pytest.mark.parametrize(
    ("goods_code", "vat"),
    [
        ("BAG01", Vat.V13),
        ("BOO01", Vat.V9),  # books
        ("FOO01", Vat.V9),  # olive oil
        ("FOO11", Vat.V9),  # tea after first processing
        ("FOO13", Vat.V13),  # refined tea
        ("BOO07", Vat.EXEMPT),  # ancient and used books
    ],
)
def test_goods_carry_the_vat_of_their_list(goods_code: str, vat: Vat) -> None:
    assert {goods.goods_code: goods.vat for goods in MASTER}[goods_code] is vat


@pytest.mark.parametrize(
    ("goods_code", "reason"),
    [
        ("BAG01", None),
        ("JEW01", None),  # of base metal
        ("JEW08", "precious_metal"),
        ("BAG11", "endangered_species"),
        ("HOM10", "cultural_relic"),
        ("OUT01", "service"),
        ("BOO07", "vat_exempt"),
    ],
)
def test_restricted_and_exempt_goods_are_out_of_scope(goods_code: str, reason: str | None) -> None:
    goods = next(goods for goods in MASTER if goods.goods_code == goods_code)
    assert out_of_scope(goods) == reason
    assert goods.in_scope is (reason is None)


def test_a_restriction_is_told_before_an_exemption() -> None:
    goods = Goods("XX01", "古书", "Old book", "本", "copy", Vat.EXEMPT, "gs", "cultural_relic")
    assert out_of_scope(goods) == "cultural_relic"


def test_goods_are_found_by_code_name_and_pinyin_initials() -> None:
    assert _codes("bag01") == ["BAG01"]
    assert _codes("pgstb") == ["BAG01"]
    assert _codes("丝巾") == []
    assert "ACC01" in _codes("方巾")
    assert _codes("silk")[0] in {"ACC01", "ACC03"}
    assert _codes("lipst") == ["COS02"]


def test_the_closest_goods_come_first() -> None:
    assert _codes("zz")[0] == "BOO04"  # the whole of its initials
    assert _codes("手机")[0] == "ELE01"
    assert _codes("book")[0] == "BOO01"


def test_every_word_of_a_query_counts_and_full_width_letters_read_as_plain() -> None:
    assert _codes("leather wallet") == ["LEA01", "LEA02"]
    assert _codes("ＢＡＧ０１") == ["BAG01"]
    assert not _codes("leather piano")


def test_a_search_gives_no_more_than_its_limit() -> None:
    assert _codes("", 3) == ["BAG01", "BAG02", "BAG03"]
    assert len(_codes("", 10_000)) == 50


def test_a_query_of_odd_signs_finds_nothing_and_harms_nothing() -> None:
    for query in ("%", "(", "[a", "\\", "'; --", "\x00"):
        assert isinstance(_codes(query), list)


def test_bad_rows_are_told_all_at_once() -> None:
    assert _problems(
        "BAG1,包,Bag,个,piece,17,b,,x [M]\n"
        "BAG01,包,Bag,个,piece,13,b,,x [M]\n"
        "bag01,包,Bag,个,piece,13,B!,stolen,x [M]\n"
        "BAG01,包二,Bag 2,个,piece,9,b,,x [M]\n"
    ) == [
        (2, "goods_code", "field_unreadable"),
        (2, "vat", "vat_unknown"),
        (4, "pinyin", "field_unreadable"),
        (4, "restricted", "choice_unknown"),
        (5, "goods_code", "row_doubled"),
    ]


def test_the_shipped_goods_say_their_whole_pinyin() -> None:
    for goods in MASTER:
        assert initials_of(goods.syllables) == goods.pinyin, goods
    said = {goods.goods_code: goods.syllables for goods in MASTER}
    # Characters with more than one reading, each as it is read in this word.
    assert said["RTW02"] == "shuang mian ni da yi"
    assert said["BAG08"] == "ying ke xing li xiang"
    assert said["LEA01"] == "pi ge chang kuan qian bao"
    assert said["BOO06"] == "yin yue guang pan"
    assert said["SHO03"] == "le fu xie"
    assert said["COS09"] == "mu yu lu"
    assert said["WAT06"] == "18k jin wan biao"


@pytest.mark.parametrize("query", ["stb", "shoutibao", "shou ti", "手提包", "shouti b"])
def test_a_handbag_is_found_however_its_pinyin_is_typed(query: str) -> None:
    assert _codes(query)[0] == "BAG01"


@pytest.mark.parametrize("query", ["lv cha", "lvcha", "lü cha", "ＬＶＣＨＡ"])
def test_green_tea_is_found_by_either_spelling_of_its_vowel(query: str) -> None:
    assert _codes(query)[0] == "FOO13"


def test_pinyin_that_does_not_agree_with_its_initials_is_told() -> None:
    header = HEADER.replace("pinyin,", "pinyin,syllables,")
    for syllables in ("shou ti", "Shou Ti Bao", "shou  ti bao"):
        with pytest.raises(Refused) as caught:
            load_goods(f"{header}BAG01,手提包,Bag,个,piece,13,stb,{syllables},,x [M]\n")
        assert caught.value.facts["column"] == "syllables"
    (goods,) = load_goods(f"{header}BAG01,手提包,Bag,个,piece,13,stb,,,x [M]\n")
    assert goods.syllables == ""
