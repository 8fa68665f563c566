"""What the beat starts: find rows, call one flow or queue one task per row. The times are in hellowork/celery.py."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from booking.demand import write_down_demand
from booking.effects.ask_attendance import meetings_to_look_back_at, meetings_to_watch
from booking.effects.sweep import hosts_to_sweep
from booking.enums import CAN_BE_ENTERED, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.attend import take_notice as take
from booking.flows.complete import complete
from booking.flows.lapse import lapse
from booking.flows.no_show import ask_where_office_is, mark_no_show
from booking.flows.offering import offer_free_places
from booking.flows.waiting import end_past_entries
from booking.guest_retention import forget_guests, strip_lapsed_requests
from booking.mails.missing_links import queue_links_missing
from booking.meetings import take_deviations
from booking.models import OnlineMeeting, Reservation, Service, WaitingEntry, WebhookDelivery
from booking.retention import (
    delete_attendances,
    delete_bare_holds,
    delete_old_waiting,
    delete_webhook_deliveries,
    purge_meeting_links,
    purge_topics,
    strip_old_reservations,
    strip_old_restrictions,
)
from booking.tasks import ask_attendance, ask_status, change_meeting, close_meeting, open_meeting, sweep_host
from offices.enums import MeetingSoftware
from offices.models import Office

logger = logging.getLogger(__name__)

MEETINGS_PER_SWEEP = 500
NOTICES_PER_SWEEP = 500
NOTICE_IS_LATE_AFTER = timedelta(seconds=30)


@shared_task(base=DjangoTask)
def release_expired_holds() -> int:
    now = timezone.now()
    ids = list(Reservation.objects.run_out(now).values_list("pk", flat=True))
    return _one_by_one(lapse, ids, now=now)


@shared_task(base=DjangoTask)
def cancel_no_shows() -> int:
    """The K-24 rule, judged again for each row under its lock. What staff were asked about already is theirs."""
    now = timezone.now()
    waiting = Reservation.objects.needing_decision().values("pk")
    rows = Reservation.objects.without_contact().filter(starts_at__lte=now).exclude(pk__in=waiting)
    ids = list(rows.values_list("pk", flat=True))
    return _one_by_one(mark_no_show, ids, now=now)


@shared_task(base=DjangoTask)
def ask_where_offices_are() -> int:
    """People who entered on Zoom and of whose office nothing was seen. Other software shows nobody who is in."""
    now = timezone.now()
    on_zoom = OnlineMeeting.objects.filter(software=MeetingSoftware.ZOOM, state__in=CAN_BE_ENTERED)
    rows = Reservation.objects.filter(
        status=ReservationStatus.CHECKED_IN, starts_at__lte=now, ends_at__gt=now, meetings__in=on_zoom
    )
    waiting = Reservation.objects.needing_decision().values("pk")
    ids = list(rows.exclude(pk__in=waiting).values_list("pk", flat=True))
    return _one_by_one(ask_where_office_is, ids, now=now)


@shared_task(base=DjangoTask)
def complete_past_sessions() -> int:
    """Who came or called, and whose time is over, is done; unless staff were asked whether the office was there."""
    now = timezone.now()
    completed = 0
    waiting = Reservation.objects.needing_decision().values("pk")
    for reservation in Reservation.objects.with_contact().filter(ends_at__lte=now).exclude(pk__in=waiting):
        try:
            complete(reservation, by=None, now=now)
        except BookingError:
            continue  # staff were faster: the row is no longer upcoming
        completed += 1
    return completed


@shared_task(base=DjangoTask)
def purge_personal_data() -> None:
    now = timezone.now()
    purge_topics(now)
    purge_meeting_links(now)
    strip_old_reservations(now)
    strip_old_restrictions(now)
    delete_old_waiting(now)
    delete_bare_holds(now)
    delete_attendances(now)
    delete_webhook_deliveries(now)
    strip_lapsed_requests(now)
    forget_guests(now)


@shared_task(base=DjangoTask)
def wake_up_meetings() -> int:
    """One task per meeting whose next attempt is due, the longest waiting first; returns how many."""
    left_behind = OnlineMeeting.objects.left_behind(timezone.now()).order_by("next_attempt_at")
    rows = list(left_behind.values_list("pk", "state")[:MEETINGS_PER_SWEEP])
    tasks = {MeetingState.CHANGING: change_meeting, MeetingState.CLOSING: close_meeting}
    for meeting_pk, state in rows:
        tasks.get(MeetingState(state), open_meeting).delay(meeting_pk)
    return len(rows)


@shared_task(base=DjangoTask)
def take_notice(delivery_pk: int) -> None:
    """Woken for a webhook that was just stored."""
    take(delivery_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def take_notices_left_behind() -> int:
    """Webhooks that are stored and that nobody was woken for: the broker was away, or the worker died."""
    now = timezone.now()
    left_behind = WebhookDelivery.objects.left_behind(now - NOTICE_IS_LATE_AFTER).order_by("pk")
    ids = list(left_behind.values_list("pk", flat=True)[:NOTICES_PER_SWEEP])
    return _one_by_one(take, ids, now=now)


@shared_task(base=DjangoTask)
def ask_who_is_there() -> int:
    """While the two sides wait for each other. Without webhooks it is how the portal sees the office come."""
    ids = meetings_to_watch(timezone.now())
    for meeting_pk in ids:
        ask_status.delay(meeting_pk)
    return len(ids)


@shared_task(base=DjangoTask)
def ask_who_was_there() -> int:
    ids = meetings_to_look_back_at(timezone.now())
    for meeting_pk in ids:
        ask_attendance.delay(meeting_pk)
    return len(ids)


@shared_task(base=DjangoTask)
def sweep_meetings() -> int:
    """One task per meeting host, so that one whose list fails stops no other; returns how many."""
    if deviations := take_deviations():
        logger.warning("Zoom settings that came back different since the last sweep: %s", deviations)
    hosts = hosts_to_sweep()
    for host in hosts:
        sweep_host.delay(host)
    return len(hosts)


@shared_task(base=DjangoTask)
def offer_places_of_office(office_pk: int) -> int:
    """Woken when a place of the office is free again: interpreters and counselors may serve several services."""
    return _serve_lines(Service.objects.filter(office=office_pk))


@shared_task(base=DjangoTask)
def serve_waiting_lines() -> int:
    """Every line: what nobody called for, the morning after the rest, and those who waited in vain."""
    return _serve_lines(Service.objects.all())


def _one_by_one(act: Callable[..., bool], ids: Iterable[int], *, now: datetime) -> int:
    """How many rows it was done for. One that fails is logged and holds up no other; trouble with all of them is raised."""
    done = 0
    for pk in ids:
        try:
            done += bool(act(pk, now=now))
        except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
            raise
        except Exception:
            logger.exception("%s: row %s failed", act.__name__, pk)
    return done


def _serve_lines(services: QuerySet[Service]) -> int:
    now = timezone.now()
    waited_for = WaitingEntry.objects.waiting().order_by().values("service")
    offered = 0
    for service in services.filter(pk__in=waited_for).select_related("office").prefetch_related("policy_versions"):
        try:
            end_past_entries(service, now=now)
            offered += offer_free_places(service, now=now)
        except BookingError:
            continue  # crowded: the next sweep
    return offered


@shared_task(base=DjangoTask)
def count_unmet_demand() -> int:
    return write_down_demand(now=timezone.now())


@shared_task(base=DjangoTask)
def warn_of_missing_links() -> int:
    """One mail to an office and day, at the first run that finds something: of the morning, unless it came later."""
    now = timezone.now()
    missing = OnlineMeeting.objects.missing(now).filter(reservation__office=OuterRef("pk"))
    with transaction.atomic():
        return queue_links_missing(Office.objects.filter(Exists(missing), is_active=True), now=now)
