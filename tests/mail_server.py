import asyncio
import email
import email.policy
import socket
from collections.abc import Callable
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class MailServer:
    """A real SMTP server in a thread: keeps what it accepts, and can be told to refuse.

    `messages` holds what arrived, oldest first. `refuse_recipients["a@b.example"] = "550 5.1.1 unknown"` answers one
    recipient so; `refuse_with = "451 4.3.0 try later"` answers every mail so, `refuse_sender` every sender.
    `slow_recipients["c@d.example"] = 1` answers one recipient after a second; `on_data` is called before it
    says that it accepted a mail, `on_quit` when it is told goodbye. `envelope_senders` tells to whom reports about the messages would go.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.refuse_with = ""
        self.refuse_sender = ""
        self.refuse_recipients: dict[str, str] = {}
        self.slow_recipients: dict[str, float] = {}
        self.envelope_senders: list[str] = []
        self.on_data: Callable[[], object] = lambda: None
        self.on_quit: Callable[[], object] = lambda: None
        self._controller: Controller | None = None

    def start(self) -> None:
        """Also once more after `stop`, at the same port."""
        self._controller = Controller(self, hostname=self.host, port=self.port, enable_SMTPUTF8=True)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.messages if address in str(message["To"])]

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address in self.refuse_recipients:
            return self.refuse_recipients[address]
        await asyncio.sleep(self.slow_recipients.get(address, 0))
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        if self.refuse_with:
            return self.refuse_with
        message = email.message_from_bytes(envelope.original_content, EmailMessage, policy=email.policy.default)
        self.raw.append(envelope.original_content)
        self.messages.append(message)
        self.envelope_senders.append(envelope.mail_from)
        self.on_data()
        return "250 kept"

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.on_quit()
        return "221 bye"
