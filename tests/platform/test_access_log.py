"""Who may read the log may not use the links that people were mailed."""

import io
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from demo.addresses import REPOSITORY
from hellowork.access_log import AccessLog

KEY = "secret-Key_1:2-3"
MAILED = [
    f"/accounts/register/link/{KEY}/",
    f"/accounts/confirm-email/{KEY}/",
    f"/accounts/password/reset/key/{KEY}/",
]


def line_of(kind: type[Logger], path: str) -> str:
    """What the log says of one GET that came from the same page."""
    config = Config()
    config.set("accesslog", "-")
    log = kind(config)
    written = io.StringIO()
    log.access_log.handlers = [logging.StreamHandler(written)]
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "PATH_INFO": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://portal.example{path}",
    }
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    log.access(answer, SimpleNamespace(headers=[("REFERER", environ["HTTP_REFERER"])]), environ, timedelta(seconds=1))
    return written.getvalue()


@pytest.mark.parametrize("path", MAILED)
def test_the_key_of_a_mailed_link_is_not_logged(path):
    line = line_of(AccessLog, path)
    assert KEY not in line
    assert f"GET {path.replace(KEY, '…')} HTTP/1.1" in line


@pytest.mark.parametrize("path", MAILED)
def test_gunicorns_own_log_would_tell_it(path):
    assert line_of(Logger, path).count(KEY) == 2


@pytest.mark.parametrize("path", ["/", "/services/1/times/?day=2026-04-01", "/accounts/register/"])
def test_other_addresses_are_logged_as_they_are(path):
    assert f"GET {path} HTTP/1.1" in line_of(AccessLog, path)


def test_the_image_uses_this_log():
    assert '"--logger-class", "hellowork.access_log.AccessLog"' in (REPOSITORY / "Dockerfile").read_text()
