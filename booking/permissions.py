"""Who may do what. What exists for a person at all is `visible_to` on the QuerySets."""

from typing import Any

from audit.permissions import is_national
from booking.models import Counselor, Reservation, SessionRequest
from booking.models.schedule import CounselorQuerySet
from offices.models import Office, OfficeQuerySet, Role
from offices.roles import has_role, has_role_somewhere, roles_of


def can_see_topic(user: Any, reservation: Reservation) -> bool:
    """Counselors and the manager of the office; reception does not (ASVS 8.2.3)."""
    return can_see_topics_of(user, reservation.office_id)


def can_see_topics_of(user: Any, office_id: int) -> bool:
    return has_role(user, office_id, Role.COUNSELOR, Role.MANAGER)


def can_run_session(user: Any, reservation: Reservation) -> bool:
    """Check in, mark contacted, complete: everybody who works at the office."""
    return has_role(user, reservation.office_id, Role.COUNSELOR, Role.RECEPTION, Role.MANAGER)


def can_answer_request(user: Any, request: SessionRequest) -> bool:
    """Accept a wish, propose, refuse: everybody who works at the office."""
    return has_role(user, request.office_id, Role.COUNSELOR, Role.RECEPTION, Role.MANAGER)


def can_cancel_as_office(user: Any, reservation: Reservation) -> bool:
    return can_run_session(user, reservation)


def can_undo_no_show(user: Any, reservation: Reservation) -> bool:
    return has_role(user, reservation.office_id, Role.COUNSELOR, Role.MANAGER)


def can_judge_absence(user: Any, reservation: Reservation) -> bool:
    """Say whose fault it was that nobody came, and what follows (K-25)."""
    return can_undo_no_show(user, reservation)


def can_stop(user: Any, reservation: Reservation) -> bool:
    """Who counsels, and the manager (J-26, U-30)."""
    return can_undo_no_show(user, reservation)


def can_restrict(user: Any, office_id: int) -> bool:
    """Because of what happened in a reservation, and lift it again: who counsels, and the manager (J-32, K-25)."""
    return has_role(user, office_id, Role.COUNSELOR, Role.MANAGER)


def can_recognise(user: Any, office_id: int) -> bool:
    """Say who may use what is for recognised people only (J-07, H-16)."""
    return has_role(user, office_id, Role.COUNSELOR, Role.MANAGER)


def offices_that_recognise(user: Any) -> OfficeQuerySet:
    """The offices at which the person may recognise somebody."""
    own = Office.objects.of_staff(user)
    return own if is_national(user) else own.filter(pk__in=[pk for pk in roles_of(user) if can_recognise(user, pk)])


def can_open_host_link(user: Any, reservation: Reservation) -> bool:
    """The link signs its bearer in as the host: counselors and the manager only."""
    return can_undo_no_show(user, reservation)


def can_enter_link(user: Any, reservation: Reservation) -> bool:
    """The link of a session by other software than Zoom: everybody who works at the office (S-24)."""
    return can_run_session(user, reservation)


def can_reach(user: Any, office_id: int) -> bool:
    """Send an undelivered mail again, write elsewhere, note that it was told on the phone: everybody of the office (S-25)."""
    return has_role(user, office_id, Role.COUNSELOR, Role.RECEPTION, Role.MANAGER)


def can_change_schedule(user: Any, counselor: Counselor) -> bool:
    """Counselors their own calendar, the manager every calendar of the office."""
    if has_role(user, counselor.office_id, Role.MANAGER):
        return True
    membership = counselor.membership
    own = membership is not None and membership.user_id == user.pk
    return own and has_role(user, counselor.office_id, Role.COUNSELOR)


def counselors_with_changeable_schedule(user: Any) -> CounselorQuerySet:
    """Whom this person may choose when adding an opening window or an absence."""
    visible = Counselor.objects.visible_to(user)
    if is_national(user):
        return visible
    return visible.filter(pk__in=[c.pk for c in visible.select_related("membership") if can_change_schedule(user, c)])


def may_have_changeable_schedule(user: Any) -> bool:
    """Is there any point in offering the person a form for opening windows and absences? Without a query."""
    return has_role_somewhere(user, Role.COUNSELOR, Role.MANAGER)


def can_manage_office(user: Any, office: Office) -> bool:
    """Services, counselors and closed days."""
    return has_role(user, office.pk, Role.MANAGER)


def can_export(user: Any, office: Office) -> bool:
    return has_role(user, office.pk, Role.COUNSELOR, Role.RECEPTION, Role.MANAGER)


def can_enter(user: Any, office_id: int) -> bool:
    """Take down a reservation for somebody: everybody who works at the office (S-04, S-22, K-16)."""
    return has_role(user, office_id, Role.COUNSELOR, Role.RECEPTION, Role.MANAGER)


def can_override_restriction(user: Any, office_id: int) -> bool:
    """Who decides about restrictions may except one reservation from it."""
    return has_role(user, office_id, Role.MANAGER)
