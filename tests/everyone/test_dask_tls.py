"""Dask over TLS, as Dask's own configuration says: who has no certificate is not let in."""

from __future__ import annotations

from collections.abc import Iterator

import dask as dask_library
import pytest
from distributed.security import Security

from app.errors import PatchworkError
from app.everyone import dask_cluster
from app.everyone.dask_engine import DaskEngine
from tests.everyone.dask_processes import Processes
from tests.everyone.dask_towns import Here, assert_same, make_answers, make_part, matches

PREFIX = "distributed.comm.tls."


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return where a certificate and its key are, as Dask's configuration names them."""
    folder = tmp_path_factory.mktemp("certificates")
    made = Security.temporary()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(made.tls_ca_file, encoding="utf-8")
    key.write_text(made.tls_client_key, encoding="utf-8")
    roles = {
        f"{role}.{what}": str(path)
        for role in ("client", "scheduler", "worker")
        for what, path in (("cert", certificate), ("key", key))
    }
    return {PREFIX + name: path for name, path in ({"ca-file": str(certificate)} | roles).items()}


@pytest.fixture(scope="module")
def dask(
    certificates: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    env = {
        "DASK_" + name.upper().replace(".", "__").replace("-", "_"): path
        for name, path in certificates.items()
    }
    processes = Processes(tmp_path_factory.mktemp("tls"), env=env, protocol="tls")
    try:
        processes.start_scheduler()
        processes.start_worker()
        yield processes
    finally:
        processes.stop()


def test_with_the_certificate_the_same_is_found_over_tls(
    dask: Processes, certificates: dict[str, str]
) -> None:
    assert dask.address.startswith("tls://127.0.0.1:")
    part, answers = make_part(askers=200, targets=300), make_answers()
    with dask_library.config.set(certificates):
        found = matches(DaskEngine(dask.address), [part], answers)
    assert_same(found, matches(Here(), [part], answers))


@pytest.mark.parametrize("protocol", ["tls", "tcp"])
def test_without_it_nobody_is_let_in_and_it_says_what_to_look_at(
    dask: Processes, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_S", 2)
    address = dask.address.replace("tls", protocol)
    with pytest.raises(PatchworkError, match="both sides use tls:// or neither does"):
        matches(DaskEngine(address), [make_part(askers=20, targets=20)], make_answers())
