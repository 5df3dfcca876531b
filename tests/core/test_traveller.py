"""Three documents are accepted; names and numbers are read strictly; mainland residents are not."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund.core.errors import Refused
from refund.core.nationalities import NATIONALITIES, NATIONALITY_BY_CODE, read_nationality
from refund.core.traveller import (
    DocumentKind,
    IdentityDocument,
    Traveller,
    document_key,
    eligibility,
    read_document,
    read_latin_name,
    read_local_name,
)

DAY = date(2025, 7, 8)
PERMIT = IdentityDocument(DocumentKind.HK_MACAO_PERMIT, "H12345678")
HONGKONGER = Traveller("LI KA MING", "李嘉明", "HKG", PERMIT, document_expiry=date(2030, 1, 1))
PASSPORT = IdentityDocument(DocumentKind.PASSPORT, "TK1234567")


@pytest.mark.rule("documents_accepted")
@pytest.mark.parametrize(
    ("kind", "typed", "number"),
    [
        ("passport", "tk1234567", "TK1234567"),
        ("passport", "L898902C3", "L898902C3"),
        ("passport", "D23145890734", "D23145890734"),
        ("hk_macao_permit", " h1234 5678\r", "H12345678"),
        ("hk_macao_permit", "M1234567801", "M1234567801"),
        ("taiwan_permit", "12345678", "12345678"),
        ("taiwan_permit", "1234567801", "1234567801"),
        ("taiwan_permit", "12345678a1", "12345678A1"),
    ],
)
def test_the_three_documents_are_read(kind: str, typed: str, number: str) -> None:
    document = read_document(kind, typed)
    assert document == IdentityDocument(DocumentKind(kind), number)
    assert document_key(document) == f"{kind}:{number}"


@pytest.mark.rule("documents_accepted")
@pytest.mark.parametrize(
    ("kind", "number", "code", "field"),
    [
        ("", "TK1234567", "no_valid_document", "kind"),
        ("driving_licence", "TK1234567", "no_valid_document", "kind"),
        ("passport", " ", "field_missing", "number"),
        ("passport", "TK12", "document_number_unreadable", "number"),
        ("passport", "TK-1234567", "document_number_unreadable", "number"),
        ("passport", "ＴＫ1234567", "document_number_unreadable", "number"),
        ("passport", "ABCDEFGH", "document_number_unreadable", "number"),
        ("passport", "1" * 16, "document_number_unreadable", "number"),
        ("passport", "1" * 100_000, "document_number_unreadable", "number"),
        ("passport", "ß12345678", "document_number_unreadable", "number"),
        ("hk_macao_permit", "Ｈ１２３４５６７８", "document_number_unreadable", "number"),
        ("hk_macao_permit", "H1234567", "document_number_unreadable", "number"),
        ("hk_macao_permit", "A12345678", "document_number_unreadable", "number"),
        ("hk_macao_permit", "C12345678", "document_not_accepted", "number"),
        ("hk_macao_permit", "ca1234567", "document_not_accepted", "number"),
        ("hk_macao_permit", "W12345678", "document_not_accepted", "number"),
        ("taiwan_permit", "L12345678", "document_not_accepted", "number"),
        ("taiwan_permit", "T12345678", "document_not_accepted", "number"),
        ("taiwan_permit", "1234567", "document_number_unreadable", "number"),
    ],
)
def test_another_document_is_refused_beside_its_field(
    kind: str, number: str, code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_document(kind, number, "number", "kind")
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(Refused) as refused:
        read_document("hk_macao_permit", "H1234")
    assert "H1234" not in str(refused.value.facts)


@given(st.sampled_from([kind.value for kind in DocumentKind]), st.text())
def test_no_number_is_more_than_refused(kind: str, typed: str) -> None:
    try:
        document = read_document(kind, typed)
    except Refused:
        return
    assert document.number.isascii()
    assert document.number.isalnum()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("li  ka ming ", "LI KA MING"),
        ("O'Neill, Mary-Anne", "O'NEILL, MARY-ANNE"),
        ("Müller Jürgen", "MÜLLER JÜRGEN"),
        ("Mu\u0308ller", "MÜLLER"),
        ("Strauß", "STRAUSS"),
    ],
)
def test_a_latin_name_is_kept_in_capitals(typed: str, name: str) -> None:
    assert read_latin_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "field_missing"),
        ("   ", "field_missing"),
        ("李嘉明", "field_unreadable"),
        ("ＬＩ", "field_unreadable"),
        ("LI\x00KA", "field_unreadable"),
        ("LI\u202eKA", "field_unreadable"),
        ("LI2", "field_unreadable"),
        ("LI<<KA", "field_unreadable"),
        ("'-.", "field_unreadable"),
        ("\ud800", "field_unreadable"),
        ("A" * 61, "field_too_long"),
        ("ß" * 60, "field_too_long"),
        ("A" * 1_000_000, "field_too_long"),
    ],
)
def test_what_is_no_latin_name_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_latin_name(typed, "latin_name")
    assert (refused.value.code, refused.value.field) == (code, "latin_name")


def test_an_unreadable_character_is_named_by_place() -> None:
    with pytest.raises(Refused) as refused:
        read_latin_name("LI\x07KA")
    assert refused.value.facts == {"position": 3, "character": "U+0007"}


@pytest.mark.parametrize(
    "typed", ["李嘉明", "김 민준", "مریم می\u200cخواهد", "สมชาย", "", "欧阳·娜娜", "O’Neill"]
)
def test_a_local_name_keeps_its_own_script(typed: str) -> None:
    assert read_local_name(typed) == typed


@pytest.mark.parametrize(
    "typed", ["李\x00", "李\n\x1b[31m", "李\u202e", "\ud800", "李\u2028明", "<b>"]
)
def test_a_local_name_has_no_control_characters(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        read_local_name(typed)
    assert refused.value.code == "field_unreadable"


def test_a_local_name_has_forty_characters_at_most() -> None:
    assert read_local_name("李" * 40) == "李" * 40
    with pytest.raises(Refused) as refused:
        read_local_name("李" * 41)
    assert (refused.value.code, refused.value.facts) == ("field_too_long", {"most": 40})


@given(st.text())
def test_no_name_is_more_than_refused(typed: str) -> None:
    for read in (read_latin_name, read_local_name):
        try:
            name = read(typed, "name")
        except Refused:
            continue
        assert name.encode("utf-8").decode("utf-8") == name


@pytest.mark.rule("traveller_eligible")
def test_a_compatriot_with_a_permit_is_eligible() -> None:
    assert eligibility(HONGKONGER, DAY) == []
    assert eligibility(replace(HONGKONGER, nationality="CHN"), DAY) == []


def test_a_foreigner_with_a_permit_is_eligible() -> None:
    assert eligibility(replace(HONGKONGER, nationality="GBR"), DAY) == []


@pytest.mark.rule("traveller_eligible")
def test_a_foreigner_with_a_passport_is_eligible() -> None:
    assert eligibility(replace(HONGKONGER, nationality="JPN", document=PASSPORT), DAY) == []


@pytest.mark.rule("traveller_eligible")
def test_a_mainland_resident_is_not_eligible() -> None:
    resident = replace(HONGKONGER, nationality="CHN", document=PASSPORT)
    assert [reason.code for reason in eligibility(resident, DAY)] == ["traveller_not_eligible"]


@pytest.mark.parametrize(
    ("nationality", "wanted"),
    [("HKG", "hk_macao_permit"), ("MAC", "hk_macao_permit"), ("TWN", "taiwan_permit")],
)
def test_a_compatriot_shows_the_permit_and_not_a_passport(nationality: str, wanted: str) -> None:
    (reason,) = eligibility(replace(HONGKONGER, nationality=nationality, document=PASSPORT), DAY)
    assert (reason.code, reason.facts) == ("document_not_accepted", {"wanted": wanted})


def test_a_document_is_good_on_its_last_day_and_not_on_the_next() -> None:
    ending = replace(HONGKONGER, document_expiry=DAY)
    assert eligibility(ending, DAY) == []
    (reason,) = eligibility(ending, date(2025, 7, 9))
    assert (reason.code, reason.facts) == ("document_expired", {"expiry": DAY})


def test_all_reasons_are_named_at_once() -> None:
    resident = replace(HONGKONGER, nationality="CHN", document=PASSPORT, document_expiry=DAY)
    codes = [reason.code for reason in eligibility(resident, date(2026, 1, 1))]
    assert codes == ["traveller_not_eligible", "document_expired"]


def test_nationalities_are_many_and_each_code_is_there_once() -> None:
    assert len(NATIONALITIES) == len(NATIONALITY_BY_CODE) >= 200
    assert {"HKG", "MAC", "TWN", "CHN", "D", "JPN", "USA", "XXA"} <= set(NATIONALITY_BY_CODE)
    assert len({nationality.en for nationality in NATIONALITIES}) == len(NATIONALITIES)
    assert len({nationality.zh for nationality in NATIONALITIES}) == len(NATIONALITIES)


def test_a_nationality_is_read_as_the_machine_readable_zone_writes_it() -> None:
    assert read_nationality(" jpn ") == "JPN"
    assert read_nationality("DEU") == read_nationality("d") == "D"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "field_missing"), ("UTO", "field_unreadable"), ("ＪＰＮ", "field_unreadable")],
)
def test_an_unknown_nationality_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_nationality(typed, "nationality")
    assert (refused.value.code, refused.value.field) == (code, "nationality")
