"""Sample people. Whoever can sign in stands in demo/sample_staff.py; names say that they are samples."""

from typing import NamedTuple

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password

from accounts.models import EmployerProfile, SeekerProfile, User
from accounts.numbers import parse_phone
from booking.models import Counselor, MeetingHost, Service
from demo import sample_staff
from offices.models import Office, Role, StaffMembership


class SampleName(NamedTuple):
    name: str
    kana: str


SEEKER_NAMES = [
    SampleName("見本 花子", "ミホン ハナコ"),
    SampleName("例田 一郎", "レイダ イチロウ"),
    SampleName("試野 さくら", "タメシノ サクラ"),
    SampleName("仮山 健", "カリヤマ ケン"),
    SampleName("手本 みどり", "テホン ミドリ"),
    SampleName("サンプル マリア", "サンプル マリア"),
]
EMPLOYER_CONTACT = SampleName("採用見本 学", "サイヨウミホン マナブ")
COUNSELOR_NAMES = {
    "kobayashi": ["見本相談員 青木", "見本相談員 石田", "見本相談員 上野"],
    "hamamatsu": ["見本相談員 榎本", "見本相談員 小川", "見本相談員 加藤"],
    "sasebo": ["見本相談員 木村", "見本相談員 久保", "見本相談員 小松"],
    "zenkoku": ["見本相談員 佐野", "見本相談員 島田", "見本相談員 杉本"],
}
OFFERED: dict[str, list[tuple[str, ...]]] = {
    "kobayashi": [("kobayashi",)] * 3,
    "hamamatsu": [("hamamatsu",)] * 3,
    "sasebo": [("sasebo",), ("sasebo", "sasebo-evening", "sasebo-employer"), ("sasebo-evening",)],
    "zenkoku": [("zenkoku",)] * 3,
}
"""The services of each counselor, in the order of their names."""
POOLS = {"hamamatsu": 2}
"""Offices whose counselors share Zoom users, and how many there are; elsewhere everybody has an own one."""
POOL_BUFFER_MINUTES = 10


class People:
    """Creates who is missing. A password is derived once: the function that does it is slow on purpose."""

    def __init__(self) -> None:
        self.password = make_password(sample_staff.PASSWORD)

    def load_seekers(self, offices: dict[str, Office]) -> list[User]:
        homes = list(offices.values())
        seekers = []
        for number, (email, who) in enumerate(zip(sample_staff.SEEKERS, SEEKER_NAMES, strict=True)):
            user = self.load_user(email, who)
            home = homes[number % len(homes)]
            # 03-1…: no exchange in Tokyo begins with 1, so the number is well-formed and cannot ring.
            phone = parse_phone(f"03-1234-567{number}")
            SeekerProfile.objects.get_or_create(
                user=user,
                defaults={
                    "postal_code": "000-0000",
                    "address": f"見本県見本市見本町{number + 1}番地",
                    "phone": phone.display,
                    "phone_e164": phone.e164,
                    "seeker_number": f"{home.number}-0000{number + 1:04}",
                    "home_office": home,
                },
            )
            seekers.append(user)
        return seekers

    def load_employer(self, office: Office) -> User:
        """見本商事, which has a job offer at this office."""
        user = self.load_user(sample_staff.EMPLOYER, EMPLOYER_CONTACT)
        phone = parse_phone("03-1234-5690")
        EmployerProfile.objects.get_or_create(
            user=user,
            defaults={
                "company_name": "見本商事",
                "establishment_number": f"{office.number[:4]}-000001-0",
                "department": "総務部 採用担当",
                "phone": phone.display,
                "phone_e164": phone.e164,
                "home_office": office,
            },
        )
        return user

    def load_staff(self, offices: dict[str, Office], services: dict[str, Service]) -> dict[str, list[Counselor]]:
        """Staff of every office; returns the counselors by office, in the order of their names."""
        administrator = SampleName("見本・全国管理者", "")
        self.load_user(sample_staff.NATIONAL_ADMINISTRATOR, administrator, is_staff=True, is_superuser=True)
        counselors = {}
        for key, office in offices.items():
            self.load_member(sample_staff.RECEPTIONISTS[key], office, Role.RECEPTION, SampleName("見本受付", ""))
            self.load_member(sample_staff.MANAGERS[key], office, Role.MANAGER, SampleName("見本管理者", ""))
            counselors[key] = self.load_counselors(key, office, services)
        return counselors

    def load_counselors(self, key: str, office: Office, services: dict[str, Service]) -> list[Counselor]:
        counselors = []
        for number in range(1, POOLS.get(key, 0) + 1):
            self.load_host(key, office, number, buffer_minutes=POOL_BUFFER_MINUTES)
        plan = zip(sample_staff.COUNSELORS[key], COUNSELOR_NAMES[key], OFFERED[key], strict=True)
        for number, (email, name, offered) in enumerate(plan, start=1):
            membership = self.load_member(email, office, Role.COUNSELOR, SampleName(name, ""))
            host = None if key in POOLS else self.load_host(key, office, number)
            counselor, created = Counselor.objects.get_or_create(
                membership=membership, defaults={"office": office, "name": name, "meeting_host": host}
            )
            if created:
                counselor.services.set([services[service] for service in offered])
            counselors.append(counselor)
        return counselors

    def load_host(self, key: str, office: Office, number: int, *, buffer_minutes: int = 0) -> MeetingHost:
        host, _created = MeetingHost.objects.get_or_create(
            address=f"host{number}@{key}.mihon.example", defaults={"office": office, "buffer_minutes": buffer_minutes}
        )
        return host

    def load_member(self, email: str, office: Office, role: Role, who: SampleName) -> StaffMembership:
        user = self.load_user(email, who, is_staff=True)
        membership, _created = StaffMembership.objects.get_or_create(user=user, office=office, defaults={"role": role})
        return membership

    def load_user(self, email: str, who: SampleName, **flags: bool) -> User:
        user, created = User.objects.get_or_create(
            email=email, defaults={"name": who.name, "kana": who.kana, "password": self.password, **flags}
        )
        if created:
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            if secret := sample_staff.TOTP_SECRETS.get(email):
                Authenticator.objects.create(
                    user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(secret)}
                )
        return user
