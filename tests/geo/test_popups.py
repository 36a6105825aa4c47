"""Other people's words stay words, whatever they are pasted into."""

from __future__ import annotations

import html
import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import UnsafeLinkError
from geo.popups import popup_text, readable, safe_link, script_json

DANGEROUS = "&<>\"'`$\\{}"


@given(st.text())
def test_popup_text_holds_no_character_that_html_or_javascript_acts_on(text: str) -> None:
    encoded = popup_text(text)
    without_entities = encoded.replace("&#", "")
    assert not set(DANGEROUS) & set(without_entities)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_popup_text_is_read_back_as_the_text_it_was(text: str) -> None:
    assert html.unescape(popup_text(text)) == text


def test_nothing_is_shown_for_none() -> None:
    assert popup_text(None) == ""


@pytest.mark.parametrize("unreadable", ["\x00", "\x1b", "\ud800", "\x7f"])
def test_what_no_reader_can_see_becomes_the_replacement_character(unreadable: str) -> None:
    assert readable(f"a{unreadable}b") == "a\ufffdb"
    assert popup_text(f"a{unreadable}b").encode() == "a\ufffdb".encode()


class _DataBlock(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs or tag == "script"
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_script_json_cannot_end_its_script_and_says_the_same(texts: list[str]) -> None:
    texts = [*texts, "</script><script>alert(1)</script>", "<!--<script>", "\u2028\u2029", "]]>"]
    written = script_json(texts)
    assert not set("<>&\u2028\u2029") & set(written)
    block = _DataBlock()
    block.feed(f'<script type="application/json">{written}</script>')
    assert block.tags == ["script"]
    assert json.loads(block.text) == texts


def test_script_json_never_writes_what_json_has_not() -> None:
    assert script_json([float("nan"), float("inf"), 1.5]) == "[null,null,1.5]"


@pytest.mark.parametrize("url", ["/assets/7", "/a?b=c&d=e#f", "https://example.org/x", "/"])
def test_pages_may_be_linked(url: str) -> None:
    assert safe_link(url) == url


@pytest.mark.parametrize("url", [None, ""])
def test_no_link_is_no_link(url: str | None) -> None:
    assert safe_link(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example/x",
        "/\\evil.example",
        "https:evil.example",
        "vbscript:x",
        "assets/7",
        "/a b",
        "/\x00",
        "/\ud800",
    ],
)
def test_anything_else_is_refused_by_name(url: str) -> None:
    with pytest.raises(UnsafeLinkError, match="cannot link to"):
        safe_link(url)
