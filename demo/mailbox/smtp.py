from datetime import datetime
from typing import Any

from aiosmtpd.controller import Controller

from demo.mailbox.store import JST, Mailbox


class Keeper:
    """Accepts every mail and hands it to the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.mailbox.keep(envelope.original_content, recipients=envelope.rcpt_tos, now=datetime.now(JST))
        return "250 kept"


def smtp_server(mailbox: Mailbox, *, host: str, port: int) -> Controller:
    return Controller(Keeper(mailbox), hostname=host, port=port, enable_SMTPUTF8=True)
