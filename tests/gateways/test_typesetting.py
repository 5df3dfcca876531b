"""What the typesetter promises: PDF/A, our fonts alone, every glyph or a no, no markup."""

from __future__ import annotations

import threading
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.gateways.typesetting import TypstTypesetter
from refund.places import fonts_folder, papers_folder
from refund.web import papers
from refund.web.paper_frame import head
from refund.web.paper_languages import NONE
from refund.web.paper_money import receipt_words
from tests import make, pdf, sheets
from tests.world import TYPESETTER, World


def test_a_paper_is_pdf_a_2b_with_every_font_in_it(world: World) -> None:
    content = papers.application_pdf(world.ports, sheets.application(), "ja")
    assert pdf.standard(content) == ("2", "B")
    assert pdf.fonts_not_embedded(content) == 0
    assert b"/OutputIntents" in content


def test_the_same_sheet_at_the_same_moment_is_the_same_file(world: World) -> None:
    first = papers.application_pdf(world.ports, sheets.application())
    assert papers.application_pdf(world.ports, sheets.application()) == first
    world.clock.at += timedelta(days=1)
    assert papers.application_pdf(world.ports, sheets.application()) != first


@pytest.mark.parametrize(
    "name",
    [
        '#import "x": *',
        '"] #panic("no") [',
        "$x^2$ *bold* _it_ `raw` @ref <label>",
        "\\u{41} // gone",
        "= A HEADING",
        "{{ 7 * 7 }} & <b>",
        "“QUOTED” 'SINGLE' \"DOUBLE\" -- ---",
    ],
)
def test_text_is_never_markup(world: World, name: str) -> None:
    sheet = sheets.receipt(traveller_name=name)
    assert name in pdf.text(papers.receipt_pdf(world.ports, sheet, "fr"))


@pytest.mark.parametrize(
    ("name", "point"), [("ཀ", "U+0F40"), ("𒀀", "U+12000"), ("\u0007", "U+0007")]
)
def test_a_character_that_no_font_has_is_named(world: World, name: str, point: str) -> None:
    sheet = sheets.application(make.traveller(local_name=f"陳{name}文"))
    with pytest.raises(Refused) as refused:
        papers.application_pdf(world.ports, sheet)
    assert refused.value.code == "glyph_missing"
    assert refused.value.facts["points"] == point
    assert refused.value.facts["characters"] == (name if name.isprintable() else "")


def test_a_strip_is_looked_through_for_characters_too(world: World) -> None:
    store = make.store(name_zh="店ཀ")
    handed = sheets.slip()
    with pytest.raises(Refused, match="glyph_missing"):
        papers.slip_strip(
            world.ports, type(handed)(handed.form, store, handed.traveller, (), "1" * 6)
        )


def test_eight_characters_are_named_and_the_rest_counted() -> None:
    with pytest.raises(Refused) as refused:
        TYPESETTER.pdf("slip", {"any": "".join(chr(0x0F40 + one) for one in range(10))}, make.NOON)
    assert len(str(refused.value.facts["points"]).split()) == 8
    assert refused.value.facts["more"] == 2


@pytest.mark.parametrize(
    "name",
    ["ประยุทธ์", "श्रीमती", "בנימין", "Nguyễn Thị Minh Khai", "Ἀλέξανδρος", "გიორგი", "Հայկ",
     "សុខ", "ສົມຊາຍ", "အောင်", "রহিম", "தமிழ்", "می\u200cخواهم", "〇丗㐂𠮷", "Ўзбек Ҷон"],
)  # fmt: skip
def test_names_in_the_scripts_of_the_neighbours_can_be_printed(world: World, name: str) -> None:
    sheet = sheets.application(make.traveller(local_name=name))
    content = papers.application_pdf(world.ports, sheet)
    assert pdf.fonts_not_embedded(content) == 0


SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1H0z"/></svg>'
KNOWN = "".join(
    chr(point)
    for point in sorted(TYPESETTER.characters)
    if unicodedata.category(chr(point))[0] in "LMNP"
)
MARKS = "".join(one for one in KNOWN if unicodedata.category(one)[0] == "M") + "\u200d\ufe0f"


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from(KNOWN) | st.sampled_from(MARKS) | st.just(" "), max_size=80))
def test_what_the_look_up_lets_through_can_be_set(text: str) -> None:
    """However marks and letters of different fonts stand together: no glyph is missing then."""
    words = head("settlement", NONE, text, {})
    empty = dict.fromkeys(("month", "phone", "closed_at", "closed_by", "digest"), "")
    sums = dict.fromkeys(("sales", "gross", "fee", "net", "forms"), "")
    whole = {**words, **empty, "agency": ["", ""], "lines": [], "totals": [], "total": sums}
    content = TYPESETTER.pdf("settlement", {**whole, "qr": SQUARE}, make.NOON)
    assert pdf.standard(content) == ("2", "B")


def test_no_font_of_the_machine_is_used(world: World) -> None:
    """DejaVu and Liberation stand on many machines, and have characters that ours lack."""
    with pytest.raises(Refused, match="glyph_missing"):
        papers.receipt_pdf(world.ports, sheets.receipt(traveller_name="♞ ⚀"))


def test_threads_set_papers_at_the_same_time(world: World) -> None:
    setter = TypstTypesetter(papers_folder(), fonts_folder())
    words = receipt_words(world.ports, sheets.receipt(), "ar")
    made: list[bytes] = []
    begin = threading.Barrier(6)

    def work() -> None:
        begin.wait()
        made.extend(setter.pdf("receipt", words, make.NOON) for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 18
    assert len(set(made)) == 1
