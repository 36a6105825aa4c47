"""A throw-away checkout with its own cluster, where PostgreSQL's account can reach it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.setup import debian
from app.setup.cluster import Cluster


@pytest.fixture
def checkout() -> Iterator[Path]:
    # Not tmp_path: as root that is closed to the account PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="pw-setup-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster(checkout: Path) -> Iterator[Cluster]:
    if not any(server.has_postgis for server in debian.find_servers()):
        pytest.skip("PostgreSQL with PostGIS is not installed, only reached by DATABASE_URL")
    made = Cluster.of_checkout(checkout)
    yield made
    made.stop()
    if made.socket_folder.exists():
        shutil.rmtree(made.socket_folder)
