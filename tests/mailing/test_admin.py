"""The ledger in the admin: the national administrator reads it and sends failed mails again; nobody edits it."""

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage

from audit.models import AuditRecord
from mailing.models import PERHAPS_SENT, UNDELIVERED, DeliveryReport, MailState, OutgoingMail, ReportAction
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


@pytest.mark.parametrize("state", UNDELIVERED)
def test_undelivered_mails_are_sent_again_and_that_is_on_record(page, request_of, state):
    mail = failed(attempts=53, state=state)
    request = request_of(is_superuser=True)
    page.send_undelivered_again(request, OutgoingMail.objects.all())
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 0)
    record = AuditRecord.objects.get(action="mail.sent_again")
    assert (record.actor, record.detail) == (request.user, {"mails": [mail.pk]})


def test_what_cannot_be_sent_again_is_said(page, request_of):
    failed(is_secret=True)
    failed(cause="2", state=MailState.SENT)
    request = request_of(is_superuser=True)
    page.send_undelivered_again(request, OutgoingMail.objects.all())
    assert ["2件は送り直せません" in str(message) for message in request._messages] == [True]


def test_the_link_of_a_secret_mail_is_never_shown(page):
    assert "key" not in page.text(failed(is_secret=True, body="https://x.example/key"))
    assert page.text(failed(cause="2", body="本文")) == "本文"


@pytest.fixture
def told(page, request_of):
    """What the page of a mail says."""

    def told(mail: OutgoingMail) -> str:
        request = request_of(is_superuser=True)
        request.method = "GET"
        return page.change_view(request, str(mail.pk)).render().content.decode()

    return told


def test_the_page_tells_what_became_of_the_mail(told):
    mail = failed(
        state=MailState.BOUNCED,
        bounced_at=NOW,
        context={PERHAPS_SENT: 2},
        attachments=[{"name": "invite.ics", "content_type": "text/calendar", "content": "BEGIN:VCALENDAR"}],
    )
    DeliveryReport.objects.create(
        digest="1",
        mail=mail,
        action=ReportAction.FAILED,
        status="5.1.1",
        diagnostic="smtp; 550 <b>no such user</b>",
        received_at=NOW,
    )
    page = told(mail)
    assert "invite.ics" in page
    assert "BEGIN:VCALENDAR" not in page
    assert "届きませんでした 5.1.1 smtp; 550 &lt;b&gt;no such user&lt;/b&gt;" in page
    assert "届いたか分からないまま送り直した回数" in page


def test_the_page_of_a_purged_mail_tells_its_former_state(told):
    assert "送信済み" not in told(failed(state=MailState.PURGED))
    assert "送信済み" in told(failed(cause="2", state=MailState.PURGED, context={"was": "sent"}))
