"""What every page promises, checked on each page that a test fetches."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

import html5lib
from werkzeug.test import TestResponse

from refund.web.security import FIELD

VOID_OF_LABELS = {"hidden", "submit", "button", "image", "reset"}
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list")


@dataclass(frozen=True, slots=True)
class Page:
    """A page that kept every promise, ready to be asked what it says."""

    root: ET.Element
    status: int

    @property
    def text(self) -> str:
        """All that can be read, blanks joined."""
        return " ".join(" ".join(self.root.itertext()).split())

    @property
    def h1(self) -> str:
        """The heading of the page."""
        return _text(next(self.root.iter("h1")))

    @property
    def token(self) -> str:
        """The token that the page's forms carry."""
        return self.value(FIELD)

    def named(self, name: str) -> ET.Element:
        """The field of a name; a page that lacks it fails the test."""
        found = [e for e in self.root.iter() if e.get("name") == name]
        assert found, f"no field is named {name}"
        return found[0]

    def value(self, name: str) -> str:
        """What a field holds: typed text, a textarea's text, or the choice."""
        field = self.named(name)
        if field.tag == "textarea":
            return "".join(field.itertext())
        if field.tag == "select":
            chosen = [o for o in field.iter("option") if "selected" in o.attrib]
            return (chosen[0].get("value") or "") if chosen else ""
        if field.get("type") in {"radio", "checkbox"}:
            same = [e for e in self.root.iter("input") if e.get("name") == name]
            return next((e.get("value") or "" for e in same if "checked" in e.attrib), "")
        return field.get("value") or ""

    def error(self, name: str) -> str:
        """What is said beside a field; nothing when all is well with it."""
        return _text(self.by_id(f"f-{name}-error"))

    def by_id(self, element_id: str) -> ET.Element | None:
        """The element of an id, if any."""
        return next((e for e in self.root.iter() if e.get("id") == element_id), None)

    def links(self) -> list[str]:
        """Where the page leads."""
        return [a.get("href") or "" for a in self.root.iter("a")]

    def statuses(self) -> list[str]:
        """The words of all states that are shown as badges."""
        return [e.get("data-status") or "" for e in self.root.iter() if e.get("data-status")]


def check_page(response: TestResponse) -> Page:
    """Check a whole page, and hand it over for further questions."""
    page = check_fragment(response)
    html = page.root
    assert html.get("lang"), "the page does not say its language"
    assert len(list(html.iter("h1"))) == 1, "a page has exactly one h1"
    title = _text(next(html.iter("title")))
    assert len({part.strip() for part in title.split("·")} - {""}) > 1, f"no own title: {title}"
    said = "SIMULATION" in page.text or "REHEARSAL" in page.text
    assert said, "the page does not say that it is a simulation"
    return page


def check_fragment(response: TestResponse) -> Page:
    """Check what is only a part of a page, as htmx fetches it."""
    assert response.mimetype == "text/html", response.mimetype
    text = response.get_data(as_text=True)
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    is_whole = text.lstrip().lower().startswith("<!doctype")
    root = parser.parse(text if is_whole else f"<!DOCTYPE html><title>part</title>{text}")
    _nothing_inline(root)
    _ids_hold(root)
    _fields_are_labelled(root)
    _forms_carry_the_token(root)
    for mark in ("%(", "{{", "{%"):
        assert mark not in "".join(root.itertext()), f"{mark} is left in the page"
    return Page(root, response.status_code)


def _text(element: ET.Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _nothing_inline(root: ET.Element) -> None:
    for element in root.iter():
        if element.tag == "script":
            assert element.get("src"), "a script stands in the page"
            assert not (element.text or "").strip(), "a script stands in the page"
        assert element.tag != "style", "a style stands in the page"
        for name, value in element.attrib.items():
            assert name != "style", f"{element.tag} has a style of its own: {value}"
            assert not str(name).startswith("on"), f"{element.tag} handles {name} inline"
            assert not str(name).startswith("hx-on"), f"{element.tag} handles {name} inline"
            assert not value.strip().lower().startswith("javascript:"), value


def _ids_hold(root: ET.Element) -> None:
    ids = [e.get("id") or "" for e in root.iter() if e.get("id")]
    twice = {one for one in ids if ids.count(one) > 1}
    assert not twice, f"ids stand twice: {sorted(twice)}"
    whole = next(root.iter("h1"), None) is not None
    for element in root.iter():
        for name in REFERENCES:
            for wanted in (element.get(name) or "").split():
                assert not whole or wanted in ids, f"{name} names {wanted}, which is not there"
    if whole:
        for link in root.iter("a"):
            target = link.get("href") or ""
            if target.startswith("#"):
                assert target[1:] in ids, f"{target} leads nowhere"


def _fields_are_labelled(root: ET.Element) -> None:
    named = {label.get("for") for label in root.iter("label")}
    wrapped = {id(inner) for label in root.iter("label") for inner in label.iter()}
    for field in root.iter():
        if field.tag not in {"input", "select", "textarea"}:
            continue
        if field.tag == "input" and field.get("type") in VOID_OF_LABELS:
            continue
        labelled = (
            field.get("id") in named
            or id(field) in wrapped
            or field.get("aria-label")
            or field.get("aria-labelledby")
        )
        assert labelled, f"{field.get('name')} has no label"
    for button in root.iter("button"):
        assert _text(button) or button.get("aria-label"), "a button says nothing"


def _forms_carry_the_token(root: ET.Element) -> None:
    for form in root.iter("form"):
        if (form.get("method") or "get").lower() == "post":
            tokens = [e for e in form.iter("input") if e.get("name") == FIELD]
            assert len(tokens) == 1, "a posted form carries the token once"
            assert tokens[0].get("value"), "the token is empty"
