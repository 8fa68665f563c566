import asyncio
import imaplib
import socket
import ssl
import threading
from argparse import Namespace
from contextlib import AsyncExitStack

import trustme
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer


class ImapServer:
    """A real IMAP server with TLS in a thread, with one mailbox, for the program that reads it and a test that fills it.

    Its certificate is signed by an authority that only `SSL_CERT_FILE={authority}` knows.
    """

    host = "localhost"
    user = "bounces@hellowork-sample.example"
    password = "p@ss/word"

    def __init__(self, folder) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.authority)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(self.host).configure_cert(self._context)
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._is_over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    @property
    def url(self) -> str:
        return f"imaps://bounces%40hellowork-sample.example:p%40ss%2Fword@{self.host}:{self.port}/INBOX"

    def start(self) -> None:
        self._thread.start()
        assert self._is_up.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join(10)
        self._loop.close()

    def put(self, *contents: bytes, flags: str = "") -> None:
        """As if these mails had come in."""
        with self._opened() as mailbox:
            for content in contents:
                assert mailbox.append("INBOX", flags, None, content)[0] == "OK"

    def flags(self) -> list[set[str]]:
        """Of every mail in the mailbox, the oldest first."""
        with self._opened() as mailbox:
            _ok, lines = mailbox.uid("FETCH", "1:*", "(FLAGS)")
            return [{flag.decode() for flag in imaplib.ParseFlags(line)} - {r"\Recent"} for line in lines if line]

    def _opened(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context(cafile=self.authority)
        mailbox = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context)
        mailbox.login(self.user, self.password)
        mailbox.select("INBOX")
        return mailbox

    async def _serve(self) -> None:
        options = Namespace(
            debug=False,
            demo_data=False,
            demo_user=self.user,
            demo_password=self.password,
            cert=None,
            key=None,
            tls=False,
            host=None,
            port=self.port,
            proxy_protocol=None,
            passlib_cfg=None,
            inherited_sockets=None,
        )
        backend, config = await DictBackend.init(options)
        async with AsyncExitStack() as stack:
            await backend.start(stack)
            reader = ProxyProtocolReader(config.proxy_protocol)
            answer = reader.get_callback(IMAPServer(backend.login, config))
            server = await asyncio.start_server(answer, "127.0.0.1", self.port, ssl=self._context)
            await stack.enter_async_context(server)
            self._is_up.set()
            await self._is_over.wait()
