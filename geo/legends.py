"""The keys beside maps, as HTML: shape, colour, word and number; never colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geo.map_shapes import HOME_STYLE, KIND_STYLES, swatch
from geo.popups import popup_text


@dataclass(frozen=True)
class ClassRow:
    """One class of a choropleth: its colour, its range in words, how many areas it holds."""

    colour: str
    text: str
    count: int


def kinds_legend(
    counts: Mapping[str, int], *, has_home: bool = False, notes: Sequence[str] = ()
) -> str:
    """Return the key of a map of places.

    Parameters
    ----------
    counts
        Places drawn, by kind (`geo.map_shapes.KIND_STYLES`); kinds without a place are left out.
    has_home
        Add the star of the home.
    notes
        Plain sentences below the key.
    """
    rows = [f"<li>{swatch(HOME_STYLE)} {popup_text(HOME_STYLE.word)}</li>"] if has_home else []
    for kind, style in KIND_STYLES.items():
        count = counts.get(kind, 0)
        if count:
            word = style.word if count == 1 else style.plural
            rows.append(f"<li>{swatch(style)} {popup_text(word)} <b>{count:,}</b></li>")
    if not rows:
        rows.append("<li>No places here yet.</li>")
    return _list(rows) + _notes(notes)


def classes_legend(label: str, rows: Sequence[ClassRow], *, notes: Sequence[str] = ()) -> str:
    """Return the key of a choropleth: a heading, then a coloured box and a range for each class."""
    items = [
        f'<li><svg class="swatch" width="28" height="20" aria-hidden="true" focusable="false">'
        f'<rect x="1" y="1" width="26" height="18" fill="{row.colour}" stroke="#46525a"/></svg> '
        f"{popup_text(row.text)} ({row.count:,} area{'' if row.count == 1 else 's'})</li>"
        for row in rows
    ]
    return f"<h2>{popup_text(label)}</h2>" + _list(items) + _notes(notes)


def marks_legend(
    label: str,
    rows: Sequence[tuple[str, str, int]],
    *,
    nothing: str,
    notes: Sequence[str] = (),
) -> str:
    """Return the key of a map of marks: (swatch as SVG, words, how many) each, or `nothing`."""
    items = [f"<li>{one} {popup_text(text)} <b>{count:,}</b></li>" for one, text, count in rows]
    head = f"<h2>{popup_text(label)}</h2>" if rows else ""
    return head + _list(items or [f"<li>{popup_text(nothing)}</li>"]) + _notes(notes)


def _list(items: Sequence[str]) -> str:
    return f'<ul class="legend">{"".join(items)}</ul>'


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="note">{popup_text(note)}</p>' for note in notes)
