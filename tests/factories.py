"""Objects for tests. Times are Japan time; the frozen `now` of most tests is Monday 2026-06-01 10:00."""

from datetime import date, datetime, time, timedelta
from typing import Any

import factory
from django.utils import timezone

from accounts.models import EmployerProfile, SeekerProfile, User
from booking.availability import Search, Slot, free_slots
from booking.clock import JST
from booking.enums import ReservationStatus
from booking.models import (
    Absence,
    Counselor,
    MeetingHost,
    OpeningWindow,
    PolicyVersion,
    Reservation,
    Service,
    ServiceHours,
)
from offices.models import Office, Role, StaffMembership
from terms.models import TermsDocument, TermsKind, TermsVersion

PASSWORD = "correct horse 電池"
MONDAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 10, 0, tzinfo=JST)


def jst(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=JST)


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@mail.example")
    name = factory.Sequence(lambda n: f"見本 太郎{n}")
    kana = "ミホン タロウ"

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **_kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])
            self.emailaddress_set.create(email=self.email, verified=True, primary=True)


class SeekerFactory(UserFactory):
    profile = factory.RelatedFactory("tests.factories.SeekerProfileFactory", factory_related_name="user")


class SeekerProfileFactory(factory.django.DjangoModelFactory[SeekerProfile]):
    class Meta:
        model = SeekerProfile

    user = factory.SubFactory(UserFactory)
    phone = "090-1234-5678"
    phone_e164 = "+819012345678"
    seeker_number = "13010-00123456"


class EmployerFactory(UserFactory):
    profile = factory.RelatedFactory("tests.factories.EmployerProfileFactory", factory_related_name="user")


class EmployerProfileFactory(factory.django.DjangoModelFactory[EmployerProfile]):
    class Meta:
        model = EmployerProfile

    user = factory.SubFactory(UserFactory)
    company_name = "見本商事"
    establishment_number = "1301-123456-7"
    department = "総務部"
    phone = "03-1234-5678"
    phone_e164 = "+81312345678"


class OfficeFactory(factory.django.DjangoModelFactory[Office]):
    class Meta:
        model = Office

    number = factory.Sequence(lambda n: f"{90000 + n}")
    name = factory.Sequence(lambda n: f"ハローワーク見本{n}")
    phone = "0000-00-0000"
    contact_hours = "月曜から金曜 8:30〜17:15（祝日を除く）"


class TermsDocumentFactory(factory.django.DjangoModelFactory[TermsDocument]):
    class Meta:
        model = TermsDocument

    kind = TermsKind.SERVICE
    title = factory.Sequence(lambda n: f"利用規約{n}")
    slug = factory.Sequence(lambda n: f"terms-{n}")


class TermsVersionFactory(factory.django.DjangoModelFactory[TermsVersion]):
    class Meta:
        model = TermsVersion

    document = factory.SubFactory(TermsDocumentFactory)
    number = 1
    body = "## 第1条（目的）\n\nこの規約は見本です。"
    made_on = date(2026, 1, 5)
    in_force_on = date(2026, 1, 5)
    published_at = factory.LazyFunction(timezone.now)


RULES = {field.name for field in PolicyVersion._meta.get_fields()} - {"id", "service"}
"""Names of the columns of a version of the rules: ServiceFactory takes them too, for the service's first version."""


class PolicyVersionFactory(factory.django.DjangoModelFactory[PolicyVersion]):
    """In force since 2026-01-01. Without the question about the device, which most tests do not answer."""

    class Meta:
        model = PolicyVersion
        skip_postgeneration_save = True

    in_force_on = date(2026, 1, 1)
    announced_on = factory.LazyAttribute(lambda o: o.in_force_on - timedelta(days=1))
    asks_device = False

    @factory.post_generation
    def hours(
        self: PolicyVersion, create: bool, extracted: list[tuple[int, time, time]] | None, **_kwargs: Any
    ) -> None:
        weekdays = [(day, time(9), time(17)) for day in range(5)]
        for weekday, opens, closes in weekdays if extracted is None else extracted:
            ServiceHours.objects.create(policy=self, weekday=weekday, opens=opens, closes=closes)


class ServiceFactory(factory.django.DjangoModelFactory[Service]):
    """30 minutes, weekdays 9:00–17:00, bookable one month ahead until the end of the previous day."""

    class Meta:
        model = Service
        skip_postgeneration_save = True

    office = factory.SubFactory(OfficeFactory)
    name = factory.Sequence(lambda n: f"オンライン職業相談{n}")
    terms = factory.SubFactory(TermsDocumentFactory)
    software_terms = factory.SubFactory(TermsDocumentFactory, kind=TermsKind.SOFTWARE)

    @classmethod
    def _create(cls, model_class: type[Service], *args: Any, **kwargs: Any) -> Service:
        rules = {name: kwargs.pop(name) for name in RULES & kwargs.keys()}
        service = super()._create(model_class, *args, **kwargs)
        PolicyVersionFactory.create(service=service, **rules)
        return service


class MembershipFactory(factory.django.DjangoModelFactory[StaffMembership]):
    class Meta:
        model = StaffMembership

    user = factory.SubFactory(UserFactory, is_staff=True)
    office = factory.SubFactory(OfficeFactory)
    role = Role.COUNSELOR


class MeetingHostFactory(factory.django.DjangoModelFactory[MeetingHost]):
    class Meta:
        model = MeetingHost

    address = factory.Sequence(lambda n: f"host{n}@zoom.example")
    office = factory.SubFactory(OfficeFactory)


class CounselorFactory(factory.django.DjangoModelFactory[Counselor]):
    """Offers `services`; by default with a window 9:00–17:00 on every weekday."""

    class Meta:
        model = Counselor
        skip_postgeneration_save = True

    office = factory.SubFactory(OfficeFactory)
    membership = factory.SubFactory(MembershipFactory, office=factory.SelfAttribute("..office"))
    name = factory.Sequence(lambda n: f"相談 花子{n}")
    meeting_host = factory.SubFactory(MeetingHostFactory, office=factory.SelfAttribute("..office"))

    @factory.post_generation
    def services(self: Counselor, create: bool, extracted: list[Service] | None, **_kwargs: Any) -> None:
        self.services.set(extracted or [])

    @factory.post_generation
    def windows(self: Counselor, create: bool, extracted: list[tuple[int, time, time]] | None, **_kwargs: Any) -> None:
        weekdays = [(day, time(9), time(17)) for day in range(5)]
        for weekday, opens, closes in weekdays if extracted is None else extracted:
            OpeningWindow.objects.create(
                counselor=self, weekday=weekday, begins_on=date(2026, 1, 1), opens=opens, closes=closes
            )


class AbsenceFactory(factory.django.DjangoModelFactory[Absence]):
    class Meta:
        model = Absence


class ReservationFactory(factory.django.DjangoModelFactory[Reservation]):
    """Confirmed, 30 minutes on Tuesday 2026-06-02 10:00."""

    class Meta:
        model = Reservation

    service = factory.SubFactory(ServiceFactory)
    office = factory.SelfAttribute("service.office")
    counselor = factory.LazyAttribute(lambda o: CounselorFactory.create(office=o.service.office, services=[o.service]))
    seeker = factory.SubFactory(SeekerFactory)
    starts_at = jst(6, 2, 10)
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + o.service.policy_on(o.starts_at.date()).length)
    meeting_host = factory.SelfAttribute("counselor.meeting_host")
    host_until = factory.LazyAttribute(lambda o: o.ends_at if o.meeting_host else None)
    status = ReservationStatus.CONFIRMED
    reserved_at = NOW
    name = factory.SelfAttribute("seeker.name")
    phone = "090-1234-5678"
    phone_e164 = "+819012345678"


def bookable_service(*, counselors: int = 1, **fields: Any) -> Service:
    """A service with that many counselors who offer it on weekdays 9:00–17:00."""
    service = ServiceFactory.create(**fields)
    CounselorFactory.create_batch(counselors, office=service.office, services=[service])
    return service


def slots_of(
    service: Service,
    *,
    now: datetime,
    seeker: Any = None,
    first_day: date | None = None,
    last_day: date | None = None,
    **wish: Any,
) -> list[Slot]:
    """What this person can book."""
    search = Search(service=service, now=now, person=seeker, **wish)
    return free_slots(search, first_day=first_day, last_day=last_day)


def change_rules(service: Service, *, in_force_on: date = MONDAY, **changes: Any) -> PolicyVersion:
    """From that day on the service has these rules; in all else, those that it had."""
    before = service.version_on(in_force_on)
    columns = {field.name: getattr(before, field.name) for field in PolicyVersion._meta.concrete_fields}
    columns |= {"id": None, "in_force_on": in_force_on, "announced_on": in_force_on - timedelta(days=1), **changes}
    version = PolicyVersion.objects.create(**columns)
    for hours in before.hours.all():
        ServiceHours.objects.create(policy=version, weekday=hours.weekday, opens=hours.opens, closes=hours.closes)
    service.__dict__.pop("versions", None)
    return version
