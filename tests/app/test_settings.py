"""A setting that makes no sense is named in a sentence, and what is in it stays where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.errors import BadSetting
from app.settings import get_settings


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATCHWORK_MATCH_WORKERS", "-1"),
        ("PATCHWORK_MATCH_MEMORY_MB", "0"),
        ("PATCHWORK_REPLICA_LAG_S", "soon-and-secret"),
    ],
)
def test_it_is_named_and_not_repeated(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"^{name} makes no sense: ") as refused:
        get_settings()
    assert "secret" not in str(refused.value)
