"""Where Zoom knocks: no person, no session, no page. Verified, stored, handed to a worker, answered (zoom contract C.9)."""

import hashlib
import logging
from datetime import datetime
from functools import partial

from celery import signature as task_of
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from booking.meetings.zoom.notices import (
    VALIDATION,
    Notice,
    moment_of_timestamp,
    notice_of,
    plain_token_of,
    read_body,
    signing_secret,
    validation_answer,
)
from booking.models import WebhookDelivery
from mailing.wake_up import call_worker

logger = logging.getLogger(__name__)

TAKE_NOTICE = "booking.periodic.take_notice"
"""By name: the task runs a flow, and stands above the views."""


@csrf_exempt
def zoom(request: HttpRequest) -> HttpResponse:
    """Nothing is read before the signature is known to be Zoom's, not even for the validation of the address.

    404 while no secret is set; 401 says nothing about what was wrong. A notice that was here before, or that nobody
    needs, is answered like any other.
    """
    if not settings.ZOOM_WEBHOOK_SECRETS:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if _length_of(request) > settings.ZOOM_WEBHOOK_MAX_BYTES:
        return HttpResponse(status=413)
    body, timestamp, now = request.body, request.headers.get("x-zm-request-timestamp", ""), timezone.now()
    secret = signing_secret(
        body,
        timestamp=timestamp,
        signed=request.headers.get("x-zm-signature", ""),
        secrets=settings.ZOOM_WEBHOOK_SECRETS,
        now=now,
        oldest=settings.ZOOM_WEBHOOK_MAX_AGE,
        ahead=settings.ZOOM_WEBHOOK_MAX_AHEAD,
    )
    if secret is None:
        logger.warning("A webhook without a valid signature was refused")
        return HttpResponse(status=401)
    told = read_body(body)
    if told.get("event") == VALIDATION:
        answer = validation_answer(plain_token_of(told), secret=secret)
        return HttpResponse(status=400) if answer is None else JsonResponse(answer)
    notice = notice_of(told, sent_at=moment_of_timestamp(timestamp) or now)
    if notice is not None:
        _keep(notice, body=body, now=now)
    return HttpResponse(status=200)


def _keep(notice: Notice, *, body: bytes, now: datetime) -> None:
    """The digest is of the bytes as they came; of their content only the notice is written down."""
    with transaction.atomic():
        delivery, is_new = WebhookDelivery.objects.get_or_create(
            digest=hashlib.sha256(body).hexdigest(),
            defaults={
                "event": notice.event,
                "meeting_id": notice.meeting_id,
                "sent_at": notice.sent_at,
                "received_at": now,
                "body": notice.content,
            },
        )
        if is_new:
            transaction.on_commit(partial(call_worker, task_of(TAKE_NOTICE), delivery.pk))


def _length_of(request: HttpRequest) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0
