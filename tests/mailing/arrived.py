from email.message import EmailMessage

from tests.mail_server import MailServer


def only(server: MailServer) -> EmailMessage:
    """The one mail that arrived."""
    assert len(server.messages) == 1
    return server.messages[0]


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
