from collections.abc import Iterator

import pytest

from tests.imap_server import ImapServer


@pytest.fixture
def imap_server(settings, tmp_path, monkeypatch) -> Iterator[ImapServer]:
    """A real IMAP server with the mailbox that the portal reads; see tests/imap_server.py."""
    server = ImapServer(tmp_path)
    server.start()
    settings.BOUNCE_MAILBOX_URL = server.url
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    yield server
    server.stop()
