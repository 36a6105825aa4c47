"""One tap per role: in a demonstration only, and only as those who are made up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accounts.conftest import Serve, browser, do
from tests.people import People
from tests.web.document import Document


@pytest.fixture
def samples(people: People) -> Iterator[None]:
    do(people, "UPDATE accounts SET is_sample = true WHERE email ~ '^(coordinator_a|editor)@'")
    yield
    do(people, "UPDATE accounts SET is_sample = false, disabled_at = NULL")


@pytest.mark.usefixtures("samples")
def test_one_tap_signs_in(people: People, serve: Serve) -> None:
    client = browser(serve(is_demo=True))
    page = Document(client.get("/sign-in?next=/wards").text)
    buttons = page.all("button", class_="pw-acc-sample")
    assert [button.text for button in buttons] == [
        "Activity coordinator coordinator_a, Bowmont House", "Editor editor",
    ]  # fmt: skip
    account = page.all("input", name="account")[0].get("value")
    answer = client.post("/sign-in/sample", data={"account": account, "next": "/wards"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/wards")
    assert "coordinator_a" in client.get("/account").text


@pytest.mark.usefixtures("samples")
def test_not_outside_a_demonstration(people: People) -> None:
    client = browser(people.app)
    assert not Document(client.get("/sign-in").text).all("input", name="account")
    answer = client.post("/sign-in/sample", data={"account": str(people.accounts["coordinator_a"])})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize("account", ["administrator", "x", "", None])
def test_not_as_anybody_real(people: People, serve: Serve, account: str | None) -> None:
    client = browser(serve(is_demo=True))
    chosen = str(people.accounts.get(account or "", account or ""))
    if account is None:
        chosen = "00000000-0000-4000-8000-000000000000"
    answer = client.post("/sign-in/sample", data={"account": chosen})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("samples")
def test_not_as_somebody_switched_off(people: People, serve: Serve) -> None:
    do(people, "UPDATE accounts SET disabled_at = now() WHERE email ~ '^editor@'")
    client = browser(serve(is_demo=True))
    assert "editor" not in client.get("/sign-in").text
    answer = client.post("/sign-in/sample", data={"account": str(people.accounts["editor"])})
    assert answer.status_code == 404
