"""Postcodes as people write them, and what is none."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import PostcodeError
from geo.postcode import Postcode

# One of each of the six shapes, all real.
SHAPES = ["M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 0AX", "EC1A 1BB"]


@pytest.mark.parametrize("postcode", SHAPES)
def test_all_shapes_are_known(postcode: str) -> None:
    assert str(Postcode.parse(postcode)) == postcode


@given(st.sampled_from([*SHAPES, "BD1 1AF", "OL9 6AA"]), st.data())
def test_case_and_spaces_do_not_matter(postcode: str, data: st.DataObject) -> None:
    letters = postcode.replace(" ", "")
    typed = "".join(
        data.draw(st.sampled_from(["", " ", "  ", "\t", "\N{NO-BREAK SPACE}"]))
        + (letter.lower() if data.draw(st.booleans()) else letter)
        for letter in letters
    )
    assert Postcode.parse(typed) == Postcode(postcode)


@pytest.mark.parametrize(
    ("postcode", "area"), [("BD1 1AF", "BD"), ("M1 1AE", "M"), ("EC1A 1BB", "EC")]
)
def test_area_is_the_letters_it_starts_with(postcode: str, area: str) -> None:
    assert Postcode.parse(postcode).area == area


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "BD1",
        "BD",
        "BD1 1A",
        "BD1 1AFX",
        "1BD 1AF",
        "BD1-1AF",
        "12345",
        "Bradford",
        "BD1 1AF, Bradford",
        "BD1 1A\x00F",
        "\ud800",
        "BD1 1AF" * 10,
        "<script>",
        "BD1 1\N{GREEK CAPITAL LETTER ALPHA}F",
        "BDI 1AF",  # a letter for a figure: we do not guess where somebody lives
    ],
)
def test_what_is_no_postcode_gets_one_sentence(text: str) -> None:
    with pytest.raises(PostcodeError, match=r"^That is not a full postcode\. Write it like"):
        Postcode.parse(text)


@given(st.text())
def test_any_text_is_a_postcode_or_is_refused(text: str) -> None:
    try:
        found = Postcode.parse(text)
    except PostcodeError:
        return
    assert Postcode.parse(found.text) == found
    assert set(found.text) <= set(string.ascii_uppercase + string.digits + " ")
    assert found.text.count(" ") == 1
    assert found.text.replace(" ", "") == "".join(text.split()).upper()


def test_postcodes_are_values() -> None:
    assert len({Postcode.parse("bd11af"), Postcode.parse("BD1 1AF")}) == 1
