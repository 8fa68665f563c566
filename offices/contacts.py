"""What the terms of an office say about whom to call."""

from offices.models import Office
from terms.contacts import finds_contact


@finds_contact
def office_to_call(number: str, /) -> Office | None:
    return Office.objects.filter(number=number).first()
