"""The whole way: a commit, a wake-up call over the real broker, a real worker, a real SMTP server."""

import time

import pytest
from django.db import transaction
from django.utils import timezone

from mailing.models import MailState, OutgoingMail
from mailing.queue import queue_text
from tests.mailing.arrived import only, text_of


@pytest.mark.django_db(transaction=True)
def test_a_mail_queued_in_a_transaction_arrives_by_the_worker(celery_worker_process, smtp_server):
    celery_worker_process()
    with transaction.atomic():
        queue_text(kind="hello", to="a@mail.example", subject="件名", body="髙𠮷 様\n", now=timezone.now())
    deadline = time.monotonic() + 20
    while OutgoingMail.objects.get().state != MailState.SENT and time.monotonic() < deadline:
        time.sleep(0.05)
    assert OutgoingMail.objects.get().state == MailState.SENT
    assert text_of(only(smtp_server)) == "髙𠮷 様\n"
