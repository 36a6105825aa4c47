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
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

DOTS_PER_INCH = 100
# What stands for a character the font does not have.
NO_GLYPH = "\N{WHITE SQUARE}"
# The longest words anybody gives us are cut here before they are measured.
LONGEST_TEXT = 2_000


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
    words = " ".join(readable(text).split())[:LONGEST_TEXT]
    has = _drawn_characters()
    return "".join(
        character if character in has else NO_GLYPH
        for character in unicodedata.normalize("NFC", words)
        if unicodedata.category(character) not in {"Cc", "Cf", "Cn", "Co", "Cs"}
    )


class Measure:
    """How much room words take, in pixels."""

    def __init__(self, renderer: RendererAgg) -> None:
        self._renderer = renderer

    def font(self, size_px: float, *, is_bold: bool = False) -> FontProperties:
        """Return the font at a size in pixels."""
        from matplotlib.font_manager import FontProperties  # noqa: PLC0415

        points = size_px * 72 / DOTS_PER_INCH
        return FontProperties(fname=font_file(is_bold=is_bold), size=points)

    def width(self, text: str, size_px: float, *, is_bold: bool = False) -> float:
        """Return how wide a line is; `text` has gone through `drawable`."""
        if not text:
            return 0.0
        font = self.font(size_px, is_bold=is_bold)
        size = self._renderer.get_text_width_height_descent(text, font, ismath=False)  # type: ignore[no-untyped-call]
        return float(size[0])

    def fit(self, text: str, size_px: float, room_px: float, *, is_bold: bool = False) -> str:
        """Return as much of a line as there is room for, with "…" where it was cut."""
        if self.width(text, size_px, is_bold=is_bold) <= room_px:
            return text
        fits, too_long = 0, len(text)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            cut = text[:middle].rstrip() + "…"
            if self.width(cut, size_px, is_bold=is_bold) <= room_px:
                fits = middle
            else:
                too_long = middle
        return text[:fits].rstrip() + "…"

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
        line = ""
        for word in self._pieces(text, size_px, room_px, is_bold=is_bold):
            longer = f"{line} {word}".strip()
            if not line or self.width(longer, size_px, is_bold=is_bold) <= room_px:
                line = longer
            else:
                lines.append(line)
                line = word
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
            while len(rest) > 1 and self.width(rest, size_px, is_bold=is_bold) > room_px:
                kept = self.fit(rest, size_px, room_px, is_bold=is_bold)
                taken = max(1, len(kept) - 1)
                pieces.append(rest[:taken])
                rest = rest[taken:]
            pieces.append(rest)
        return pieces
