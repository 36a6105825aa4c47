from __future__ import annotations

import json
import random

import phonenumbers
import pytest

from app.importers.normalise import (
    clean_text,
    email_address,
    json_safe,
    phone_number,
    title_case,
    web_address,
)
from app.importers.refuges import suspect_words


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  Two \n spaces\t", "Two spaces"),
        ("NA", None),
        ("n/a", None),
        ("-", None),
        ("", None),
        (None, None),
        ("Na Zdrowie", "Na Zdrowie"),
        ("nul\x00 and \ud800 lone", "nul and lone"),
        ("Cafe\u0301", "Caf\u00e9"),
        (3.5, "3.5"),
    ],
)
def test_clean_text(written: object, read: str | None) -> None:
    assert clean_text(written) == read


@pytest.mark.parametrize(
    "blank",
    [*" \t\n\r\f\v\u00a0\u202f\u3000\ufeff", *map(chr, range(0x2000, 0x200C)), " \u200b\u2003"],
)
def test_what_is_no_name_to_the_database_is_none_to_an_import(blank: str) -> None:
    # app.models.base.has_a_name refuses these: such a row has to be a problem, not a crash.
    assert clean_text(blank) is None


@pytest.mark.parametrize(
    ("shouted", "said"),
    [
        ("THE DENSHAM SURGERY", "The Densham Surgery"),
        ("ST JOHN'S MEDICAL CENTRE", "St John's Medical Centre"),
        ("THE NHS WALK IN CENTRE", "The NHS Walk in Centre"),
        ("DR MCKENZIE AND PARTNERS", "Dr McKenzie and Partners"),
        ("O'BRIEN HOUSE", "O'Brien House"),
        ("STOCKTON-ON-TEES", "Stockton-on-Tees"),
        ("GP PRACTICE, 12A HIGH STREET, BD1 1AF", "GP Practice, 12A High Street, BD1 1AF"),
        ("1ST FLOOR, HOUSE OF THE LAKE", "1st Floor, House of the Lake"),
        ("YMCA", "YMCA"),
        ("BRASS Bolton", "BRASS Bolton"),
        ("Already Fine", "Already Fine"),
    ],
)
def test_title_case(shouted: str, said: str) -> None:
    assert title_case(shouted) == said
    assert title_case(said) == said


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("7976848608", "07976 848608"),
        ("1616275874", "0161 627 5874"),
        ("1616275874.0", "0161 627 5874"),
        ("+44 (0)1274 432 000", "01274 432000"),
        ("0161 627 5874 / 0161 234 4322", "0161 627 5874"),
        ("01642 672351", "01642 672351"),
        ("ask inside", None),
        ("12", None),
    ],
)
def test_phone_number(written: str, read: str | None) -> None:
    assert phone_number(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("www.example.org", "https://www.example.org"),
        ("http://example.org/a?b=c", "http://example.org/a?b=c"),
        ("javascript:alert(1)", None),
        ("https://user@example.org", None),
        ("https://example.org/<script>", None),
        ("not known", None),
        ("http://[broken", None),
    ],
)
def test_web_address(written: str, read: str | None) -> None:
    assert web_address(written) == read


def test_phone_numbers_are_cut_as_the_numbering_plan_says() -> None:
    rng = random.Random(44)
    for _ in range(3000):
        start = rng.choice(("1", "2", "3", "7", "8", "169772", "17687", "7", "120", "800"))
        length = rng.choice((9, 10, 10, 10))
        national = start + "".join(rng.choices("0123456789", k=length - len(start)))
        number = phonenumbers.PhoneNumber(country_code=44, national_number=int(national))
        said = None
        if phonenumbers.is_valid_number(number):
            said = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        assert phone_number(national) == said, national


def test_email_address() -> None:
    assert email_address("mailto:a.b@example.org; c@example.org") == "a.b@example.org"
    assert email_address("ask the warden") is None


def test_json_safe_is_short_and_holds_no_nul() -> None:
    raw = {f"field {n}": "\x00é" * 5000 for n in range(300)} | {"nan": float("nan")}
    text = json_safe(raw)
    assert text is not None
    assert len(text.encode()) <= 4096
    assert "\\u0000" not in text
    assert json.loads(text)["field 0"].startswith("é")
    assert json_safe({"lon": float("inf"), "n": 1}) == '{"lon": "inf", "n": 1}'
    assert json_safe(None) is None


@pytest.mark.parametrize(
    "text",
    ["Mountain Refuge café", "Bradford Women's Aid", "A safe-house", "women\u2019s shelter",
     "Rape Crisis Centre", "Domestic abuse support", "social_facility=refuge"],
)  # fmt: skip
def test_refuges_are_suspected(text: str) -> None:
    assert suspect_words(None, text)


@pytest.mark.parametrize("text", ["Safer Streets", "House of the Lake", "Women's Institute"])
def test_others_are_not(text: str) -> None:
    assert suspect_words(text, None) is None
