"""What is kept how long (settings.RETENTION), carried out every night."""

from datetime import datetime

from django.conf import settings

from audit.retention import deletion_allowed
from terms.models import Consent


def purge_consents(now: datetime) -> int:
    """A consent record goes a year after the account of the person was deleted."""
    with deletion_allowed():
        gone = Consent.objects.filter(person__deleted_at__lte=now - settings.RETENTION["consent_after_account"])
        deleted, _by_model = gone.delete()
    return deleted
