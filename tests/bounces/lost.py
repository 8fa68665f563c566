from typing import Any

from booking.enums import MailKind
from mailing.models import MailState, OutgoingMail
from tests.factories import NOW


def lost(about: Any, *, kind: str = MailKind.CONFIRMED, state: str = MailState.BOUNCED, **changes: Any) -> OutgoingMail:
    """A mail about the reservation or request that did not arrive."""
    fields = {"kind": kind, "cause": str(about.uuid), "to": about.email, "due_at": NOW, "claimed_at": NOW}
    fields |= {"state": state, "error": "550 5.1.1 User unknown", "subject": "【ハローワーク】予約確定のお知らせ"}
    fields["occurrence"] = str(getattr(about, "calendar_sequence", 1))
    return OutgoingMail.objects.create(**{**fields, **changes})
