"""Which host a session gets: the counselor's own, else a free one of the pool in one fixed order."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.availability import Search
from booking.enums import ReservationStatus
from booking.errors import BookingError, SlotTaken
from booking.flows.enter import Entry, enter
from booking.flows.hold import hold
from booking.flows.place import why_not_free
from booking.flows.reserve import ReservationDetails
from booking.models import HostCalls, Reservation, Service
from booking.models.host import CALLS_FOR_NEW_MEETINGS, day_of_zoom
from offices.enums import MeetingSoftware
from tests.factories import NOW, CounselorFactory, MeetingHostFactory, SeekerFactory, bookable_service, jst
from tests.hosts.conftest import TEN, bureau_host, held, in_use, pool, sharing

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def calls(address: str, count: int, *, days_ago: int = 0) -> None:
    HostCalls.objects.create(host_id=address, day=day_of_zoom(NOW) - timedelta(days=days_ago), count=count)


class TestOwnHost:
    def test_it_comes_first_although_the_pool_is_free(self, service: Service) -> None:
        counselor = CounselorFactory.create(office=service.office, services=[service])
        pool(service, "a@zoom.example")
        reservation = held(service)
        assert (reservation.meeting_host, reservation.host_until) == (counselor.meeting_host, reservation.ends_at)

    def test_its_buffer_follows_the_session(self, service: Service) -> None:
        own = MeetingHostFactory.create(office=service.office, buffer_minutes=15)
        CounselorFactory.create(office=service.office, services=[service], meeting_host=own)
        reservation = held(service)
        assert reservation.host_until == reservation.ends_at + 15 * MINUTE

    def test_switched_off_the_pool_steps_in(self, service: Service) -> None:
        own = MeetingHostFactory.create(office=service.office, is_active=False)
        CounselorFactory.create(office=service.office, services=[service], meeting_host=own)
        [shared] = pool(service, "a@zoom.example")
        assert held(service).meeting_host == shared

    def test_booking_with_it_neither_reads_nor_locks_the_pool(self, service: Service) -> None:
        """So 1,000 bookings at once wait only for their own counselor."""
        counselor = CounselorFactory.create(office=service.office, services=[service])
        pool(service, "a@zoom.example")
        with CaptureQueriesContext(connection) as queries:
            assert held(service).meeting_host == counselor.meeting_host
        assert not [query["sql"] for query in queries if 'FROM "booking_meetinghost"' in query["sql"]]

    def test_booking_with_the_pool_locks_it(self, service: Service) -> None:
        sharing(service)
        pool(service, "a@zoom.example")
        with CaptureQueriesContext(connection) as queries:
            held(service)
        about_hosts = [query["sql"] for query in queries if 'FROM "booking_meetinghost"' in query["sql"]]
        assert any('FOR NO KEY UPDATE OF "booking_meetinghost"' in sql for sql in about_hosts)

    def test_that_of_another_counselor_is_never_borrowed(self, service: Service) -> None:
        CounselorFactory.create(office=service.office, services=[])
        sharing(service)
        with pytest.raises(SlotTaken):
            held(service)


class TestPool:
    def test_the_first_address_when_nothing_else_decides(self, service: Service) -> None:
        sharing(service)
        pool(service, "b@zoom.example", "a@zoom.example")
        assert held(service).meeting_host_id == "a@zoom.example"

    def test_the_fewest_calls_today_decide_before_the_address(self, service: Service) -> None:
        sharing(service)
        pool(service, "a@zoom.example", "b@zoom.example")
        calls("a@zoom.example", 1)
        calls("b@zoom.example", 90, days_ago=1)
        assert held(service).meeting_host_id == "b@zoom.example"

    def test_the_office_comes_before_its_bureau(self, service: Service) -> None:
        sharing(service)
        bureau_host(service, "a@zoom.example")
        pool(service, "b@zoom.example")
        calls("b@zoom.example", CALLS_FOR_NEW_MEETINGS - 1)
        assert held(service).meeting_host_id == "b@zoom.example"

    def test_one_short_of_calls_comes_last_even_after_the_bureau(self, service: Service) -> None:
        sharing(service)
        bureau_host(service, "z@zoom.example")
        pool(service, "a@zoom.example")
        calls("a@zoom.example", CALLS_FOR_NEW_MEETINGS)
        assert held(service).meeting_host_id == "z@zoom.example"

    def test_bookings_go_on_when_every_host_has_had_its_calls(self, service: Service) -> None:
        sharing(service)
        pool(service, "a@zoom.example")
        calls("a@zoom.example", 100)
        assert held(service).meeting_host_id == "a@zoom.example"

    def test_one_in_use_is_passed_over(self, service: Service) -> None:
        sharing(service)
        first, second = pool(service, "a@zoom.example", "b@zoom.example")
        in_use(first, service)
        assert held(service).meeting_host == second

    @pytest.mark.parametrize(("minutes", "is_free"), [(30, True), (31, False)])
    def test_it_is_free_again_when_its_buffer_is_over(self, minutes: int, is_free: bool) -> None:
        service = bookable_service(counselors=0, step_minutes=30)
        sharing(service)
        [host] = pool(service, "a@zoom.example", buffer_minutes=minutes)
        in_use(host, service, starts_at=TEN - 60 * MINUTE)
        if is_free:
            assert held(service).meeting_host == host
        else:
            with pytest.raises(SlotTaken):
                held(service)

    def test_one_that_is_switched_off_is_not_used(self, service: Service) -> None:
        sharing(service)
        pool(service, "a@zoom.example", is_active=False)
        with pytest.raises(SlotTaken):
            held(service)

    def test_that_of_another_office_is_not_used(self, service: Service) -> None:
        sharing(service)
        MeetingHostFactory.create()
        with pytest.raises(SlotTaken):
            held(service)

    def test_a_hold_that_ran_out_unswept_gives_its_host(self, service: Service) -> None:
        sharing(service)
        [host] = pool(service, "a@zoom.example")
        gone = in_use(host, service, status=ReservationStatus.HELD, hold_expires_at=NOW)
        assert held(service).meeting_host == host
        gone.refresh_from_db()
        assert gone.status == ReservationStatus.EXPIRED

    def test_the_persons_own_hold_gives_its_host(self, service: Service) -> None:
        """One host; choosing another time that overlaps the first is no race with oneself."""
        sharing(service, counselors=2)
        pool(service, "a@zoom.example")
        first = held(service)
        second = hold(service=service, starts_at=TEN, seeker=first.seeker, now=NOW)
        assert second.meeting_host_id == "a@zoom.example"


@pytest.mark.parametrize("software", [MeetingSoftware.LINK, MeetingSoftware.PHONE])
def test_without_zoom_no_host_is_needed(software: MeetingSoftware) -> None:
    service = bookable_service(meeting_software=software)
    reservation = held(service)
    assert (reservation.meeting_host, reservation.host_until) == (None, None)


class TestRefusal:
    def test_it_tells_that_the_hosts_are_used_up(self, service: Service) -> None:
        sharing(service)
        [host] = pool(service, "a@zoom.example")
        in_use(host, service)
        refused = why_not_free(Search(service=service, now=NOW), TEN)
        assert refused.code == "no_host_free"
        assert "ほかの時間" in refused.message

    def test_another_counselor_with_an_own_host_is_tried(self, service: Service) -> None:
        sharing(service)
        other = CounselorFactory.create(office=service.office, services=[service])
        assert held(service).counselor == other

    @pytest.mark.parametrize("start", [TEN, jst(6, 2, 18)], ids=["on offer", "outside the hours"])
    def test_staff_are_refused_too_whatever_their_reason(self, service: Service, start: object) -> None:
        sharing(service)
        details = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")
        entry = Entry(service=service, starts_at=start, details=details, by=None, person=SeekerFactory.create())
        with pytest.raises(BookingError) as refused:
            enter(entry, now=NOW, reason="窓口で約束した")
        assert refused.value.code == "no_host_free"
        assert not Reservation.objects.exists()
