"""The ledger in the admin: the national administrator reads it and sends failed mails again; nobody edits it."""

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage

from audit.models import AuditRecord
from mailing.models import MailState, OutgoingMail
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def page():
    return admin.site.get_model_admin(OutgoingMail)


@pytest.fixture
def request_of(rf):
    def request_of(**flags):
        request = rf.post("/admin/mailing/outgoingmail/")
        request.user = UserFactory(is_staff=True, **flags)
        request.session = {}
        request._messages = FallbackStorage(request)
        return request

    return request_of


def failed(**changes) -> OutgoingMail:
    fields = {"kind": "note", "cause": "1", "to": "a@mail.example", "due_at": NOW, "state": MailState.FAILED}
    return OutgoingMail.objects.create(**{**fields, **changes})


def test_the_national_administrator_reads_it_and_nobody_edits_it(page, request_of):
    request = request_of(is_superuser=True)
    assert page.has_module_permission(request)
    assert page.has_view_permission(request)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_staff_of_an_office_do_not_see_it(page, request_of):
    request = request_of()
    assert not page.has_module_permission(request)
    assert not page.has_view_permission(request)


def test_failed_mails_are_sent_again_and_that_is_on_record(page, request_of):
    mail = failed(attempts=53)
    request = request_of(is_superuser=True)
    page.send_failed_again(request, OutgoingMail.objects.all())
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 0)
    record = AuditRecord.objects.get(action="mail.sent_again")
    assert (record.actor, record.detail) == (request.user, {"mails": [mail.pk]})


def test_what_cannot_be_sent_again_is_said(page, request_of):
    failed(is_secret=True)
    failed(cause="2", state=MailState.SENT)
    request = request_of(is_superuser=True)
    page.send_failed_again(request, OutgoingMail.objects.all())
    assert ["2件は送り直せません" in str(message) for message in request._messages] == [True]


def test_the_link_of_a_secret_mail_is_never_shown(page):
    assert "key" not in page.text(failed(is_secret=True, body="https://x.example/key"))
    assert page.text(failed(cause="2", body="本文")) == "本文"
