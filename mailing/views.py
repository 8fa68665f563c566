"""The webhook for mail servers that hand over a returned mail instead of keeping it in a mailbox."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mailing.bounces.noting import StillSending, note
from mailing.bounces.reading import MOST_BYTES, NotAReport, read

RETRY_AFTER = 60
"""Seconds."""


@csrf_exempt
@require_POST
def bounce(request: HttpRequest) -> HttpResponse:
    """The raw mail in the body. 204 noted, 422 no report about a mail of ours, 503 bring it again; 404 while switched off."""
    if not settings.BOUNCE_WEBHOOK_SECRET:
        raise Http404
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.BOUNCE_WEBHOOK_SECRET}"):
        return HttpResponse(status=403)
    raw = request.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        noted = note(read(raw), now=timezone.now())
    except NotAReport:
        noted = None
    except StillSending:
        return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER)})
    return HttpResponse(status=204 if noted else 422)
