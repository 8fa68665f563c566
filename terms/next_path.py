"""Where a person was going when asked to sign in, to register or to agree; the one judgement of a local address."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

NEXT = "next"
BACK = "back"
MAX_LENGTH = 500


def local_path(target: str) -> str:
    """`target` if it is a path of this portal, else empty: nobody is led outside (ASVS 3.7.2)."""
    is_plain = target.startswith("/") and target.isprintable() and len(target) <= MAX_LENGTH
    return target if is_plain and url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


def next_path(request: HttpRequest) -> str:
    return local_path(request.GET.get(NEXT, ""))


def back_path(request: HttpRequest) -> str:
    """Where a person goes who does not want to go on."""
    return local_path(request.GET.get(BACK, ""))


def with_next(url: str, path: str) -> str:
    return f"{url}?{urlencode({NEXT: path})}" if path else url
