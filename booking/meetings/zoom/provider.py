"""Zoom as a meeting provider: what is sent, what is read back, what is checked."""

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from booking.meetings.errors import (
    ConfigurationAlarm,
    InvalidRequest,
    MeetingGone,
    NotThereYet,
    OutcomeUnknown,
    RetryLater,
)
from booking.meetings.protocol import (
    Capability,
    CreatedMeeting,
    MeetingRequest,
    MeetingStatus,
    ScheduledMeeting,
    Stay,
)
from booking.meetings.zoom.attendance import admitted, is_of, path_of_instance, stay_of
from booking.meetings.zoom.deviations import count_deviations, deviations_of
from booking.meetings.zoom.times import moment_of, utc_text
from booking.meetings.zoom.token import TokenSource
from booking.meetings.zoom.transport import Transport

logger = logging.getLogger(__name__)

PAGES_AT_MOST = 20
MARK = re.compile(r"ref:(?P<ref>[0-9a-f]{16})(?![0-9a-f])")
SETTINGS: dict[str, Any] = {
    "waiting_room": True,
    "join_before_host": False,
    "mute_upon_entry": True,
    "host_video": True,
    "participant_video": False,
    "auto_recording": "none",
    "approval_type": 2,
    "meeting_authentication": False,
    "use_pmi": False,
    "private_meeting": True,
    "email_notification": False,
    "alternative_hosts_email_notification": False,
    "auto_start_meeting_summary": False,
    "auto_start_ai_companion_questions": False,
    "continuous_meeting_chat": {"enable": False},
}
"""Everything that could fall back to the host's own settings is said: with a personal room every seeker would share one."""


class ZoomProvider:
    capabilities = frozenset(Capability)

    def __init__(self, transport: Transport) -> None:
        self._zoom = transport

    @classmethod
    def from_settings(cls, *, timeout: timedelta) -> "ZoomProvider":
        token = TokenSource.from_settings(timeout=timeout)
        return cls(Transport(base_uri=settings.ZOOM_API_URL, token=token, timeout=timeout))

    def create(self, request: MeetingRequest, *, now: datetime) -> CreatedMeeting:
        _refuse_past_start(request, now=now)
        body = create_body(request)
        answer = self._zoom.post(f"/users/{quote(request.host, safe='')}/meetings", body=body)
        return _created(answer, sent=body)

    def find_by_ref(self, host: str, *, ref: str) -> tuple[str, ...]:
        found = [meeting for meeting in self.scheduled(host) if meeting.ref == ref]
        return tuple(meeting.meeting_id for meeting in sorted(found, key=_age))

    def read(self, meeting_id: str) -> CreatedMeeting:
        return _created(self._zoom.get(_path(meeting_id)), sent={"settings": SETTINGS})

    def change(self, meeting_id: str, request: MeetingRequest, *, now: datetime) -> CreatedMeeting:
        """A change is answered with nothing, so what became of it is read afterwards."""
        _refuse_past_start(request, now=now)
        body = time_body(request)
        self._zoom.patch(_path(meeting_id), body=body)
        return _created(self._zoom.get(_path(meeting_id)), sent={**body, "settings": SETTINGS})

    def cancel(self, meeting_id: str) -> None:
        path = _path(meeting_id)
        try:
            if self._zoom.get(path).get("status") == "started":
                self._end(path)
            self._zoom.delete(path)
        except MeetingGone:
            return

    def host_url(self, meeting_id: str) -> str:
        return checked_link(str(self._zoom.get(_path(meeting_id)).get("start_url", "")))

    def status(self, meeting_id: str) -> MeetingStatus:
        is_running = self._zoom.get(_path(meeting_id)).get("status") == MeetingStatus.STARTED
        return MeetingStatus.STARTED if is_running else MeetingStatus.WAITING

    def attendance(self, meeting_id: str, *, host: str) -> tuple[Stay, ...]:
        """The number alone would tell of the last instance only; a session that was begun twice has two."""
        stays = [stay for instance in self._instances(meeting_id) for stay in self._stays(instance, host=host)]
        return tuple(sorted(stays, key=lambda stay: stay.joined_at))

    def scheduled(self, host: str) -> tuple[ScheduledMeeting, ...]:
        """`scheduled` and not `upcoming`: the meeting of a session that has begun or passed has to be found, too."""
        items = self._pages(f"/users/{quote(host, safe='')}/meetings", of="meetings", type="scheduled")
        return tuple(_scheduled(item) for item in items)

    def _instances(self, meeting_id: str) -> list[str]:
        try:
            answer = self._zoom.get(f"/past_meetings/{quote(meeting_id, safe='')}/instances")
        except MeetingGone as error:
            raise NotThereYet(str(error)) from error
        instances = [str(item["uuid"]) for item in answer.get("meetings") or [] if item.get("uuid")]
        if not instances:
            raise NotThereYet("Zoom: no instance of the meeting has ended")
        return instances

    def _stays(self, instance: str, *, host: str) -> list[Stay]:
        try:
            rows = admitted(self._pages(path_of_instance(instance), of="participants"))
        except MeetingGone as error:
            raise NotThereYet(str(error)) from error
        ids = {row["id"] for row in rows if row.get("id")}
        ids_of_host = {row["id"] for row in rows if row.get("id") and is_of(row, host=host)}
        if ids and not ids_of_host:
            ids_of_host = ids & {self._zoom.get(f"/users/{quote(host, safe='')}").get("id")}
        return [
            stay_of(row, instance=instance, is_host=is_of(row, host=host) or row.get("id") in ids_of_host)
            for row in rows
        ]

    def _end(self, path: str) -> None:
        try:
            self._zoom.put(f"{path}/status", body={"action": "end"})
        except InvalidRequest:
            logger.info("Zoom would not end a running meeting; it is deleted as it is")

    def _pages(self, path: str, *, of: str, **params: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page. Raises RetryLater when the list does not end."""
        asked = {**params, "page_size": "300"}
        for _page in range(PAGES_AT_MOST):
            answer = self._zoom.get(path, params=asked)
            yield from answer.get(of) or []
            if not answer.get("next_page_token"):
                return
            asked["next_page_token"] = str(answer["next_page_token"])
        raise RetryLater("Zoom: a list does not end")


def _scheduled(item: dict[str, Any]) -> ScheduledMeeting:
    return ScheduledMeeting(
        meeting_id=str(item.get("id") or ""),
        ref=ref_in(str(item.get("agenda") or "")),
        starts_at=moment_of(str(item.get("start_time", ""))),
        minutes=item.get("duration"),
        created_at=moment_of(str(item.get("created_at", ""))),
    )


def _age(meeting: ScheduledMeeting) -> tuple[str, str]:
    created_at = utc_text(meeting.created_at) if meeting.created_at else ""
    return created_at, meeting.meeting_id


def _refuse_past_start(request: MeetingRequest, *, now: datetime) -> None:
    """Zoom would not say a word: a new meeting would begin "now", a change would be passed over."""
    if request.starts_at <= now:
        raise InvalidRequest("start in the past")


def _path(meeting_id: str) -> str:
    return f"/meetings/{quote(meeting_id, safe='')}"


def marker(ref: str) -> str:
    return f"ref:{ref}"


def ref_in(agenda: str) -> str:
    """The mark at the beginning of an agenda, whatever follows it; empty when the portal did not write it."""
    match = MARK.match(agenda)
    return match["ref"] if match else ""


def create_body(request: MeetingRequest) -> dict[str, Any]:
    """The body as Zoom documents it."""
    return {
        "topic": request.topic[:200],
        "type": 2,
        **time_body(request),
        "agenda": marker(request.ref),
        "default_password": True,
        "settings": SETTINGS,
    }


def time_body(request: MeetingRequest) -> dict[str, Any]:
    """UTC with Z is said in full; the time zone is only how Zoom displays it."""
    return {
        "start_time": utc_text(request.starts_at),
        "timezone": "Asia/Tokyo",
        "duration": request.minutes,
    }


def checked_link(url: str) -> str:
    """The link if it leads to the meeting software and nowhere else: portal and mails pass it on to people."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    schemes = {"https", "http"} if settings.DEMO else {"https"}
    allowed_hosts = settings.ZOOM_JOIN_HOSTS
    is_ours = any(allowed in (host, parts.netloc) or host.endswith(f".{allowed}") for allowed in allowed_hosts)
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" \\<>\"'") and "@" not in parts.netloc
    if parts.scheme not in schemes or not is_ours or not is_plain:
        raise ConfigurationAlarm(f"Zoom: link to a host that is not allowed ({host[:80]})")
    return url


def _created(answer: dict[str, Any], *, sent: dict[str, Any]) -> CreatedMeeting:
    meeting_id = str(answer.get("id") or "")
    if not meeting_id.isdecimal():
        raise OutcomeUnknown("Zoom: answer without a meeting id")
    deviations = tuple(deviations_of(answer, sent=sent))
    if deviations:
        logger.error("ConfigurationAlarm: Zoom meeting %s differs from what was asked: %s", meeting_id, deviations)
        count_deviations(deviations)
    return CreatedMeeting(
        meeting_id=meeting_id,
        join_url=checked_link(str(answer.get("join_url", ""))),
        passcode=str(answer.get("password") or ""),
        starts_at=moment_of(str(answer.get("start_time", ""))),
        minutes=answer.get("duration"),
        deviations=deviations,
    )
