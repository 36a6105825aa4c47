"""Places that must never be on a map: refuges and the like are held back for a person to judge."""

from __future__ import annotations

import re

# Any of these holds a row back. A mountain refuge café is held back too: a person lets it pass.
_SUSPECT = re.compile(
    r"""
    \brefuges?\b(?!\s+(?:bins?|collection|tips?)\b)
    | \b(?:women'?s|womens|woman'?s|girls'?)\s+(?:aid|refuge|shelter|safe\s+house)\b
    | \bsafe\s*-?\s*houses?\b
    | \bdomestic\s+(?:abuse|violence)\b
    | \b(?:sexual|honou?r[\s-]based)\s+(?:abuse|violence|assault)\b
    | \brape\s+(?:crisis|centre|support)\b
    | \bsexual\s+assault\s+referral\b | \bSARC\b
    | \b(?:modern\s+slavery|trafficking)\s+(?:victims?|survivors?|safe|support)\b
    | \b(?:battered|abused)\s+(?:women|wives|men|partners)\b
    | \bsocial_facility\s*[=:]\s*refuge\b
    | \bshelter\s+for\s+(?:women|victims|survivors)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_STRAIGHT = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'"})


def suspect_words(*texts: str | None) -> str | None:
    """Return the words of `texts` that suggest a refuge, or None."""
    for text in texts:
        if text and (match := _SUSPECT.search(text.translate(_STRAIGHT))):
            return match.group(0)
    return None
