"""What the beat starts for terms."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from terms.retention import purge_consents


@shared_task(base=DjangoTask)
def purge_consents_of_deleted_accounts() -> int:
    return purge_consents(timezone.now())
