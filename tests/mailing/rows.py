from mailing.models import OutgoingMail
from tests.factories import NOW


def note(**changes) -> OutgoingMail:
    """A row of kind "note" (see the fixture `says`), due now."""
    fields = {"kind": "note", "cause": "cause", "to": "a@mail.example", "due_at": NOW, **changes}
    return OutgoingMail.objects.create(**fields)
