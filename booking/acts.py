"""What staff do with one reservation, as one table: every act is a flow behind a button."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking import permissions
from booking.deadlines import join_opens_at
from booking.enums import Action, ReservationStatus
from booking.errors import BookingError
from booking.flows.answer import mark_reply, why_not_answer
from booking.flows.cancel import cancel_by_office
from booking.flows.check_in import check_in, mark_contacted, mark_present, switch_to_phone, why_not_check_in
from booking.flows.complete import complete, record_outcome, why_not_complete
from booking.flows.no_show import (
    decide_no_show,
    mark_office_absent,
    undo_no_show,
    why_not_no_show,
    why_not_office_absent,
)
from booking.flows.stop import stop, why_not_stop
from booking.models import Reservation
from booking.transitions import TRANSITIONS
from offices.enums import MeetingSoftware

Text = str | Promise


def _never_refused(_reservation: Reservation, *, now: datetime) -> None:
    """Most acts are possible whenever the status allows them."""


def _always(_reservation: Reservation) -> bool:
    return True


def _is_office_unseen(reservation: Reservation) -> bool:
    seen_at = reservation.counselor_present_at
    return seen_at is None or seen_at < join_opens_at(reservation)


def _is_not_contacted(reservation: Reservation) -> bool:
    return reservation.contacted_at is None


def _is_by_video(reservation: Reservation) -> bool:
    return not reservation.was_by_phone and reservation.service.software != MeetingSoftware.PHONE


@dataclass(frozen=True, kw_only=True)
class Act:
    """A button of the staff: the action of the state machine, the flow behind it, and who may press it.

    `asks` names what staff must tell: fields of booking.views.act_forms, and arguments of the flow.
    """

    slug: str
    action: Action
    label: Text
    done: Text
    flow: Callable[..., Any]
    may: Callable[[Any, Reservation], bool]
    asks: tuple[str, ...] = ()
    reason_help: Text = ""
    why_not: Callable[..., BookingError | None] = field(default=_never_refused)
    is_of_use: Callable[[Reservation], bool] = field(default=_always)
    """Pressing it again would change nothing: then no button is shown."""
    statuses: frozenset[ReservationStatus] = frozenset()
    """In which it is possible; those of the action in the state machine, unless it says otherwise."""
    is_rare: bool = False
    is_danger: bool = False
    tells_person: bool = False
    """A mail goes out; who has no mail address must be called."""
    then: str = ""
    """The page that staff go on to afterwards (a name in the admin)."""

    @property
    def possible_in(self) -> frozenset[ReservationStatus]:
        return self.statuses or TRANSITIONS[self.action][0]

    def is_offered(self, user: Any, reservation: Reservation, *, now: datetime) -> bool:
        is_possible = reservation.status in self.possible_in and self.is_of_use(reservation)
        return is_possible and self.why_not(reservation, now=now) is None and self.may(user, reservation)

    def run(self, reservation: Reservation, *, by: Any, told: dict[str, Any], now: datetime) -> None:
        """`told` holds what the act asks; more is not passed on."""
        self.flow(reservation, by=by, now=now, **{name: told[name] for name in self.asks if name in told})


STAYS_INSIDE = _("予約の履歴に残ります。求職者には表示されません。")

ACTS = [
    Act(
        slug="present",
        action=Action.MARK_PRESENT,
        label=_("待機しています"),
        done=_("待機していることを記録しました。"),
        flow=mark_present,
        why_not=why_not_check_in,
        is_of_use=_is_office_unseen,
        may=permissions.can_run_session,
    ),
    Act(
        slug="reply-received",
        action=Action.CONFIRM,
        label=_("返信あり"),
        done=_("返信があったことを記録し、予約を確定しました。求職者にメールでお知らせします。"),
        flow=mark_reply,
        why_not=why_not_answer,
        may=permissions.can_run_session,
        statuses=frozenset({ReservationStatus.AWAITING_REPLY}),
        tells_person=True,
    ),
    Act(
        slug="check-in",
        action=Action.CHECK_IN,
        label=_("入室を記録"),
        done=_("入室を記録しました。"),
        flow=check_in,
        why_not=why_not_check_in,
        may=permissions.can_run_session,
    ),
    Act(
        slug="contacted",
        action=Action.MARK_CONTACTED,
        label=_("連絡あり"),
        done=_("連絡があったことを記録しました。無断欠席の自動取消はされません。"),
        flow=mark_contacted,
        is_of_use=_is_not_contacted,
        may=permissions.can_run_session,
    ),
    Act(
        slug="phone",
        action=Action.SWITCH_TO_PHONE,
        label=_("電話に切り替え"),
        done=_("電話での相談に切り替えました。表示された番号へ電話してください。"),
        flow=switch_to_phone,
        why_not=why_not_check_in,
        is_of_use=_is_by_video,
        may=permissions.can_run_session,
    ),
    Act(
        slug="complete",
        action=Action.COMPLETE,
        label=_("終了"),
        done=_("相談を終了にしました。"),
        flow=complete,
        why_not=why_not_complete,
        may=permissions.can_run_session,
        asks=("outcome", "internal_note"),
    ),
    Act(
        slug="outcome",
        action=Action.COMPLETE,
        label=_("結果を記録"),
        done=_("結果を記録しました。"),
        flow=record_outcome,
        may=permissions.can_run_session,
        asks=("outcome", "internal_note"),
        statuses=frozenset({ReservationStatus.COMPLETED}),
    ),
    Act(
        slug="stop",
        action=Action.STOP,
        label=_("いますぐ中止"),
        done=_("相談を中止しました。会議は閉じられます。"),
        flow=stop,
        why_not=why_not_stop,
        may=permissions.can_stop,
        asks=("ground", "reason"),
        reason_help=STAYS_INSIDE,
        is_danger=True,
        then="restrict",
    ),
    Act(
        slug="no-show",
        action=Action.MARK_NO_SHOW,
        label=_("無断欠席"),
        done=_("無断欠席にしました。求職者にメールでお知らせします。"),
        flow=decide_no_show,
        why_not=why_not_no_show,
        may=permissions.can_judge_absence,
        asks=("reason",),
        reason_help=STAYS_INSIDE,
        is_rare=True,
        then="consequence",
        tells_person=True,
    ),
    Act(
        slug="office-absent",
        action=Action.MARK_OFFICE_ABSENT,
        label=_("ハローワークの都合"),
        done=_("ハローワークの都合で実施できなかったことにしました。求職者におわびのメールを送ります。"),
        flow=mark_office_absent,
        why_not=why_not_office_absent,
        may=permissions.can_judge_absence,
        asks=("reason",),
        reason_help=STAYS_INSIDE,
        is_rare=True,
        tells_person=True,
    ),
    Act(
        slug="cancel",
        action=Action.CANCEL_BY_OFFICE,
        label=_("予約を取り消す"),
        done=_("予約を取り消しました。求職者にメールでお知らせします。"),
        flow=cancel_by_office,
        may=permissions.can_cancel_as_office,
        asks=("reason",),
        reason_help=_("求職者へのメールに、このまま載ります。"),
        is_rare=True,
        is_danger=True,
        tells_person=True,
    ),
    Act(
        slug="undo-no-show",
        action=Action.UNDO_NO_SHOW,
        label=_("無断欠席を取り消す"),
        done=_("無断欠席を取り消し、予約を元に戻しました。"),
        flow=undo_no_show,
        may=permissions.can_undo_no_show,
        asks=("reason",),
        reason_help=STAYS_INSIDE,
        is_rare=True,
    ),
]
ACT_BY_SLUG = {act.slug: act for act in ACTS}


def acts_for(user: Any, reservation: Reservation, *, now: datetime) -> list[Act]:
    """The buttons this person gets for the reservation in its present status at this moment."""
    return [act for act in ACTS if act.is_offered(user, reservation, now=now)]
