"""Who may act for a meeting row right now, and when the next attempt is due.

No lock is held while Zoom answers: the row is claimed in a short transaction and carries the end of the claim.
"""

import logging
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from booking.meetings.errors import (
    ConfigurationAlarm,
    HostUnavailable,
    InvalidRequest,
    MeetingError,
    OutcomeUnknown,
    OutOfOrder,
    WaitUntil,
)
from booking.meetings.protocol import CreatedMeeting
from booking.models import OnlineMeeting, Reservation

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=150) / settings.PACE
"""Longer than CELERY_TASK_TIME_LIMIT: when it is over, the worker that took it no longer runs."""
FIRST_PAUSE = timedelta(seconds=30) / settings.PACE
LONGEST_PAUSE = timedelta(minutes=15) / settings.PACE
UNTIL_SOMEBODY_ACTED = timedelta(hours=1) / settings.PACE
UNTIL_THE_HOST_IS_CORRECTED = timedelta(minutes=15) / settings.PACE


def locked(meeting_pk: int) -> tuple[Reservation, OnlineMeeting]:
    """Both rows in the one lock order (reservation, meeting). Call inside a transaction."""
    reservation = Reservation.objects.lock().get(meetings=meeting_pk)
    return reservation, OnlineMeeting.objects.lock().get(pk=meeting_pk)


def is_due(meeting: OnlineMeeting, *, now: datetime) -> bool:
    is_leased = meeting.leased_until is not None and meeting.leased_until > now
    return not is_leased and meeting.next_attempt_at <= now


def claim(meeting: OnlineMeeting, *, now: datetime) -> None:
    meeting.attempts += 1
    meeting.leased_until = now + LEASE
    meeting.next_attempt_at = meeting.leased_until
    meeting.save(update_fields=["state", "host", "attempts", "leased_until", "next_attempt_at"])


def give_back(meeting: OnlineMeeting, *, failure: MeetingError, now: datetime) -> None:
    """Write down what went wrong for staff to see, and when to try again."""
    meeting.leased_until = None
    meeting.error = explain(failure)
    meeting.next_attempt_at = next_attempt(failure, attempts=meeting.attempts, now=now)
    meeting.save(update_fields=["state", "leased_until", "error", "next_attempt_at"])
    level = logging.ERROR if isinstance(failure, ConfigurationAlarm | InvalidRequest) else logging.WARNING
    logger.log(level, "Meeting %s, attempt %s: %s (%s)", meeting.pk, meeting.attempts, type(failure).__name__, failure)


def next_attempt(failure: MeetingError, *, attempts: int, now: datetime) -> datetime:
    match failure:
        case WaitUntil():
            return max(failure.at, now + FIRST_PAUSE)
        case ConfigurationAlarm() | InvalidRequest():
            return now + UNTIL_SOMEBODY_ACTED
        case HostUnavailable():
            return now + UNTIL_THE_HOST_IS_CORRECTED
    return now + pause(attempts)


def pause(attempts: int) -> timedelta:
    """At most `longest_pause`, at least half of it: by chance, so that rows that failed together do not come back together."""
    return longest_pause(attempts) * random.uniform(0.5, 1)  # noqa: S311  (no secret)


def longest_pause(attempts: int) -> timedelta:
    """30 seconds, doubling to 15 minutes."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def explain(failure: MeetingError) -> str:
    match failure:
        case ConfigurationAlarm():
            text = _("Zoomの設定に問題があります。システム管理者に連絡してください。")
        case HostUnavailable():
            text = _("相談員のZoomのユーザーを使えません。相談員の設定を確認してください。")
        case InvalidRequest():
            text = _("Zoomが依頼を受け付けません。システム管理者に連絡してください。")
        case OutOfOrder():
            text = _("Zoomから返事がないため、少し間を置いてから自動でやり直します。")
        case WaitUntil():
            text = _("Zoomの1日の上限に達しました。上限が戻ってから自動でやり直します。")
        case OutcomeUnknown():
            text = _("Zoomの返事を受け取れませんでした。結果を確認してから自動でやり直します。")
        case _other:
            text = _("Zoomにつながりにくくなっています。自動でやり直します。")
    return f"{text} [{failure}]"[:300]


def explain_deviations(created: CreatedMeeting) -> str:
    """The meeting can be used, but the account overrides what was asked for: empty when it does not."""
    if not created.deviations:
        return ""
    text = _("会議は作成しましたが、Zoomの設定が依頼と異なります。システム管理者に連絡してください。")
    return f"{text} [{', '.join(created.deviations)}]"[:300]
