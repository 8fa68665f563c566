import email
import email.policy
import socket
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class MailServer:
    """A real SMTP server in a thread: keeps what it accepts, and can be told to refuse.

    `messages` holds what arrived, oldest first. `refuse_recipients["a@b.example"] = "550 5.1.1 unknown"` answers one
    recipient so; `refuse_with = "451 4.3.0 try later"` answers every mail so.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.refuse_with = ""
        self.refuse_recipients: dict[str, str] = {}
        self._controller = Controller(self, hostname=self.host, port=self.port, enable_SMTPUTF8=True)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.messages if address in str(message["To"])]

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address in self.refuse_recipients:
            return self.refuse_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        if self.refuse_with:
            return self.refuse_with
        self.raw.append(envelope.original_content)
        self.messages.append(
            email.message_from_bytes(envelope.original_content, EmailMessage, policy=email.policy.default)
        )
        return "250 kept"
