from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.core.management import call_command
from django.utils import timezone

from accounts.dormancy import look_after
from accounts.models import ProvisionalRegistration
from accounts.usage import unused_accounts
from mailing.wake_up import call_worker


@shared_task(base=DjangoTask, name="accounts.periodic.purge_expired_registrations")
def purge_expired_registrations() -> int:
    """Unconfirmed registrations vanish when their link has expired (24 hours). Safe to run twice."""
    deleted, _by_model = ProvisionalRegistration.objects.filter(expires_at__lte=timezone.now()).delete()
    return deleted


@shared_task(base=DjangoTask)
def clear_sessions() -> None:
    """Sessions whose end has passed are rows that nobody can use any more."""
    call_command("clearsessions")


@shared_task(base=DjangoTask)
def look_after_unused_accounts() -> None:
    """One task for each, so that one that fails keeps no other waiting."""
    for pk in unused_accounts(timezone.now()).values_list("pk", flat=True):
        if not call_worker(look_after_unused_account, pk):
            break


@shared_task(base=DjangoTask)
def look_after_unused_account(user_id: int) -> None:
    look_after(user_id, now=timezone.now())
