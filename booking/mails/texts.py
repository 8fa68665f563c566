"""案内文: what an office adds to its mails in words of its own. Every mail of booking is rendered here.

A paragraph goes in as it was typed: nothing in it is read as a template.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from booking.models import OfficeText, Service
from mailing.texts import render
from offices.models import Office

JAPANESE = "ja"
"""What everybody is written to in who has chosen nothing, and where a paragraph is missing in another language."""


def render_mail(name: str, context: dict[str, Any], *, language: str) -> tuple[str, str]:
    """Subject and body, with the paragraphs of the office in `context` unless they stand there already. One query."""
    if "office_texts" not in context:
        office, service = context["office"], context.get("service")
        context = {**context, "office_texts": office_texts(office, service=service, language=language)}
    return render(name, context, language=language)


def office_texts(office: Office, *, service: Service | None, language: str) -> dict[str, str]:
    """The paragraph for each place (TextPlace) in the mails of a service, or in those that are about none."""
    return chosen(texts_for(office, service=service, language=language), language=language)


def texts_for(office: Office, *, service: Service | None, language: str) -> list[OfficeText]:
    """All that a reader of that language may get."""
    own = Q(service=None) | Q(service=service) if service else Q(service=None)
    return list(OfficeText.objects.filter(own, office=office, language__in={language, JAPANESE}))


def chosen(texts: Iterable[OfficeText], *, language: str) -> dict[str, str]:
    """One for each place: the service's own before the office's, and then the reader's language before Japanese.

    The office's in the reader's language does not stand in for the service's own: what it says may be untrue there.
    """
    by_rank = sorted(texts, key=lambda text: (text.service_id is None, text.language != language))
    places: dict[str, str] = {}
    for text in by_rank:
        places.setdefault(text.place, text.text)
    return places
