"""The private cluster: real PostgreSQL, started and killed."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from app.setup import cluster as cluster_module
from app.setup.cluster import PORT, ROLE, Cluster
from app.setup.errors import SetupError


def connect(cluster: Cluster, database: str = "postgres") -> "psycopg.Connection[tuple[str]]":
    return psycopg.connect(
        host=str(cluster.socket_folder), port=PORT, user=ROLE, dbname=database, autocommit=True
    )


def ask(cluster: Cluster, question: str, database: str = "postgres") -> str:
    with connect(cluster, database) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def wait_until_gone(cluster: Cluster) -> None:
    deadline = time.monotonic() + 20
    while cluster.processes():
        assert time.monotonic() < deadline, "the server is still there"


def test_a_new_cluster_has_checksums_and_postgis_and_no_open_port(cluster: Cluster) -> None:
    assert cluster.start() is True
    cluster.ensure_database("patchwork")
    cluster.ensure_database("patchwork")
    assert ask(cluster, "SHOW data_checksums") == "on"
    assert ask(cluster, "SHOW server_encoding") == "UTF8"
    assert ask(cluster, "SHOW fsync") == "on"
    assert ask(cluster, "SHOW jit") == "off"
    assert ask(cluster, "SHOW listen_addresses") == ""
    with connect(cluster, "patchwork") as connection:
        connection.execute("CREATE EXTENSION postgis")
    assert ask(cluster, "SELECT ST_AsText(ST_Point(-1.7, 53.8))", "patchwork").startswith("POINT")
    assert cluster.socket_folder.stat().st_mode & 0o077 == 0
    assert cluster.home.stat().st_mode & 0o077 == 0
    assert cluster.start() is False
    cluster.stop()
    assert cluster.processes() == []
    cluster.stop()


def test_a_killed_server_starts_again_with_its_data(cluster: Cluster) -> None:
    cluster.start()
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for process in cluster.processes():
        # Once the first is gone, the others end by themselves.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    wait_until_gone(cluster)
    assert (cluster.data / "postmaster.pid").exists()
    assert cluster.start() is True
    assert ask(cluster, "SELECT answer FROM kept") == "42"


def test_a_left_over_pid_that_is_now_another_program_is_no_obstacle(cluster: Cluster) -> None:
    cluster.start()
    pid_file = cluster.data / "postmaster.pid"
    left_over = pid_file.read_text(encoding="utf-8").split("\n", 1)[1]
    cluster.stop()
    account = cluster.run_as.uid if cluster.run_as else None
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=account, cwd="/") as other:
        pid_file.write_text(f"{other.pid}\n{left_over}", encoding="utf-8")
        if cluster.run_as:
            os.chown(pid_file, cluster.run_as.uid, cluster.run_as.gid)
        assert cluster.start() is True
        other.terminate()


def test_a_cluster_cut_short_in_the_making_is_made_again(cluster: Cluster) -> None:
    unfinished = cluster.home / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("15\n", encoding="utf-8")
    assert cluster.start() is True
    assert not unfinished.exists()


def test_a_folder_that_is_no_cluster_is_left_alone(cluster: Cluster) -> None:
    cluster.data.mkdir()
    (cluster.data / "letters.txt").write_text("not yours", encoding="utf-8")
    with pytest.raises(SetupError, match="not a PostgreSQL data directory"):
        cluster.start()
    assert (cluster.data / "letters.txt").exists()


def test_data_of_another_major_version_is_not_touched(cluster: Cluster) -> None:
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("9\n", encoding="ascii")
    with pytest.raises(SetupError, match=r"made by PostgreSQL 9, but here is \d+"):
        cluster.start()


def test_a_server_that_cannot_start_says_why(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    with (cluster.data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("shared_buffers = lots\n")
    with pytest.raises(SetupError, match="shared_buffers"):
        cluster.start()


@pytest.mark.parametrize("name", ["", "Big", 'a"b', "a;b", "x" * 64, "1st"])
def test_only_plain_database_names_are_taken(cluster: Cluster, name: str) -> None:
    with pytest.raises(SetupError, match="not a plain database name"):
        cluster.ensure_database(name)


@pytest.mark.parametrize("folder", ["x" * 120, "with a space", "with,comma", "O'Brien"])
def test_awkward_paths_put_the_socket_elsewhere_and_work(checkout: Path, folder: str) -> None:
    (checkout / folder).mkdir()
    cluster = Cluster.of_checkout(checkout / folder)
    place = cluster.socket_folder
    assert len(bytes(place / f".s.PGSQL.{PORT}")) <= cluster_module.LONGEST_SOCKET_BYTES
    assert checkout not in place.parents
    try:
        cluster.start()
        assert ask(cluster, "SELECT 1") == "1"
    finally:
        cluster.stop()
        place.rmdir()


def test_a_socket_folder_somebody_else_made_is_refused(checkout: Path) -> None:
    (checkout / "with space").mkdir()
    cluster = Cluster.of_checkout(checkout / "with space")
    cluster.socket_folder.mkdir(mode=0o777)
    cluster.socket_folder.chmod(0o777)
    try:
        with pytest.raises(SetupError, match="not a private folder of ours"):
            cluster.start()
    finally:
        cluster.stop()
        cluster.socket_folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")
def test_root_with_a_private_home_gets_the_cluster_elsewhere(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, private = checkout / "var", checkout / "root"
    monkeypatch.setattr(cluster_module, "ELSEWHERE", elsewhere)
    private.mkdir(mode=0o700)
    umask = os.umask(0o077)
    cluster = Cluster.of_checkout(private)
    os.umask(umask)
    assert cluster.home.parent == elsewhere
    assert (private / ".local" / "postgres").resolve() == cluster.home
    assert Cluster.of_checkout(private).home == cluster.home
    try:
        cluster.start()
        assert ask(cluster, "SELECT 1") == "1"
    finally:
        cluster.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_runs_the_cluster_of_an_ordinary_account_as_that_account(checkout: Path) -> None:
    home = checkout / ".local" / "postgres"
    home.mkdir(parents=True)
    os.chown(home, 65534, 65534)
    cluster = Cluster.of_checkout(checkout)
    assert cluster.run_as is not None
    assert cluster.run_as.uid == 65534
    try:
        cluster.start()
        assert ask(cluster, "SELECT 1") == "1"
    finally:
        cluster.stop()
