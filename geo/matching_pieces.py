"""Matching everybody in pieces that go to other processes: how they are cut, and what is done.

A piece holds some who ask, who live near each other, and all that is in reach of any of them: the
overlap with the pieces beside it is as wide as the reach. What a process needs is in the piece.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import PieceError
from geo.matching_arrays import Answers, Askers, Lists, Numbers, Targets
from geo.matching_everyone import Found, match_everyone
from geo.matching_files import askers_from, targets_from, to_geoparquet
from geo.matching_walks import Kept, OnFoot
from geo.network_files import from_bytes
from geo.walking import FootNetwork

# What a piece is of, by name: GeoParquet and arrays, and nothing of ours that a process with other
# programs could not even read.
Piece = Mapping[str, Any]
_KEPT, _ANSWERS = "kept_", "answers_"


def pack(targets: Targets, askers: Askers, answers: Answers, kept: Kept | None) -> Piece:
    """Return some who ask and what is in their reach, to be sent away; `kept` as in `OnFoot`."""
    piece = {"targets": to_geoparquet(targets), "askers": to_geoparquet(askers)}
    concepts = {"starts": answers.concepts.starts, "values": answers.concepts.values}
    more = {"weights": answers.weights, "is_answer": answers.is_answer}
    known = {} if kept is None else {name: getattr(kept, name) for name in Kept.__slots__}
    return (
        piece
        | {_ANSWERS + name: array for name, array in (concepts | more).items()}
        | {_KEPT + name: array for name, array in known.items()}
    )


def _named(piece: Piece, prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): array for name, array in piece.items() if name.startswith(prefix)
    }


def cut(askers: Askers, *, most: int) -> Iterator[Numbers]:
    """Yield the rows of at most `most` askers each, who live near each other, at any rate all rows.

    Halved again and again at the middle of the longer side, so pieces are of about one size.
    """
    waiting = [np.arange(len(askers))] if len(askers) else []
    while waiting:
        rows = waiting.pop()
        if len(rows) <= most:
            yield np.sort(rows)
            continue
        points = askers.points[rows]
        order = np.argsort(points[:, np.ptp(points, axis=0).argmax()], kind="stable")
        middle = len(rows) // 2
        waiting += [rows[order[middle:]], rows[order[:middle]]]


def kept_of(kept: Kept, *, askers: Numbers, targets: Numbers) -> Kept:
    """Return what is kept of ways between some askers and some targets, given by their rows."""
    home, located = kept.home[askers], kept.located[targets]
    is_in = np.isin(kept.pairs[:, 0], home) & np.isin(kept.pairs[:, 1], located)
    return Kept(home, located, kept.pairs[is_in], kept.walk_m[is_in], kept.step_free_m[is_in])


def match_piece(piece: Piece, network: bytes | None, sources: str) -> Found:
    """Return the matches of all askers of a piece that `pack` made; rows are those of the piece.

    `network` is a foot network as bytes, `sources` the `fingerprint` of whoever asks. Raises
    PieceError where that is not this process's own: matches would differ.
    """
    if sources != fingerprint():
        raise PieceError(
            "A worker has another version of Patchwork: install the same one on every machine."
        )
    targets, askers = targets_from(piece["targets"]), askers_from(piece["askers"])
    given = _named(piece, _ANSWERS)
    concepts = Lists(given["starts"], given["values"])
    answers = Answers(concepts, given["weights"], given["is_answer"])
    walks, known = None, _named(piece, _KEPT)
    if network is not None and known:
        walks = OnFoot(_unpacked(network), askers, targets, Kept(**known))
    found = match_everyone(targets, askers, answers, walks=walks, at_once=max(len(askers), 1))
    return next(matches for _, matches in found)


@lru_cache(maxsize=1)
def _unpacked(network: bytes) -> FootNetwork:
    return from_bytes(network)


@cache
def fingerprint() -> str:
    """Return what tells this version of `geo` from every other: the digest of its programs."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
