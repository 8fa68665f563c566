from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.core.management import call_command
from django.utils import timezone

from accounts.models import ProvisionalRegistration


@shared_task(base=DjangoTask, name="accounts.periodic.purge_expired_registrations")
def purge_expired_registrations() -> int:
    """Unconfirmed registrations vanish when their link has expired (24 hours). Safe to run twice."""
    deleted, _by_model = ProvisionalRegistration.objects.filter(expires_at__lte=timezone.now()).delete()
    return deleted


@shared_task(base=DjangoTask)
def clear_sessions() -> None:
    """Sessions whose end has passed are rows that nobody can use any more."""
    call_command("clearsessions")
