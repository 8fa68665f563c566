import os
import subprocess
import sys

import pytest
from celery import current_app
from django.db.migrations.recorder import MigrationRecorder

from demo.addresses import REPOSITORY

UNREACHABLE = "redis://127.0.0.1:1/0"


def test_healthz_answers_without_database_session_or_known_host(client):
    response = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_is_ready_when_everything_is_there(client):
    response = client.get("/readyz", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.json()) == (200, {"ready": True, "failed": {}})


@pytest.mark.django_db
def test_readyz_is_not_ready_while_the_broker_is_unreachable(client, monkeypatch):
    monkeypatch.setattr(current_app.conf, "broker_write_url", UNREACHABLE)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert list(response.json()["failed"]) == ["broker"]


@pytest.mark.django_db
def test_readyz_is_not_ready_while_the_cache_is_unreachable(client, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": UNREACHABLE}}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert list(response.json()["failed"]) == ["cache"]


@pytest.mark.django_db
def test_readyz_is_not_ready_while_a_migration_is_missing(client):
    MigrationRecorder.Migration.objects.filter(app="booking").latest("id").delete()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert list(response.json()["failed"]) == ["migrations"]


def test_readyz_is_not_ready_while_the_database_is_unreachable():
    """In a process of its own, whose DATABASE_URL leads nowhere."""
    script = (
        "import django; django.setup(); from django.test import Client; "
        "response = Client().get('/readyz'); print(response.status_code, sorted(response.json()['failed']))"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "hellowork.settings",
        "DATABASE_URL": "postgres://postgres@127.0.0.1:1/nowhere",
    }
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "503 ['database', 'migrations']"
