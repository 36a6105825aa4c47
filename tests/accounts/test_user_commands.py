"""`patchwork user …` and `patchwork housekeeping`, as people run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from app.cli import main
from tests.accounts.conftest import browser, do, value
from tests.conftest import ROOT
from tests.people import People

Run = Callable[..., tuple[object, str, str]]


def patchwork(people: People, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    start = "from app.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=ROOT,
        env=os.environ
        | {"DATABASE_URL": people.settings.database_url, "COLUMNS": "160"}
        | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_from_nothing_to_signed_in_and_out_again(people: People) -> None:
    asked = ("--email", "Priya@Homes.example", "--name", "Priya  Shah", "--role", "manager")
    added = patchwork(people, "user", "add", *asked, "--home", "lister lodge")
    assert added.returncode == 0, added.stderr
    assert "Priya Shah can sign in with priya@homes.example, as manager of Lister" in added.stdout
    found = re.search(r"http://127\.0\.0\.1:8000(/sign-in/link/\S+)", added.stdout)
    assert found
    client = browser(people.app)
    assert client.post(found[1]).status_code == 303
    assert "manager of Lister Lodge" in client.get("/account").text
    # Another role for the same person.
    again = patchwork(
        people, "user", "add", "--email", "priya@homes.example", "--name", "x",
        "--role", "councillor", "--ward", "E05001347",
    )  # fmt: skip
    assert "Priya Shah can sign in" in again.stdout

    listed = patchwork(people, "user", "list").stdout
    assert re.search(r"Priya Shah +priya@homes.example +manager of Lister Lodge", listed)
    assert "councillor of E05001347" in listed
    assert "coordinator_a@homes.example" in listed

    off = patchwork(people, "user", "disable", "--email", "priya@homes.example")
    assert off.stdout.strip() == "Priya Shah (priya@homes.example) cannot sign in any more."
    assert client.get("/account").status_code == 303, "signed out at once"
    assert "Priya Shah (switched off)" in patchwork(people, "user", "list").stdout
    refused = patchwork(people, "user", "add", *asked, "--home", "lister lodge")
    assert refused.returncode == 1
    assert "is switched off. Switch it on again with: patchwork user enable" in refused.stderr
    on = patchwork(people, "user", "enable", "--email", "priya@homes.example")
    assert "can sign in again" in on.stdout
    role = value(people, "SELECT database_role FROM audit_log WHERE subject = 'memberships'"
                         " ORDER BY id DESC LIMIT 1")  # fmt: skip
    assert role == "patchwork_keeper"


def test_an_invitation_is_printed_to_pass_on(people: People) -> None:
    invited = patchwork(
        people, "user", "invite", "--email", "con@homes.example", "--role", "connector",
        "--team", "Moor connectors",
    )  # fmt: skip
    assert invited.returncode == 0, invited.stderr
    assert "con@homes.example is invited as community connector of Moor" in invited.stdout
    found = re.search(r"http://127\.0\.0\.1:8000(/invitations/\S+)", invited.stdout)
    assert found
    assert browser(people.app).post(found[1], data={"name": "Con"}).status_code == 303


@pytest.fixture
def run(people: People, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: its exit code, output and complaints."""

    def ran(*arguments: str, **settings: str) -> tuple[object, str, str]:
        here = people.settings.model_copy(update=settings)
        for module in ("app.cli", "app.accounts.cli"):
            monkeypatch.setattr(f"{module}.get_settings", lambda: here)
        monkeypatch.setattr(sys, "argv", ["patchwork", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return ran


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("add --email x --name y --role editor", "x is not an e-mail address."),
        ("add --email a@b.example --name y --role manager", "A manager works in a care home: use"),
        ("add --email a@b.example --name y --role manager --home Nowhere", "no care home called"),
        ("add --email a@b.example --name y --role mapper", "A mapper has wards: use --ward."),
        ("add --email a@b.example --name y --role mapper --ward Q", "There is no ward called “Q”"),
        ("add --email a@b.example --name y --role connector --home x", "use --team"),
        ("add --email a@b.example --name y --role connector", "name of the team of connectors"),
        ("disable --email a@b.example", "Nobody has the address a@b.example."),
        ("invite --email editor@homes.example --role editor", "They are editor already."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    people: People, run: Run, arguments: str, sentence: str
) -> None:
    code, out, complaint = run("user", *arguments.split())
    assert (code, out) == (1, "")
    assert complaint.startswith("Error: ")
    assert sentence in complaint
    assert complaint.count("\n") == 1
    assert value(people, "SELECT count(*) FROM accounts WHERE email = 'a@b.example'") == 0


def test_housekeeping_says_what_went(people: People, run: Run) -> None:
    do(people, "INSERT INTO sign_in_attempts (counted_under, attempted_at)"
               " VALUES ('x', now() - interval '2 days')")  # fmt: skip
    code, out, _ = run("housekeeping")
    assert code == 0
    assert "tries to sign in: 1" in out


def test_a_setting_that_makes_no_sense_is_one_sentence(run: Run) -> None:
    code, _, complaint = run("serve", "--port", "1", smtp_url="mail.example")
    assert code == 1
    assert "Error: PATCHWORK_SMTP_URL must be like smtp://" in complaint
