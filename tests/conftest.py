"""Fixtures of the whole suite: frozen time, real Redis, a real SMTP server, a real Celery worker, a real browser.

Starts no server by itself: `make test` does, or DATABASE_URL and REDIS_URL name them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import hypothesis
import pytest
import pytest_django
import redis as redis_client
import time_machine
from django.conf import settings as portal_settings
from django.db import connection
from playwright.sync_api import sync_playwright

from booking.clock import JST
from tests.mail_server import MailServer
from tests.zoom.document import ZOOM_DOCUMENT

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
BROWSER_FIXTURES = {"browser", "browser_context", "page", "page_without_javascript"}
# How long an example takes says how busy the machine is, not whether the promise holds.
hypothesis.settings.register_profile("any machine", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        raise pytest.UsageError(
            "The tests need PostgreSQL and Redis: run `make test`, or set DATABASE_URL and REDIS_URL."
        )
    if os.environ.get("REQUIRE_BROWSER") == "1" and not CHROMIUM.exists():
        raise pytest.UsageError(f"REQUIRE_BROWSER=1, but there is no {CHROMIUM}.")
    # Playwright keeps an event loop in the main thread, in which Django would refuse every query.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    _give_each_worker_its_own_redis()
    portal_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    portal_settings.STORAGES = {
        **portal_settings.STORAGES,  # no collectstatic before a test
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    portal_settings.WHITENOISE_AUTOREFRESH = True
    portal_settings.WHITENOISE_USE_FINDERS = True


def _give_each_worker_its_own_redis() -> None:
    """Database n for a plain run; n + 1, n + 2, … for the workers of pytest-xdist."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    parts = urlsplit(os.environ["REDIS_URL"])
    number = (int(parts.path.strip("/") or 0) + 1 + int(worker.removeprefix("gw"))) % 16
    url = parts._replace(path=f"/{number}").geturl()
    os.environ["REDIS_URL"] = url
    portal_settings.REDIS_URL = url
    portal_settings.CELERY_BROKER_URL = url
    portal_settings.CACHES["default"]["LOCATION"] = url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHROMIUM.exists():
        terminalreporter.write_line(f"No {CHROMIUM}: the tests that need a browser were left out (pytest -m browser).")
    if not ZOOM_DOCUMENT.is_file():
        terminalreporter.write_line(
            f"No {ZOOM_DOCUMENT}: the check against Zoom's OpenAPI document was left out (set ZOOM_CONTRACT_DIR)."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser_tests = [item for item in items if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ()))]
    for item in browser_tests:
        item.add_marker("browser")
    if not CHROMIUM.exists():
        left_out = [item for item in items if item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


# --- Time -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """Before the database is dropped, ends what a killed worker or a thread of the live server left open."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def freeze() -> Iterator[Callable[[str | datetime], datetime]]:
    """`freeze("2026-04-01 10:00")` stops the clock at that Japanese time; call it again to move on."""
    with ExitStack() as stack:

        def move_to(moment: str | datetime) -> datetime:
            chosen = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            chosen = chosen.replace(tzinfo=JST) if chosen.tzinfo is None else chosen
            stack.enter_context(time_machine.travel(chosen, tick=False))
            return chosen

        yield move_to


# --- Redis, mail, Celery --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _redis_connection() -> Iterator[redis_client.Redis]:
    client = redis_client.Redis.from_url(os.environ["REDIS_URL"])
    yield client
    client.close()


@pytest.fixture(autouse=True)
def redis(_redis_connection: redis_client.Redis) -> redis_client.Redis:
    """The Redis of this test run (cache, rate limits, broker), empty at the beginning of every test."""
    _redis_connection.flushdb()
    return _redis_connection


@pytest.fixture
def smtp_server(settings) -> Iterator[MailServer]:
    """A real SMTP server that Django sends to during the test; see tests/mail_server.py."""
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield server
    server.stop()


@pytest.fixture
def celery_worker_process(
    transactional_db, smtp_server, settings, tmp_path
) -> Iterator[Callable[..., subprocess.Popen]]:
    """`celery_worker_process(ZOOM_API_URL=…)` starts a real worker on the test database and waits until it is ready.

    Mails go to `smtp_server`. Values of the Zoom settings are taken over at the moment of the call.
    """
    processes: list[subprocess.Popen] = []

    def start(**environment: str) -> subprocess.Popen:
        log = tmp_path / f"worker-{len(processes)}.log"
        command = [sys.executable, "-m", "celery", "-A", "hellowork", "worker", "--loglevel", "INFO"]
        command += ["--queues", "default,meetings,mails", "--concurrency", "2", "--hostname", f"test{os.getpid()}@%h"]
        zoom = ("ZOOM_API_URL", "ZOOM_OAUTH_URL", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env={
                    **os.environ,
                    "DATABASE_URL": database_url_of_this_test(),
                    "EMAIL_URL": f"smtp://{smtp_server.host}:{smtp_server.port}",
                    **{name: getattr(settings, name) for name in zoom},
                    "ZOOM_JOIN_HOSTS": ",".join(settings.ZOOM_JOIN_HOSTS),
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        processes.append(process)
        _wait_until_ready(process, log)
        return process

    yield start
    for process in processes:
        _stop_group(process)


def database_url_of_this_test() -> str:
    database = connection.settings_dict
    account = quote(database["USER"], safe="")
    if database["PASSWORD"]:
        account += ":" + quote(database["PASSWORD"], safe="")
    if database["HOST"].startswith("/"):
        return f"postgres://{account}@/{quote(database['HOST'])}/{database['NAME']}"
    return f"postgres://{account}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


def _wait_until_ready(process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while " ready." not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The Celery worker did not start:\n{log.read_text()}")
        time.sleep(0.1)


def _stop_group(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# --- Browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_context(browser):
    """`browser_context(java_script_enabled=False)` opens a browser of its own: own cookies, Japanese, Japan time."""
    contexts = []

    def new(**options):
        context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def page(browser_context):
    """A page with JavaScript; an error in a script, or one the Content-Security-Policy reports, fails the test."""
    page = browser_context().new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    assert not errors


@pytest.fixture
def page_without_javascript(browser_context):
    return browser_context(java_script_enabled=False).new_page()
