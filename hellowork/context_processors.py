from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from offices.announcements import banners


def portal(_request: HttpRequest) -> dict[str, Any]:
    """On every page. Banners are asked for only where a page shows them."""
    return {
        "portal_name": settings.PORTAL_NAME,
        "mail_from": settings.MAIL_FROM,
        "is_demo": settings.DEMO,
        "banners": SimpleLazyObject(lambda: banners(timezone.now())),
    }
