"""Values as publishers write them, turned into values as people read them."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

import phonenumbers

from geo.errors import PostcodeError
from geo.postcode import Postcode

MAX_RAW_BYTES = 4096
# What publishers write where they have nothing to say.
_BLANK = {"", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "nil", "-", "--", "tbc", "?"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\u200b\ufeff\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HOST = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][ABD-HJLNP-UW-Z]{2})")
_USUAL_ADDRESS = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?:/[\w./?=&%#+,:~-]*)?",
    re.ASCII,
)
_USUAL_NUMBER = re.compile(r"(?:\+44 ?(?:\(0\) ?)?|0)?([1-9][\d -]{7,13}\d)", re.ASCII)
_SEVERAL_NUMBERS = re.compile(r"\s*(?:[/;|,]|\bor\b|\band\b)\s*")

# Words that stay in capitals, or in small letters, when a shouted name is set in title case.
_CAPITALS = {
    "NHS", "GP", "GPS", "PCN", "CIC", "UK", "YMCA", "YWCA", "WI", "RAF", "RNLI", "RSPB", "RVS",
    "BMI", "PCC", "MP", "TV", "DIY", "II", "III", "IV", "VI", "VII", "VIII", "USA", "CE", "RC",
    "URC", "LGBT", "AFC", "FC", "CC", "RFC", "RLFC", "ICC", "OOH", "LLP", "BHF", "PDSA", "MS",
}  # fmt: skip
_SMALL = {"and", "of", "the", "at", "in", "on", "by", "for", "with", "to", "le", "de", "la",
          "en", "under", "upon", "cum", "y", "yr"}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)*")
_POSTCODE_LIKE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")


def clean_text(text: object) -> str | None:
    """Return `text` in NFC on one line with single spaces, or None where it says nothing.

    NUL, lone surrogates and other characters PostgreSQL or a page cannot hold are taken out; "NA",
    "N/A", "-" and the like mean nothing.
    """
    if text is None or text == "":
        return None
    squeezed = text if isinstance(text, str) else str(text)
    if not (squeezed.isascii() and squeezed.isprintable()):
        squeezed = unicodedata.normalize("NFC", _CONTROL.sub("", squeezed))
        squeezed = " ".join(squeezed.split())
    elif "  " in squeezed or squeezed[0] == " " or squeezed[-1] == " ":
        squeezed = " ".join(squeezed.split())
    if len(squeezed) < 5 and squeezed.casefold() in _BLANK:
        return None
    return squeezed


def title_case(text: str) -> str:
    """Return a name or address that is all in capitals as people write it; others unchanged.

    "THE DENSHAM SURGERY" → "The Densham Surgery", "ST JOHN'S" → "St John's", "MCKENZIE" →
    "McKenzie"; NHS, GP and the like, postcodes and words without a vowel stay as they are.
    A single short word ("YMCA") may be a name in capitals and is left alone.
    """
    if not text.isupper() or (len(text) < 6 and " " not in text):
        return text
    kept = [match.span() for match in _POSTCODE_LIKE.finditer(text)]

    def set_word(match: re.Match[str]) -> str:
        word = match.group(0)
        if any(start <= match.start() < end for start, end in kept):
            return word
        return _set_word(word, text[: match.start()])

    return _WORD.sub(set_word, text)


def _set_word(word: str, before: str) -> str:
    if before[-1:].isdigit():
        return word.casefold() if word in {"ST", "ND", "RD", "TH"} else word  # "1ST", "12A"
    if word in _CAPITALS or (len(word) > 1 and not re.search("[AEIOUY]", word)):
        return {"ST": "St", "DR": "Dr", "MR": "Mr", "MRS": "Mrs", "RD": "Rd", "LTD": "Ltd"}.get(
            word, word
        )
    small = word.casefold()
    begins_phrase = not before.strip() or before.rstrip()[-1] in ",(:/&" or before.endswith("- ")
    if small in _SMALL and not begins_phrase:
        return small
    if len(small) > 4 and small.startswith("mc"):
        return "Mc" + small[2:].capitalize()
    parts = re.split("(['\N{RIGHT SINGLE QUOTATION MARK}])", small)
    if len(parts) == 3:
        # O'BRIEN is two names in one; JOHN'S and I'LL are not.
        last = parts[2].capitalize() if len(parts[0]) == 1 else parts[2]
        return parts[0].capitalize() + parts[1] + last
    return small.capitalize()


def phone_number(text: str) -> str | None:
    """Return a British telephone number as people dial and read it, or None if it is none.

    A leading zero that a spreadsheet dropped is put back ("7976848608" → "07976 848608"). Of
    several numbers in one field the first that can be dialled is taken.
    """
    for part in [text, *_SEVERAL_NUMBERS.split(text)]:
        # A number kept as a decimal: "1616275874.0".
        digits = part.removesuffix(".0")
        usual = _USUAL_NUMBER.fullmatch(digits)
        if usual:
            national = re.sub(r"\D", "", usual.group(1))
            if len(national) in {9, 10} and (groups := _groups_of(national[:7], len(national))):
                whole = "0" + national
                return " ".join(whole[start:end] for start, end in groups)
        try:
            number = phonenumbers.parse(digits, "GB")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            style = (
                phonenumbers.PhoneNumberFormat.NATIONAL
                if number.country_code == 44
                else phonenumbers.PhoneNumberFormat.INTERNATIONAL
            )
            return phonenumbers.format_number(number, style)
    return None


@lru_cache(maxsize=100_000)
def _groups_of(first_seven: str, length: int) -> tuple[tuple[int, int], ...] | None:
    """Return where a national number is cut into groups, or None if it cannot be dialled.

    The first seven digits decide both in the British numbering plan (a test compares), which is
    thirty times quicker than asking about each number.
    """
    number = phonenumbers.PhoneNumber(
        country_code=44, national_number=int(first_seven.ljust(length, "0"))
    )
    if first_seven.startswith("0") or not phonenumbers.is_valid_number(number):
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    ends = list(accumulate(map(len, written.split())))
    return tuple(zip([0, *ends], ends, strict=False))


def postcode(text: str) -> str | None:
    """Return a full postcode with its space ("bd11af" → "BD1 1AF"), or None if it cannot be one.

    The usual shape is taken by itself: a full parse is fifty times slower, and whether a postcode
    exists is the database's to say.
    """
    squeezed = text.replace(" ", "").upper()
    usual = _POSTCODE.fullmatch(squeezed)
    if usual:
        return f"{usual.group(1)} {usual.group(2)}"
    try:
        return str(Postcode.parse(text))
    except PostcodeError:
        return None


def web_address(text: str) -> str | None:
    """Return an http or https address, with https:// put before a bare one; None if it is none."""
    candidate = text.split(maxsplit=1)[0].rstrip(".,;")
    if "://" not in candidate:
        candidate = f"https://{candidate.removeprefix('//')}"
    if _USUAL_ADDRESS.fullmatch(candidate):
        return candidate
    try:
        parts = urlsplit(candidate)
        host = parts.hostname or ""
    except ValueError:
        return None
    is_web = parts.scheme.lower() in {"http", "https"} and parts.username is None
    is_safe = not any(sign in candidate for sign in "\"'<>`{}\\^|")
    if is_web and is_safe and _HOST.fullmatch(host):
        return candidate
    return None


def email_address(text: str) -> str | None:
    """Return the first e-mail address in `text`, or None if there is none."""
    match = _EMAIL.search(text.removeprefix("mailto:"))
    return match.group(0) if match else None


def json_safe(raw: dict[str, Any] | None) -> str | None:
    """Return `raw` as JSON of at most 4 kB that PostgreSQL takes, or None.

    Long values are cut and marked with "…"; what is then still too long loses its last fields.
    """
    if raw is None:
        return None
    longest = 1000
    kept = {_plain(key, 100): _plain(value, longest) for key, value in raw.items()}
    kept = {key: value for key, value in kept.items() if value not in (None, "")}
    while True:
        text = json.dumps(kept, ensure_ascii=False)
        if len(text.encode()) <= MAX_RAW_BYTES:
            return text
        if longest > 60:
            longest //= 2
            kept = {key: _plain(value, longest) for key, value in kept.items()}
        else:
            kept.popitem()
            kept["…"] = "more fields were left out"
            while len(json.dumps(kept, ensure_ascii=False).encode()) > MAX_RAW_BYTES:
                kept.pop(next(iter(reversed([key for key in kept if key != "…"]))))


def _plain(value: object, longest: int) -> Any:  # noqa: ANN401 - any JSON scalar
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = _CONTROL.sub("", str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"
