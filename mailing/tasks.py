"""Celery entry points: a row's id in, one attempt to send it."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from mailing import sending


@shared_task(base=DjangoTask)
def send_mail(mail_id: int) -> None:
    sending.send(mail_id, now=timezone.now())
