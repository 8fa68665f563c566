"""What is kept how long (settings.RETENTION), carried out every night."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from audit.retention import deletion_allowed
from terms.models import Consent, owner


def purge_consents(now: datetime) -> int:
    """A consent record goes a year after the account of the person was deleted."""
    last_kept = now - settings.RETENTION["consent_after_account"]
    with deletion_allowed():
        deleted, _by_model = Consent.objects.filter(person__deleted_at__lte=last_kept).delete()
    return deleted


def purge_consents_of(subjects: Iterable[str]) -> int:
    """The records of these people without an account: only the app that knows them can say that their time has come."""
    named = [owner(subject)["subject"] for subject in subjects]
    with deletion_allowed():
        deleted, _by_model = Consent.objects.filter(subject__in=named).delete()
    return deleted
