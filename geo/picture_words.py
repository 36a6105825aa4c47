"""Words for pictures: what the font can draw, how wide it is, and where a line ends.

One font, the one matplotlib brings along, so that a picture is the same on every machine.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from geo.popups import readable

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

DOTS_PER_INCH = 100
# What stands for a character the font does not have.
NO_GLYPH = "\N{WHITE SQUARE}"
# Hinting moves letters by parts of a pixel: that much more room is allowed for.
MARGIN = 1.03
_MEASURED_AT = 100


@cache
def font_file(*, is_bold: bool = False) -> Path:
    """Return the font's file; it comes with matplotlib."""
    # Imported where it is used: it takes half a second, and only pictures need it
    import matplotlib as mpl  # noqa: PLC0415

    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name


@cache
def _drawn_characters() -> frozenset[str]:
    from matplotlib.font_manager import get_font  # noqa: PLC0415

    known = [get_font(font_file(is_bold=bold)).get_charmap() for bold in (False, True)]
    return frozenset(chr(code) for code in known[0].keys() & known[1].keys())


def drawable(text: object) -> str:
    """Return `text` in one line of characters the font has.

    Line ends and tabs become spaces; marks that only steer the direction of text go, because a
    name must not turn round what stands beside it; what the font lacks becomes a white square.
    """
    words = " ".join(readable(text).split())
    has = _drawn_characters()
    return "".join(
        character if character in has else NO_GLYPH
        for character in unicodedata.normalize("NFC", words)
        if unicodedata.category(character) not in {"Cc", "Cf", "Cn", "Co", "Cs"}
    )


@cache
def _advance(character: str, *, is_bold: bool) -> float:
    """Return how far the pen moves on for a character, as a share of the size."""
    from matplotlib.font_manager import get_font  # noqa: PLC0415
    from matplotlib.ft2font import LoadFlags  # noqa: PLC0415

    font = get_font(font_file(is_bold=is_bold))
    font.set_size(_MEASURED_AT, DOTS_PER_INCH)
    glyph = font.load_char(ord(character), flags=LoadFlags.NO_HINTING)
    advance_px: float = glyph.linearHoriAdvance / 65536
    return advance_px * 72 / DOTS_PER_INCH / _MEASURED_AT


def font_of(size_px: float, *, is_bold: bool = False) -> FontProperties:
    """Return the font at a size in pixels."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415

    return FontProperties(fname=font_file(is_bold=is_bold), size=size_px * 72 / DOTS_PER_INCH)


class Measure:
    """How much room words take, in pixels; `text` has always gone through `drawable`.

    Character by character, and a little more than is drawn: letters that join or lean on one
    another take less. Drawing every try to see its width would take minutes for hostile words.
    """

    def width(self, text: str, size_px: float, *, is_bold: bool = False) -> float:
        """Return how wide a line is at most."""
        return size_px * MARGIN * sum(_advance(one, is_bold=is_bold) for one in text)

    def fit(self, text: str, size_px: float, room_px: float, *, is_bold: bool = False) -> str:
        """Return as much of a line as there is room for, with "…" where it was cut."""
        taken = self._count(text, size_px, room_px, is_bold=is_bold)
        if taken == len(text):
            return text
        room_px -= self.width("…", size_px, is_bold=is_bold)
        taken = self._count(text, size_px, room_px, is_bold=is_bold)
        return text[:taken].rstrip() + "…"

    def _count(self, text: str, size_px: float, room_px: float, *, is_bold: bool) -> int:
        """Return how many characters of a text there is room for."""
        left = room_px / size_px / MARGIN
        for number, character in enumerate(text):
            left -= _advance(character, is_bold=is_bold)
            if left < 0:
                return number
        return len(text)

    def wrap(
        self,
        text: str,
        size_px: float,
        room_px: float,
        *,
        most: int | None = None,
        is_bold: bool = False,
    ) -> list[str]:
        """Return `text` in lines that fit; with `most`, the last one is cut with "…"."""
        lines: list[str] = []
        line, filled = "", 0.0
        space = self.width(" ", size_px, is_bold=is_bold)
        for word in self._pieces(text, size_px, room_px, is_bold=is_bold):
            wide = self.width(word, size_px, is_bold=is_bold)
            if line and filled + space + wide <= room_px:
                line, filled = f"{line} {word}", filled + space + wide
            else:
                lines += [line] if line else []
                line, filled = word, wide
        lines += [line] if line else []
        if most is not None and len(lines) > most:
            rest = " ".join(lines[most - 1 :])
            lines = [*lines[: most - 1], self.fit(rest, size_px, room_px, is_bold=is_bold)]
        return lines

    def _pieces(self, text: str, size_px: float, room_px: float, *, is_bold: bool) -> list[str]:
        """Return the words of a text; one that is longer than a line in several pieces."""
        pieces = []
        for word in text.split():
            rest = word
            while rest:
                taken = max(1, self._count(rest, size_px, room_px, is_bold=is_bold))
                pieces.append(rest[:taken])
                rest = rest[taken:]
        return pieces
