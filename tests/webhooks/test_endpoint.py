"""The door: who may knock, what is answered, what is kept of it (zoom contract C.9)."""

import hashlib
import hmac
import json
import re
from datetime import UTC, timedelta
from functools import partialmethod

import pytest
from celery.canvas import Signature
from django.conf import settings as portal_settings
from django.test import Client
from kombu import Connection

from booking.meetings.zoom import notices
from booking.models import WebhookDelivery
from booking.periodic import take_notices_left_behind
from booking.views import webhooks
from tests.webhooks.conftest import ADDRESS, MEETING_ID, SECRET, TEN, body_of, event, guest, host, post, signed

pytestmark = pytest.mark.usefixtures("now")

VECTOR_AT = "1795219200"
VECTOR_BODY = (
    b'{"event":"meeting.started","event_ts":1795219200123,"payload":{"account_id":"AAAAAABBBB","object":{"id":"92674392836",'
    b'"uuid":"aDYlohsHRtCd4ii1uC2+hA==","host_id":"x1yCzABCDEfg23HiJKl4mN","topic":"t","type":2,'
    b'"start_time":"2026-11-21T00:00:00Z","duration":50,"timezone":"Asia/Tokyo"}}}'
)
VECTOR_SIGNATURE = "v0=469578f8afcaf1a18d3eee4496a222cf6163f5cba540a8ab4c47e98b1365c680"
PLAIN_TOKEN = "qgg8vlvZRS6UYooatFL8Aw"
ENCRYPTED_TOKEN = "ae7c940e5051b2a17c1c49f4818fff9a88e210f5d820ff3c862635e27c93a4d9"
STARTED = event("meeting.started", TEN)


def validation(token: object = PLAIN_TOKEN) -> dict:
    return {"event": "endpoint.url_validation", "payload": {"plainToken": token}, "event_ts": 1795219200123}


# --- The signature ----------------------------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_known_example(webhooks_on, freeze) -> None:
    freeze("2026-11-21 09:00")
    headers = {"x-zm-request-timestamp": VECTOR_AT, "x-zm-signature": VECTOR_SIGNATURE}
    assert post(VECTOR_BODY, headers=headers).status_code == 200
    assert WebhookDelivery.objects.get().digest == hashlib.sha256(VECTOR_BODY).hexdigest()


def test_the_validation_of_the_address_is_answered_as_in_the_known_example(webhooks_on) -> None:
    answer = post(validation())
    assert answer.json() == {"plainToken": PLAIN_TOKEN, "encryptedToken": ENCRYPTED_TOKEN}
    assert not WebhookDelivery.objects.exists()


FORGED = {
    "no header at all": {},
    "no signature": {"x-zm-signature": ""},
    "of another secret": signed(body_of(STARTED), secret="x"),
    "without its version": {"x-zm-signature": "469578f8afcaf1a18d3eee4496a222cf6163f5cba540a8ab4c47e98b1365c680"},
    "not ASCII": {"x-zm-signature": "v0=é"},
}


@pytest.mark.parametrize("told", [STARTED, validation()], ids=["a notice", "a validation"])
@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_without_zooms_signature_nothing_is_read_and_nothing_is_said(webhooks_on, told, headers) -> None:
    if "x-zm-signature" in headers and "x-zm-request-timestamp" not in headers:
        headers = {**signed(body_of(told)), **headers}
    answer = post(told, headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert not WebhookDelivery.objects.exists()


def test_a_single_changed_byte_is_refused(webhooks_on) -> None:
    body = body_of(STARTED)
    assert post(body.replace(b"started", b"Started"), headers=signed(body)).status_code == 401


def test_without_the_check_anybody_could_tell_that_the_office_was_there(webhooks_on, monkeypatch) -> None:
    monkeypatch.setattr(webhooks, "signing_secret", lambda _body, **_how: SECRET)
    assert post(STARTED, headers={}).status_code == 200
    assert WebhookDelivery.objects.count() == 1


def test_the_signature_is_of_the_bytes_not_of_what_they_mean(webhooks_on) -> None:
    """The same JSON, written otherwise, has another signature: it is checked before anything is parsed."""
    spaced = json.dumps(STARTED, indent=1).encode()
    assert post(spaced, headers=signed(body_of(STARTED))).status_code == 401
    assert post(spaced).status_code == 200


# --- The oracle -------------------------------------------------------------------------------------------------------


def forged_by_the_oracle() -> tuple[bytes, str]:
    """A notice that somebody made up, and the text that has to be signed for it."""
    body = body_of(event("meeting.participant_joined", TEN, participant=guest(TEN)))
    return body, f"v0:1780275600:{body.decode()}"


def test_the_validation_signs_nothing_for_strangers(webhooks_on) -> None:
    _body, text = forged_by_the_oracle()
    assert post(validation(text), headers={}).status_code == 401


@pytest.mark.parametrize(
    "token", ["", "v0:1780275600:{}", "a b", "a" * 65, "é", "a\n", None, {"x": 1}], ids=lambda token: repr(token)[:20]
)
def test_even_a_signed_validation_signs_only_what_zoom_would_send(webhooks_on, token) -> None:
    assert post(validation(token)).status_code == 400


def test_answering_first_and_checking_later_would_hand_out_signatures(webhooks_on, monkeypatch) -> None:
    """The twin: what an endpoint without both guards would do for somebody who knows no secret."""
    monkeypatch.setattr(webhooks, "signing_secret", lambda _body, **_how: SECRET)
    monkeypatch.setattr(notices, "PLAIN_TOKEN", re.compile(r"(?s).*"))
    body, text = forged_by_the_oracle()
    stolen = post(validation(text), headers={}).json()["encryptedToken"]
    monkeypatch.undo()
    assert stolen == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert notices.signature(body, timestamp="1780275600", secret=SECRET) == f"v0={stolen}"


# --- The window -------------------------------------------------------------------------------------------------------

SECONDS = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "works"),
    [
        pytest.param(timedelta(hours=2), True, id="two hours old"),
        pytest.param(timedelta(hours=2, seconds=1), False, id="a second older"),
        pytest.param(-timedelta(minutes=5), True, id="five minutes ahead"),
        pytest.param(-timedelta(minutes=5, seconds=1), False, id="a second more ahead"),
    ],
)
@pytest.mark.parametrize("digits", [10, 13])
def test_the_window_is_two_hours_back_and_five_minutes_ahead(webhooks_on, now, age, works, digits) -> None:
    stamp = str(int((now - age).timestamp())) + "000"[: digits - 10]
    answer = post(STARTED, headers=signed(body_of(STARTED), timestamp=stamp))
    assert (answer.status_code == 200) is works


@pytest.mark.parametrize("stamp", ["", "178027560", "17802756000", "1780275600.0", "178027560０", "-780275600"])
def test_other_timestamps_are_none(webhooks_on, stamp) -> None:
    headers = {
        "x-zm-request-timestamp": stamp,
        "x-zm-signature": notices.signature(b"{}", timestamp=stamp, secret=SECRET),
    }
    answer = Client().post(
        ADDRESS,
        b"{}",
        content_type="application/json",
        HTTP_X_ZM_REQUEST_TIMESTAMP=stamp,
        HTTP_X_ZM_SIGNATURE=headers["x-zm-signature"],
    )
    assert answer.status_code == 401


def test_the_window_can_be_made_smaller(webhooks_on, now, settings) -> None:
    settings.ZOOM_WEBHOOK_MAX_AGE = timedelta(minutes=5)
    stamp = str(int((now - timedelta(minutes=6)).timestamp()))
    assert post(STARTED, headers=signed(body_of(STARTED), timestamp=stamp)).status_code == 401


def test_without_the_window_a_kept_copy_would_work_for_ever(webhooks_on, now, settings) -> None:
    settings.ZOOM_WEBHOOK_MAX_AGE = timedelta(days=36500)
    stamp = str(int((now - timedelta(days=365)).timestamp()))
    assert post(STARTED, headers=signed(body_of(STARTED), timestamp=stamp)).status_code == 200


# --- Twice ------------------------------------------------------------------------------------------------------------


def test_the_same_body_is_kept_once_and_answered_alike(webhooks_on) -> None:
    assert [post(STARTED).status_code for _again in range(3)] == [200, 200, 200]
    assert WebhookDelivery.objects.count() == 1


def test_the_same_body_signed_anew_is_still_the_same(webhooks_on, freeze, now) -> None:
    post(STARTED)
    freeze(now + timedelta(hours=1))
    post(STARTED)
    assert WebhookDelivery.objects.count() == 1


def test_the_digest_of_the_body_is_what_keeps_the_second_one_out(webhooks_on, monkeypatch) -> None:
    post(STARTED)
    digests = iter("ab")
    monkeypatch.setattr(
        webhooks, "hashlib", type("Hash", (), {"sha256": staticmethod(lambda _b: Digest(next(digests)))})
    )
    post(STARTED)
    assert WebhookDelivery.objects.count() == 2


class Digest:
    def __init__(self, text: str) -> None:
        self.text = text

    def hexdigest(self) -> str:
        return self.text


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_of_a_person_only_the_stay_is_kept(webhooks_on) -> None:
    post(event("meeting.participant_joined", TEN, participant=guest(TEN)))
    delivery = WebhookDelivery.objects.get()
    assert delivery.body == {
        "instance": "aDYlohsHRtCd4ii1uC2+hA==",
        "participant": "16778240",
        "is_host": False,
        "at": TEN.astimezone(UTC).isoformat(),
    }
    kept = json.dumps(WebhookDelivery.objects.values().get(), default=str, ensure_ascii=False)
    for secret in ("髙橋", "ichiro", "203.0.113.7", "10.0.0.7", "8190123", "ハローワーク"):
        assert secret not in kept


def test_the_host_is_told_by_the_ids_alone(webhooks_on) -> None:
    post(event("meeting.participant_joined", TEN, participant=host(TEN)))
    post(
        event(
            "meeting.participant_joined", TEN, participant=guest(TEN, user_name="相談 花子", email="host0@zoom.example")
        )
    )
    assert list(WebhookDelivery.objects.order_by("pk").values_list("body__is_host", flat=True)) == [True, False]


UNKNOWN = {
    "another event": event("recording.completed", TEN),
    "no event": {"payload": {}},
    "an event that is no text": {**STARTED, "event": ["meeting.started"]},
    "a meeting without number": event("meeting.started", TEN, id=""),
    "a number that is none": event("meeting.started", TEN, id="123456789; DROP"),
    "an instance with NUL": event("meeting.started", TEN, uuid="a\x00b"),
    "no object": {"event": "meeting.started", "payload": []},
}


@pytest.mark.parametrize("told", UNKNOWN.values(), ids=UNKNOWN)
def test_what_the_portal_does_not_know_is_answered_and_not_kept(webhooks_on, told) -> None:
    assert post(told).status_code == 200
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 50_000], ids=["empty", "list", "cut", "bytes", "deep"]
)
def test_what_is_no_json_object_is_answered_and_not_kept(webhooks_on, body) -> None:
    assert post(body).status_code == 200
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("number", [int(MEETING_ID), MEETING_ID], ids=["a number", "text"])
def test_the_meetings_number_is_text_whatever_zoom_sends(webhooks_on, number) -> None:
    post(event("meeting.started", TEN, id=number))
    assert WebhookDelivery.objects.get().meeting_id == MEETING_ID


# --- The door itself --------------------------------------------------------------------------------------------------


def test_without_a_secret_there_is_no_door(db) -> None:
    assert portal_settings.ZOOM_WEBHOOK_SECRETS == []
    assert post(STARTED).status_code == 404
    assert Client().get(ADDRESS).status_code == 404


def test_only_post_opens_it(webhooks_on) -> None:
    assert Client().get(ADDRESS).status_code == 405


def test_a_large_body_is_refused_unread(webhooks_on, settings) -> None:
    settings.ZOOM_WEBHOOK_MAX_BYTES = 100
    assert post(b"x" * 101).status_code == 413
    assert post(b"x" * 100).status_code == 200


def test_two_secrets_hold_while_one_takes_the_place_of_the_other(webhooks_on, settings) -> None:
    settings.ZOOM_WEBHOOK_SECRETS = ["new", SECRET]
    assert post(STARTED).status_code == 200
    assert post(STARTED, secret="new").status_code == 200
    assert post(STARTED, secret="newest").status_code == 401
    with_new = post(validation(), secret="new").json()["encryptedToken"]
    assert with_new == hmac.new(b"new", PLAIN_TOKEN.encode(), hashlib.sha256).hexdigest()


def test_it_asks_for_no_cookie_and_gives_none(webhooks_on) -> None:
    client = Client(enforce_csrf_checks=True)
    body = body_of(STARTED)
    answer = client.post(ADDRESS, body, content_type="application/json", headers=signed(body))
    assert (answer.status_code, dict(answer.cookies)) == (200, {})


@pytest.mark.django_db(transaction=True)
def test_few_queries_and_no_call_to_zoom(webhooks_on, django_assert_max_num_queries, zoom_stand_in) -> None:
    with django_assert_max_num_queries(6):
        post(STARTED)
    assert zoom_stand_in.app.calls == []


@pytest.mark.django_db(transaction=True)
def test_while_the_broker_is_away_the_notice_waits_for_the_sweeper(webhooks_on, monkeypatch, freeze, now) -> None:
    with Connection("redis://127.0.0.1:1/0") as nobody:
        monkeypatch.setattr(Signature, "apply_async", partialmethod(Signature.apply_async, connection=nobody))
        assert post(STARTED).status_code == 200
    assert WebhookDelivery.objects.unprocessed().count() == 1
    assert take_notices_left_behind() == 0
    freeze(now + timedelta(seconds=30))
    assert take_notices_left_behind() == 1
    assert not WebhookDelivery.objects.unprocessed().exists()
