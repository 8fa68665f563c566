"""The page for an error of ours; chosen by what went wrong, whichever view or middleware it was."""

import sys
from http import HTTPStatus

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error as django_server_error
from redis import RedisError

TRY_AGAIN_AFTER = "60"


def server_error(request: HttpRequest) -> HttpResponse:
    """503 "try again later" when PostgreSQL or Redis does not answer, else 500.

    Without Redis nobody signs in: its counts are what stops the guessing of passwords (ASVS 16.5.3, fail closed).
    """
    if not isinstance(sys.exc_info()[1], OperationalError | RedisError):
        return django_server_error(request)
    answer = django_server_error(request, template_name="503.html")
    answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    answer.headers["Retry-After"] = TRY_AGAIN_AFTER
    return answer
