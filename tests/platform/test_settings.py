import re
import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured

from demo.addresses import REPOSITORY
from demo.check import PRODUCTION

SETTINGS = REPOSITORY / "hellowork" / "settings.py"
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "PORTAL_LISTEN"}
SECRETS = sorted(PRODUCTION.keys() - {"PORTAL_ENV"})


@pytest.fixture
def load(monkeypatch):
    """Runs settings.py anew with exactly these variables of the portal."""

    def load(variables):
        for name in variables_read():
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return load


def variables_read() -> set[str]:
    source = SETTINGS.read_text()
    listed = source.split("REQUIRED_IN_PRODUCTION = (")[1].split(")")[0]
    return set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', source)) | set(re.findall(r'"([A-Z_]+)"', listed))


def test_production_starts_when_every_secret_is_set(load):
    assert load(PRODUCTION)["PRODUCTION"] is True


@pytest.mark.parametrize("secret", SECRETS)
def test_production_refuses_to_start_without_a_secret_and_names_it(load, secret):
    with pytest.raises(ImproperlyConfigured, match=rf"not set: {secret}\. See \.env\.example"):
        load({**PRODUCTION, secret: ""})


def test_production_names_every_missing_secret_at_once(load):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load({"PORTAL_ENV": "production"})
    assert all(secret in str(refusal.value) for secret in SECRETS)


def test_a_developers_machine_needs_no_secret(load):
    assert load({})["PRODUCTION"] is False


def test_production_never_shows_error_details(load):
    assert load({**PRODUCTION, "DEBUG": "1"})["DEBUG"] is False


def test_production_never_loads_the_demo(load):
    assert not any(app.startswith("demo") for app in load(PRODUCTION)["INSTALLED_APPS"])


def test_only_postgresql_is_accepted(load):
    with pytest.raises(ImproperlyConfigured, match="must name a PostgreSQL database"):
        load({"DATABASE_URL": "sqlite:///portal.sqlite3"})


def test_the_example_file_lists_every_variable_and_no_other():
    listed = re.findall(r"^(?:# )?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(variables_read() | COMPOSE_ONLY)
