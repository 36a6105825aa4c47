"""Distances on the ground, and what they mean on foot."""

from __future__ import annotations

# 5 km/h, and the usual allowance for streets not being straight lines.
WALKING_M_PER_MINUTE = 5000 / 60
DETOUR = 1.3


def walk_minutes(distance_m: float) -> int:
    """Return about how many minutes it takes to walk `distance_m` as the crow flies.

    At 5 km/h and with a detour of 1.3; at least 1.
    """
    return max(1, round(distance_m * DETOUR / WALKING_M_PER_MINUTE))


def in_words(distance_m: float) -> str:
    """Return a distance as people say it: "80 m", "650 m", "1.2 km"."""
    if distance_m < 995:
        return f"{max(10, round(distance_m / 10) * 10)} m"
    return f"{distance_m / 1000:.1f} km"
