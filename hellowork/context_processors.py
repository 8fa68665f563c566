from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(_request: HttpRequest) -> dict[str, Any]:
    return {"portal_name": settings.PORTAL_NAME, "mail_from": settings.MAIL_FROM, "is_demo": settings.DEMO}
