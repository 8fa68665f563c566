from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReservationStatus(models.TextChoices):
    """The status says who acted: cancelled by the seeker and cancelled by the office are different facts."""

    HELD = "held", _("仮押さえ")
    CONFIRMED = "confirmed", _("予約確定")
    CHECKED_IN = "checked_in", _("入室済み")
    COMPLETED = "completed", _("終了")
    RELEASED = "released", _("仮押さえ取消")
    EXPIRED = "expired", _("仮押さえ期限切れ")
    CANCELLED_BY_SEEKER = "cancelled_by_seeker", _("取消（本人）")
    CANCELLED_BY_OFFICE = "cancelled_by_office", _("取消（ハローワーク）")
    NO_SHOW = "no_show", _("無断欠席")


OCCUPYING = (
    ReservationStatus.HELD,
    ReservationStatus.CONFIRMED,
    ReservationStatus.CHECKED_IN,
    ReservationStatus.COMPLETED,
)
"""Statuses that take up the counselor's and the seeker's time: what the exclusion constraints range over."""

UPCOMING = (ReservationStatus.CONFIRMED, ReservationStatus.CHECKED_IN)
CANCELLED = (ReservationStatus.CANCELLED_BY_SEEKER, ReservationStatus.CANCELLED_BY_OFFICE)
NEVER_BOOKED = (ReservationStatus.HELD, ReservationStatus.RELEASED, ReservationStatus.EXPIRED)
"""Holds that never became a reservation: nobody's calendar, history or export shows them."""
UNFINISHED = (ReservationStatus.HELD, ReservationStatus.EXPIRED)
"""A hold that ran out goes on like one that did not: `reserve` takes the place anew while it is free."""


class Action(models.TextChoices):
    HOLD = "hold", _("仮押さえ")
    RESERVE = "reserve", _("予約")
    RELEASE = "release", _("仮押さえの取消")
    EXPIRE = "expire", _("仮押さえの期限切れ")
    CANCEL_BY_SEEKER = "cancel_by_seeker", _("本人による取消")
    CANCEL_BY_OFFICE = "cancel_by_office", _("ハローワークによる取消")
    CHECK_IN = "check_in", _("入室")
    MARK_CONTACTED = "mark_contacted", _("連絡あり")
    MARK_NO_SHOW = "mark_no_show", _("無断欠席")
    UNDO_NO_SHOW = "undo_no_show", _("無断欠席の取消")
    COMPLETE = "complete", _("終了")


class MeetingState(models.TextChoices):
    REQUESTED = "requested", _("作成待ち")
    CREATING = "creating", _("作成中")
    UNKNOWN = "unknown", _("結果不明")
    OPEN = "open", _("作成済み")
    FAILED = "failed", _("作成できません")
    CLOSING = "closing", _("削除待ち")
    CLOSED = "closed", _("削除済み")


NOT_YET_OPEN = (MeetingState.REQUESTED, MeetingState.CREATING, MeetingState.UNKNOWN)
WAITING_FOR_EFFECT = (*NOT_YET_OPEN, MeetingState.CLOSING)
LIVE_MEETING = (*NOT_YET_OPEN, MeetingState.OPEN, MeetingState.FAILED)


class MailKind(models.TextChoices):
    """The mails about a reservation; the words are in templates/booking/mail/<value>.{subject,body}.txt."""

    CONFIRMED = "reservation_confirmed", _("予約確定のお知らせ")
    LINK_FOLLOWS = "place_confirmed_link_follows", _("予約確定（参加方法は後ほど）のお知らせ")
    REMINDER_DAY = "reminder_day_before", _("前日のお知らせ")
    REMINDER_HOUR = "reminder_hour_before", _("1時間前のお知らせ")
    CANCELLED_BY_SEEKER = "cancelled_by_seeker", _("取消（本人）のお知らせ")
    CANCELLED_BY_OFFICE = "cancelled_by_office", _("取消（ハローワーク）のお知らせ")
    NO_SHOW = "no_show", _("無断欠席のお知らせ")
    NEW_LINK = "new_link", _("新しい参加方法のお知らせ")


class Requirement(models.TextChoices):
    REQUIRED = "required", _("必須")
    OPTIONAL = "optional", _("任意")
    HIDDEN = "hidden", _("たずねない")


class CancelChannel(models.TextChoices):
    PORTAL = "portal", _("このサイト（期限後は電話）")
    PHONE = "phone", _("電話のみ")


class Companion(models.TextChoices):
    """Who else will be in the room (J-33)."""

    FAMILY = "family", _("家族")
    SUPPORTER = "supporter", _("他の機関の支援者")
    INTERPRETER = "interpreter", _("通訳")
    CARER = "carer", _("介助者")
    OTHER = "other", _("その他")

    @classmethod
    def words(cls, values: Iterable[str]) -> str:
        return "、".join(str(cls(value).label) for value in values)


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("月曜日")
    TUESDAY = 1, _("火曜日")
    WEDNESDAY = 2, _("水曜日")
    THURSDAY = 3, _("木曜日")
    FRIDAY = 4, _("金曜日")
    SATURDAY = 5, _("土曜日")
    SUNDAY = 6, _("日曜日")
