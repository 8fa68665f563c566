"""What is kept how long (settings.RETENTION), carried out every night."""

from datetime import datetime

from django.conf import settings

from audit.retention import deletion_allowed
from terms.models import Consent


def purge_consents(now: datetime) -> int:
    """A consent record goes a year after the account of the person was deleted."""
    last_kept = now - settings.RETENTION["consent_after_account"]
    with deletion_allowed():
        deleted, _by_model = Consent.objects.filter(person__deleted_at__lte=last_kept).delete()
    return deleted
