"""The only importer of zoomus 1.2.1, and what closes its traps.

zoomus stamps `Z` on any wall clock (so it is given a finished JSON text), fetches a token in the constructor and never
again (so it gets the header with each call), keeps its own timeout in every component, and never raises.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import requests
from django.utils import timezone
from urllib3.exceptions import MaxRetryError, NewConnectionError
from zoomus import ZoomClient
from zoomus.client import COMPONENT_CLASSES
from zoomus.util import API_VERSION_2, ApiClient

from booking.meetings.errors import MeetingError, NoAnswer, OutcomeUnknown, RetryLater
from booking.meetings.zoom.answers import error_of, refuses_token
from booking.meetings.zoom.breaker import Breaker
from booking.meetings.zoom.token import TokenSource


class QuietZoomClient(ZoomClient):  # type: ignore[misc]
    """zoomus without its constructor: no network, no credentials in `config`, the timeout where it is read."""

    def __init__(self, *, base_uri: str, timeout: timedelta) -> None:
        seconds = max(int(timeout.total_seconds()), 1)
        ApiClient.__init__(self, base_uri=base_uri, timeout=seconds)
        self.config = {"version": API_VERSION_2, "data_type": "json", "base_uri": base_uri}
        self.components = {
            name: component(base_uri=base_uri, config=self.config, timeout=seconds)
            for name, component in COMPONENT_CLASSES[API_VERSION_2].items()
        }


class Transport:
    """One call in, one checked answer out; everything else is a MeetingError."""

    def __init__(self, *, base_uri: str, token: TokenSource, timeout: timedelta) -> None:
        self._meeting = QuietZoomClient(base_uri=base_uri, timeout=timeout).meeting
        self._token = token
        self._breaker = Breaker(account=token.account)

    def get(self, path: str, *, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        response = self._checked(
            lambda headers: self._meeting.get_request(path, params=params, headers=headers), expected=200
        )
        return _json_object(response, unreadable=RetryLater)

    def post(self, path: str, *, body: Mapping[str, Any]) -> dict[str, Any]:
        """Never repeated by this class after anything may have reached Zoom (except a refused token)."""
        data = json.dumps(body)
        response = self._checked(
            lambda headers: self._meeting.post_request(path, data=data, headers=headers),
            expected=201,
            may_have_worked=True,
        )
        return _json_object(response, unreadable=OutcomeUnknown)

    def patch(self, path: str, *, body: Mapping[str, Any]) -> None:
        """What meeting.update of zoomus sends, without the meeting's id that it would leak into the body."""
        data = json.dumps(body)
        self._checked(lambda headers: self._meeting.patch_request(path, data=data, headers=headers), expected=204)

    def put(self, path: str, *, body: Mapping[str, Any]) -> None:
        data = json.dumps(body)
        self._checked(lambda headers: self._meeting.put_request(path, data=data, headers=headers), expected=204)

    def delete(self, path: str) -> None:
        self._checked(lambda headers: self._meeting.delete_request(path, headers=headers), expected=204)

    def _checked(
        self, call: Callable[[dict[str, str]], requests.Response], *, expected: int, may_have_worked: bool = False
    ) -> requests.Response:
        with self._breaker.watching():
            token = self._token.current()
            response = _answer(call, token=token, may_have_worked=may_have_worked)
            if refuses_token(response):
                token = self._token.renew(failed=token)
                response = _answer(call, token=token, may_have_worked=may_have_worked)
            if response.status_code != expected:
                raise error_of(response, may_have_worked=may_have_worked, now=timezone.now())
            return response


def _answer(
    call: Callable[[dict[str, str]], requests.Response], *, token: str, may_have_worked: bool
) -> requests.Response:
    try:
        return call({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    except requests.RequestException as error:
        if may_have_worked and not _was_never_sent(error):
            raise OutcomeUnknown("Zoom: answer lost") from error
        raise NoAnswer("Zoom: no answer") from error


def _was_never_sent(error: requests.RequestException) -> bool:
    """True only where no connection came about at all; every other failure of a POST leaves its outcome open."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _json_object(response: requests.Response, *, unreadable: type[MeetingError]) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise unreadable("Zoom: unreadable answer") from error
    if not isinstance(body, dict):
        raise unreadable("Zoom: unreadable answer")
    return body
