"""What goes wrong at the SMTP server, and whose fault it is: the mail's for good, the mail's for now, or the server's."""

import pytest

from mailing.models import MailState, OutgoingMail
from mailing.sending import MOST_ATTEMPTS, SHORTEST_WAIT_FOR_SERVER, SPREAD, pause_after, send, wait_for_server
from tests.factories import NOW
from tests.mailing.arrived import only
from tests.mailing.rows import note
from tests.mailing.times import days, minutes, seconds

pytestmark = pytest.mark.django_db


def is_about(pause, expected) -> bool:
    """Pauses are spread: up to a fifth longer."""
    return expected <= pause <= expected * (1 + SPREAD)


def test_a_composer_that_fails_is_heard_of_and_tried_again(says, smtp_server):
    says(KeyError("office"))
    mail = note()
    with pytest.raises(KeyError):
        send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.DELAYED
    assert is_about(mail.due_at - NOW, minutes(1))
    assert "office" in mail.error


@pytest.mark.requirement("S-25")
@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 bad mailbox"])
def test_an_address_that_the_server_refuses_for_good_fails_at_once_and_shows(says, smtp_server, answer):
    smtp_server.refuse_recipients["a@mail.example"] = answer
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED
    assert mail.error == answer
    assert list(OutgoingMail.objects.undelivered()) == [mail]


def test_a_text_that_the_server_refuses_for_good_fails_at_once(says, smtp_server):
    smtp_server.refuse_with = "554 looks like spam"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (MailState.FAILED, "554 looks like spam")


@pytest.mark.parametrize("answer", ["450 mailbox busy", "451 try again"])
def test_an_address_refused_for_now_is_tried_again_and_arrives(says, smtp_server, answer):
    smtp_server.refuse_recipients["a@mail.example"] = answer
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == (MailState.DELAYED, 1, answer)
    assert is_about(mail.due_at - NOW, minutes(1))
    smtp_server.refuse_recipients.clear()
    send(mail.pk, now=NOW + minutes(2))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == (MailState.SENT, 2, "")


def test_the_same_mail_keeps_its_message_id_over_all_attempts(says, smtp_server):
    smtp_server.refuse_with = "451 try again"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    first = mail.message_id
    smtp_server.refuse_with = ""
    send(mail.pk, now=NOW + minutes(2))
    assert only(smtp_server)["Message-ID"] == first


@pytest.fixture(params=["away", "full", "refuses our password", "refuses our sender", "wants a sign-in"])
def trouble(request, smtp_server, settings) -> str:
    """What is no mail's fault."""
    match request.param:
        case "away":
            settings.EMAIL_PORT = 1
        case "full":
            smtp_server.refuse_recipients["a@mail.example"] = "421 4.7.0 too many connections"
        case "refuses our password":
            settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "wrong"
        case "refuses our sender":
            smtp_server.refuse_sender = "451 4.1.8 sender not known yet"
        case "wants a sign-in":
            smtp_server.refuse_recipients["a@mail.example"] = "530 5.7.0 authentication required"
    return request.param


def test_what_is_no_fault_of_the_mail_costs_it_no_attempt(says, trouble):
    mail = note(attempts=MOST_ATTEMPTS - 1)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.DELAYED, MOST_ATTEMPTS - 1)
    assert is_about(mail.due_at - NOW, SHORTEST_WAIT_FOR_SERVER)
    assert mail.error


def test_a_server_that_comes_back_gets_the_mail(says, smtp_server):
    smtp_server.stop()
    mail = note()
    send(mail.pk, now=NOW)
    assert OutgoingMail.objects.get().state == MailState.DELAYED
    smtp_server.start()
    send(mail.pk, now=NOW + minutes(1))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)


@pytest.mark.parametrize(
    ("lasted", "wait"),
    [(minutes(0), seconds(30)), (minutes(2), seconds(30)), (minutes(20), minutes(5)), (days(1), minutes(10))],
    ids=["at first", "2 minutes", "20 minutes", "a day"],
)
def test_the_longer_the_server_is_away_the_less_often_it_is_asked(lasted, wait):
    assert wait_for_server(lasted) == wait


@pytest.mark.parametrize(
    ("lasted", "state"),
    [(days(5) - seconds(1), MailState.DELAYED), (days(5), MailState.FAILED)],
    ids=["a second before", "five days"],
)
def test_a_mail_waits_five_days_for_the_server(says, smtp_server, settings, lasted, state):
    settings.EMAIL_PORT = 1
    mail = note()
    send(mail.pk, now=NOW)
    OutgoingMail.objects.update(due_at=NOW)
    send(mail.pk, now=NOW + lasted)
    mail.refresh_from_db()
    assert mail.state == state


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)], ids=["refused first", "slow first", "good first"])
def test_one_bad_address_blocks_nobody_else(says, smtp_server, settings, order):
    settings.EMAIL_TIMEOUT = 0.3
    smtp_server.refuse_recipients["refused@mail.example"] = "550 no such user"
    smtp_server.slow_recipients["slow@mail.example"] = 1
    mails = [note(to=f"{name}@mail.example", cause=name) for name in ("refused", "slow", "good")]
    for position in order:
        send(mails[position].pk, now=NOW)
    states = OutgoingMail.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [MailState.FAILED, MailState.DELAYED, MailState.SENT]
    assert only(smtp_server)["To"] == "good@mail.example"


def test_a_slow_address_is_an_attempt_and_in_the_end_a_failure(says, smtp_server, settings):
    settings.EMAIL_TIMEOUT = 0.3
    smtp_server.slow_recipients["a@mail.example"] = 1
    mail = note(attempts=MOST_ATTEMPTS - 1)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (52, 60)],
    ids=lambda value: str(value),
)
def test_the_pauses_grow_to_one_hour(attempts, pause):
    assert pause_after(attempts) == minutes(pause)


def test_attempts_end_after_about_two_days():
    total = sum((pause_after(attempts) for attempts in range(1, MOST_ATTEMPTS)), minutes(0))
    assert days(1.9) < total < days(2.1)


@pytest.mark.parametrize(
    ("attempts_before", "state"),
    [(MOST_ATTEMPTS - 2, MailState.DELAYED), (MOST_ATTEMPTS - 1, MailState.FAILED)],
    ids=["last but one attempt", "last attempt"],
)
def test_the_last_attempt_that_fails_shows_to_staff(says, smtp_server, attempts_before, state):
    smtp_server.refuse_with = "451 try again"
    mail = note(attempts=attempts_before)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == state


def test_a_backend_that_sends_nothing_is_an_error(says, smtp_server, settings):
    settings.EMAIL_BACKEND = "tests.mailing.nothing.NothingBackend"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.DELAYED
    assert "NothingSentError" in mail.error


@pytest.mark.parametrize("address", ["", "no-at-sign", "a@mail.example\nBcc: b@mail.example"])
def test_what_is_no_address_fails_at_once(says, smtp_server, address):
    mail = note(to=address)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED
    assert not smtp_server.messages
