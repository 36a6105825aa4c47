"""What a ward's report says in sentences: none, one, all, and everything between."""

from __future__ import annotations

import datetime as dt

import pytest

from app.areas import report_words
from app.areas.report_figures import number_words
from app.areas.report_parts import Changed, Counted, Figure, Gap, HomeReach
from app.words import percent


def kinds(**counts: int) -> list[Counted]:
    return [Counted(kind, kind, count, 0) for kind, count in counts.items()]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "Nothing is on the map in this ward yet."),
        ({"group": 0}, "Nothing is on the map in this ward yet."),
        ({"surgery": 1}, "1 GP surgery is on the map in this ward."),
        ({"venue": 12, "group": 0}, "12 venues are on the map in this ward."),
        (
            {"care_home": 1, "group": 1_200, "surgery": 2, "informal": 1},
            "1,204 places and groups are on the map in this ward: 1 care home, 1,200 groups,"
            " 2 GP surgeries and 1 skill or network.",
        ),
    ],
    ids=["empty", "none", "one", "one kind", "all kinds"],
)
def test_how_much_is_here(counts: dict[str, int], said: str) -> None:
    assert report_words.say_total(kinds(**counts)) == said


@pytest.mark.parametrize(
    ("checked", "total", "said"),
    [
        (0, 0, None),
        (0, 1, "It was not checked in the last 12 months."),
        (1, 1, "It was checked in the last 12 months."),
        (0, 40, "None of them was checked in the last 12 months."),
        (2, 2, "Both of them were checked in the last 12 months."),
        (40, 40, "All of them were checked in the last 12 months."),
        (1, 3, "One of the 3 was checked in the last 12 months."),
        (9, 10, "9 of the 10 were checked in the last 12 months."),
        (30, 40, "Three in four places here were checked in the last 12 months."),
        (31, 41, "About three in four places here were checked in the last 12 months."),
        (20, 40, "Half of the places here were checked in the last 12 months."),
        (21, 41, "About half of the places here were checked in the last 12 months."),
        (10, 40, "One in four places here was checked in the last 12 months."),
        (13, 40, "About one in three places here was checked in the last 12 months."),
        (17, 40, "42% of the places here were checked in the last 12 months."),
        (39, 40, "Nearly all of the places here were checked in the last 12 months."),
        (1, 40, "Only 1 of the 40 was checked in the last 12 months."),
        (2, 40, "Only 2 of the 40 were checked in the last 12 months."),
    ],
)
def test_how_much_was_checked(checked: int, total: int, said: str | None) -> None:
    assert report_words.say_checked(checked, total) == said


def test_a_share_never_claims_all_or_none() -> None:
    for total in (11, 40, 1_000):
        for checked in range(1, total):
            said = report_words.say_checked(checked, total)
            assert said
            assert not said.startswith(("All", "None", "Both", "100%", "0%")), (checked, total)


def homes(*beds: int | None) -> list[HomeReach]:
    return [HomeReach(str(n), "Home", one, {}, True) for n, one in enumerate(beds)]


@pytest.mark.parametrize(
    ("beds", "said"),
    [
        ((), "No care home is on the map in this ward."),
        ((24,), "Its one care home has 24 beds."),
        ((1,), "Its one care home has 1 bed."),
        ((None,), "How many beds its one care home has is not known."),
        ((20, 30), "Its 2 care homes have 50 beds between them."),
        ((None, None), "How many beds its 2 care homes have is not known."),
        ((20, None), "Of its 2 care homes 1 has 20 beds; how many the other has is not known."),
        (
            (20, 30, None, None),
            "Of its 4 care homes 2 have 50 beds; how many the others have is not known.",
        ),
    ],
    ids=str,
)
def test_care_homes_and_beds(beds: tuple[int | None, ...], said: str) -> None:
    assert report_words.say_homes(homes(*beds)) == said


def gap(label: str, asked: int | None = None, where: str = "") -> Gap:
    return Gap(label.lower(), label, asked, where, None, None, "")


def test_gaps_in_a_sentence() -> None:
    # Nobody may have looked at all: nothing is praised.
    assert report_words.say_gaps([], []) == (
        "We know of nothing that was looked for in vain here or next door in the last 12 months."
        " That says something only once people here use Patchwork to look."
    )
    assert report_words.say_gaps([], [gap("Bowls")]) == (
        "Everything people here or next door asked for in vain has come within reach."
    )
    one = [gap("Fishing", 10), gap("Fishing", None, "Crag Side")]
    assert report_words.say_gaps(one, []) == (
        "People here or next door asked for one thing and found nothing within reach: Fishing."
    )
    five = [gap(label) for label in ("Fishing", "Falconry", "Judo", "Bell ringing", "Opera")]
    assert report_words.say_gaps(five, []).endswith(
        "asked for 5 things and found nothing within reach: Fishing, Falconry, Judo and 2 more."
    )


def test_each_interest_is_listed_once_and_nothing_is_added_up() -> None:
    gaps = [gap("Fishing", 10), gap("Judo"), gap("Fishing", 15, "Crag Side")]
    grouped = [(one.label, asked) for one, asked in report_words.group_gaps(gaps)]
    assert grouped == [
        ("Fishing", "about 10 times here and about 15 times in Crag Side"),
        ("Judo", "fewer than 8 times here"),
    ]


def test_wards_with_one_number_share_its_words() -> None:
    few = [gap("Judo"), gap("Judo", None, "Ash"), gap("Judo", None, "Elm")]
    ((_, asked),) = report_words.group_gaps(few)
    assert asked == "fewer than 8 times each here, in Ash and in Elm"
    ((_, asked),) = report_words.group_gaps([*few, gap("Judo", 10, "Oak")])
    assert asked == "fewer than 8 times each here, in Ash and in Elm; about 10 times in Oak"


def figure(value: float | None, neighbours: float | None, district: float | None) -> Figure:
    text, beside, middle = (number_words(v, "", 1) for v in (value, neighbours, district))
    return Figure("assets_per_1000", "", value, text, "", neighbours, beside, district, middle,
                  "", None)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "neighbours", "district", "said"),
    [
        (None, 3.0, 3.0, None),
        (3.0, None, None, None),
        (
            4.1,
            3.2,
            5.0,
            "For every 1,000 people there are 4.1 places and groups: more than in the wards next"
            " door (average 3.2) and fewer than in the middle ward of Bradford (5.0).",
        ),
        # Equal as people read it.
        (4.11, 4.12, None, "For every 1,000 people there are 4.1 places and groups: as many as"
         " in the wards next door (average 4.1)."),
        (1234.5, 99.0, None, "For every 1,000 people there are 1,234.5 places and groups: more than"
         " in the wards next door (average 99.0)."),
        (0.0, 3.2, 5.0, None),
    ],
    ids=["not known", "alone", "both", "equal", "thousands", "nothing here"],
)  # fmt: skip
def test_the_comparison(
    value: float | None, neighbours: float | None, district: float | None, said: str | None
) -> None:
    made = report_words.say_comparison(figure(value, neighbours, district), "Bradford")
    assert made == said


@pytest.mark.parametrize(
    ("today", "since"),
    [
        (dt.date(2026, 11, 26), dt.date(2026, 7, 1)),
        (dt.date(2026, 1, 1), dt.date(2025, 10, 1)),
        (dt.date(2026, 3, 31), dt.date(2025, 10, 1)),
        (dt.date(2026, 4, 1), dt.date(2026, 1, 1)),
        (dt.date(2026, 12, 31), dt.date(2026, 7, 1)),
    ],
    ids=str,
)
def test_the_last_full_quarter(today: dt.date, since: dt.date) -> None:
    assert report_words.quarter_before(today) == since


def changed(*, new: int = 0, gone: int = 0, checked: int = 0, corrected: int = 0) -> Changed:
    return Changed(dt.date(2026, 7, 1), new, gone, checked, corrected)


def test_changes_say_their_date_first() -> None:
    assert report_words.say_changes(changed(), 40) == [
        "Nothing has changed here since 1 July 2026."
    ]
    assert report_words.say_changes(changed(gone=1, checked=2), 40) == [
        "Since 1 July 2026 1 place has gone from the map.",
        "2 places were checked.",
    ]
    assert report_words.say_changes(changed(new=1, corrected=1), 40) == [
        "Since 1 July 2026 1 place was put on the map.",
        "1 entry was put right by people.",
    ]
    assert report_words.say_changes(changed(new=40), 40) == [
        "Since 1 July 2026 everything here was put on the map."
    ]


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0%"), (0.004, "less than 1%"), (0.3149, "31%"), (0.996, "more than 99%"), (1.0, "100%")],
)
def test_percent_is_neither_nothing_nor_all_by_rounding(share: float, said: str) -> None:
    assert percent(share) == said


def test_numbers_as_people_read_them() -> None:
    assert number_words(None, "%", 0) == "not known"
    assert number_words(31.2, "%", 0) == "31%"
    assert number_words(36.5, "", 0) == "36.5"
    assert number_words(1204.4, "", 0) == "1,204"
    assert number_words(12.0, "", 0) == "12"
