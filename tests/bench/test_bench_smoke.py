"""The bench runs from beginning to end and leaves nothing behind. No figure is judged: the machine may be busy."""

import json
import os
import subprocess
import sys

import psycopg2
import pytest

from bench.figures import Figure
from bench.installation import libpq
from demo.addresses import REPOSITORY


@pytest.mark.parametrize(
    ("goal", "value", "is_met"),
    [("<= 20", 20, True), ("<= 20", 21, False), ("< 50", 50, False), (">= 20000", 20_000, True), (None, 1, None)],
)
def test_a_figure_knows_whether_its_goal_is_met(goal: str | None, value: float, is_met: bool | None) -> None:
    assert Figure(part="export", name="rate", value=value, unit="", goal=goal).is_met is is_met


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("postgres://me@db:5432/portal", "postgres://me@db:5432/portal", id="a host"),
        pytest.param("postgres://me@//var/run/portal", "postgres://me@/portal?host=/var/run", id="a socket"),
        pytest.param("postgres://me@/%2Fvar%2Frun/portal", "postgres://me@/portal?host=%2Fvar%2Frun", id="quoted"),
    ],
)
def test_a_database_url_is_told_to_libpq(url: str, expected: str) -> None:
    assert libpq(url) == expected


def databases_of_the_bench(url: str) -> set[str]:
    connection = psycopg2.connect(libpq(url))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'")
            return {name for (name,) in cursor.fetchall()}
    finally:
        connection.close()


def test_a_small_run_tells_the_page_and_the_export_and_drops_its_databases() -> None:
    url = os.environ["DATABASE_URL"]
    before = databases_of_the_bench(url)
    command = [sys.executable, "-m", "bench", "--small", "--json", "--only", "pages", "--only", "export"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False, text=True, timeout=240)
    assert result.returncode == 0, result.stderr
    figures = {(figure["part"], figure["name"]): figure for figure in json.loads(result.stdout)["figures"]}
    assert figures["times page, anonymous", "queries"]["value"] > 0
    assert figures["export", "rows"]["is_met"]
    assert databases_of_the_bench(url) <= before
