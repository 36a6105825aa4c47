"""Commands that run with a database: what they see, how they end, and what stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.setup import session
from app.setup.cluster import Cluster
from app.setup.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]

RUN = """
import sys
from pathlib import Path
from app.setup.session import run_with_database
sys.exit(run_with_database(Path(sys.argv[1]), sys.argv[2:], name="patchwork"))
"""

# Counts the interrupts it gets, and goes half a second after the first.
COUNT_INTERRUPTS = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print("ready", flush=True)
count = 0
while signal.sigtimedwait({signal.SIGINT}, 20 if count == 0 else 0.5):
    count += 1
print("interrupts:", count, flush=True)
sys.exit(5)
"""


def environment(**extra: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    return {**kept, "PYTHONPATH": str(ROOT), **extra}


def run(checkout: Path, *command: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", RUN, str(checkout), *command],
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_gets_a_database_and_its_exit_code_comes_back(cluster: Cluster) -> None:
    checkout = cluster.home.parents[1]
    answer = run(checkout, "sh", "-c", "echo $DATABASE_URL; exit 7")
    assert answer.returncode == 7, answer.stderr
    assert cluster.url("patchwork") in answer.stdout
    assert cluster.processes() == []


def test_a_command_that_does_not_exist_leaves_nothing_running(cluster: Cluster) -> None:
    answer = run(cluster.home.parents[1], "no-such-program")
    assert answer.returncode == session.COMMAND_NOT_FOUND
    assert "no-such-program cannot be run" in answer.stderr
    assert cluster.processes() == []


def test_a_database_of_the_callers_own_is_used_instead(checkout: Path) -> None:
    own = "postgresql+psycopg://me@example.org/mine"
    answer = run(checkout, "sh", "-c", "echo $DATABASE_URL; exit 3", DATABASE_URL=own)
    assert (answer.returncode, answer.stdout.strip()) == (3, own)
    assert list(checkout.iterdir()) == []


def test_the_last_one_out_stops_the_cluster(cluster: Cluster) -> None:
    with session.database(cluster, "first"):
        with session.database(cluster, "second"):
            assert cluster.is_accepting()
        assert cluster.is_accepting()
    assert cluster.processes() == []


def test_a_failure_stops_the_cluster_too(cluster: Cluster) -> None:
    with pytest.raises(ZeroDivisionError), session.database(cluster, "patchwork"):
        raise ZeroDivisionError
    assert cluster.processes() == []


def test_a_cluster_in_use_is_not_deleted(cluster: Cluster) -> None:
    with session.database(cluster, "patchwork"):
        with pytest.raises(SetupError, match="in use"):
            session.remove(cluster)
        assert cluster.is_accepting()
    session.remove(cluster)
    assert not cluster.home.exists()


@pytest.mark.parametrize("target", ["group", "process"])
def test_an_interrupt_reaches_the_command_once_and_everything_stops(
    cluster: Cluster, target: str
) -> None:
    checkout = str(cluster.home.parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", RUN, checkout, sys.executable, "-c", COUNT_INTERRUPTS],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        while running.stdout.readline().strip() != "ready":
            assert running.poll() is None
        if target == "group":
            os.killpg(running.pid, signal.SIGINT)
        else:
            running.send_signal(signal.SIGINT)
        assert running.stdout.read().strip() == "interrupts: 1"
    assert running.returncode == 5
    assert cluster.processes() == []


def test_ctrl_c_on_a_terminal_reaches_the_command_once(cluster: Cluster) -> None:
    keyboard, terminal = os.openpty()
    checkout = str(cluster.home.parents[1])
    command = [sys.executable, "-c", RUN, checkout, sys.executable, "-c", COUNT_INTERRUPTS]
    with subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command],
        env=environment(),
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        while running.stdout.readline().strip() != "ready":
            assert running.poll() is None
        os.write(keyboard, b"\x03")
        assert running.stdout.read().strip() == "interrupts: 1"
    os.close(keyboard)
    os.close(terminal)
    assert running.returncode == 5
    assert cluster.processes() == []


def test_a_terminated_run_ends_its_command_and_the_cluster(cluster: Cluster) -> None:
    checkout = str(cluster.home.parents[1])
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            RUN,
            checkout,
            "sh",
            "-c",
            "echo ready; exec cat /dev/zero > /dev/null",
        ],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        while running.stdout.readline().strip() != "ready":
            assert running.poll() is None
        running.terminate()
    assert running.returncode == 128 + signal.SIGTERM
    assert cluster.processes() == []
