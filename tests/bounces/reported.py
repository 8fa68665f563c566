"""The reports in tests/bounces/reports, as they come over the wire, and the mail that they are about."""

from pathlib import Path
from uuid import uuid4

from mailing.models import MailState, OutgoingMail
from tests.factories import NOW

REPORTS = Path(__file__).parent / "reports"
MESSAGE_ID = "<3f1c9c1e-6a53-4c0f-9a55-0d1f6c7f8a01@hellowork-sample.example>"
ADDRESS = "ichiro@mail.example"


def raw(name: str, *, message_id: str = MESSAGE_ID, address: str = ADDRESS) -> bytes:
    """The report of that name, about another mail if one is given."""
    text = (REPORTS / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")
    return text.replace(MESSAGE_ID.encode(), message_id.encode()).replace(ADDRESS.encode(), address.encode())


def sent_mail(**changes) -> OutgoingMail:
    """The mail of the reports, accepted by a server."""
    fields = {"kind": "note", "cause": str(uuid4()), "to": ADDRESS, "message_id": MESSAGE_ID, "due_at": NOW}
    fields |= {"state": MailState.SENT, "sent_at": NOW, "claimed_at": NOW, "attempts": 1}
    return OutgoingMail.objects.create(**{**fields, **changes})
