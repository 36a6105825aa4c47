"""Whom to name for data, once."""

from __future__ import annotations

import pytest

from geo.credits import merged_credits

ONS = "Source: Office for National Statistics licensed under the Open Government Licence v.3.0"
CROWN = "Contains OS data © Crown copyright and database right"
OGL = "(OGL v3)"


def test_one_publisher_is_named_once_and_nothing_else_is_lost() -> None:
    lines = [
        f"{ONS}. {CROWN} {OGL}",
        f"{ONS} {OGL}",
        f"{ONS}. Contains public sector information {OGL}",
        f"{CROWN}. Contains Royal Mail data © Royal Mail copyright {OGL}.",
        "© OpenStreetMap contributors (ODbL 1.0)",
    ]
    assert merged_credits(lines) == [
        f"{ONS.removeprefix('Source: ')}. {CROWN} {OGL}",
        f"Contains public sector information {OGL}",
        f"Contains Royal Mail data © Royal Mail copyright {OGL}",
        "© OpenStreetMap contributors (ODbL 1.0)",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["Data of St. Helens Council", "Data of St. Albans Council"],
        ["Ilkley Walks (OGL v3)", "Ilkley Walks (ODbL 1.0)"],
        ["A source: of words (CC0)", "Sourcebook of Ilkley"],
        ["As it was on 26 November 2026", "Acme Ltd (with thanks) (OGL v3)"],
    ],
)
def test_what_differs_stays(lines: list[str]) -> None:
    assert merged_credits(lines) == lines


def test_the_doubled_word_goes() -> None:
    assert merged_credits(["Sources: Source of A. B", " source: C. ", "", "Source:"]) == [
        "Source of A. B",
        "C",
    ]
