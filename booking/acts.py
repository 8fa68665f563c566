"""What staff do with one reservation, as one table: every act is a flow behind a button."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking import permissions
from booking.enums import Action
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office
from booking.flows.check_in import check_in, mark_contacted, why_not_check_in
from booking.flows.complete import complete, why_not_complete
from booking.flows.no_show import undo_no_show
from booking.models import Reservation
from booking.transitions import is_allowed


def _never_refused(_reservation: Reservation, *, now: datetime) -> None:
    """Most acts are possible whenever the status allows them."""


@dataclass(frozen=True)
class Act:
    """A button of the staff: the action of the state machine, the flow behind it, and who may press it."""

    slug: str
    action: Action
    label: str | Promise
    done: str | Promise
    flow: Callable[..., Any]
    may: Callable[[Any, Reservation], bool]
    asks_reason: bool = False
    reason_help: str | Promise = ""
    why_not: Callable[..., BookingError | None] = field(default=_never_refused)

    def is_offered(self, user: Any, reservation: Reservation, *, now: datetime) -> bool:
        is_possible = is_allowed(reservation, self.action) and self.why_not(reservation, now=now) is None
        return is_possible and self.may(user, reservation)

    def run(self, reservation: Reservation, *, by: Any, reason: str, now: datetime) -> None:
        if self.asks_reason:
            self.flow(reservation, by=by, reason=reason, now=now)
        else:
            self.flow(reservation, by=by, now=now)


ACTS = [
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
    ),
    Act(
        slug="cancel",
        action=Action.CANCEL_BY_OFFICE,
        label=_("予約を取り消す"),
        done=_("予約を取り消しました。求職者にメールでお知らせします。"),
        flow=cancel_by_office,
        may=permissions.can_cancel_as_office,
        asks_reason=True,
        reason_help=_("求職者へのメールに、このまま載ります。"),
    ),
    Act(
        slug="undo-no-show",
        action=Action.UNDO_NO_SHOW,
        label=_("無断欠席を取り消す"),
        done=_("無断欠席を取り消し、予約を元に戻しました。"),
        flow=undo_no_show,
        may=permissions.can_undo_no_show,
        asks_reason=True,
        reason_help=_("予約の履歴に残ります。求職者には表示されません。"),
    ),
]
ACT_BY_SLUG = {act.slug: act for act in ACTS}


def acts_for(user: Any, reservation: Reservation, *, now: datetime) -> list[Act]:
    """The buttons this person gets for the reservation in its present status at this moment."""
    return [act for act in ACTS if act.is_offered(user, reservation, now=now)]
