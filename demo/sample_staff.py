"""Sign-ins of the sample data. Every address, password and secret here is fictitious and public."""

import base64
import hashlib
from typing import NamedTuple


class SignIn(NamedTuple):
    role: str
    email: str


PASSWORD = "mihon-aikotoba-2026"

OFFICE_KEYS = ("kobayashi", "hamamatsu", "sasebo", "zenkoku")
SEEKERS = tuple(f"seeker{number}@mihon.example" for number in range(1, 7))
EMPLOYER = "saiyo@mihon-shoji.mihon.example"
COUNSELORS = {key: tuple(f"soudan{number}@{key}.mihon.example" for number in (1, 2, 3)) for key in OFFICE_KEYS}
RECEPTIONISTS = {key: f"uketsuke@{key}.mihon.example" for key in OFFICE_KEYS}
MANAGERS = {key: f"kanri@{key}.mihon.example" for key in OFFICE_KEYS}
NATIONAL_ADMINISTRATOR = "zenkoku-kanri@mihon.example"

STAFF = (
    *(email for counselors in COUNSELORS.values() for email in counselors),
    *RECEPTIONISTS.values(),
    *MANAGERS.values(),
    NATIONAL_ADMINISTRATOR,
)


def _secret(email: str) -> str:
    """A fixed secret in Base32, as an authenticator app wants it."""
    return base64.b32encode(hashlib.sha1(f"sample secret of {email}".encode()).digest()).decode()


TOTP_SECRETS = {email: _secret(email) for email in STAFF}

# One person of each role, for the list that `make run` prints.
SHOWN = (
    SignIn("求職者", SEEKERS[0]),
    SignIn("求人者（事業所）", EMPLOYER),
    SignIn("相談員", COUNSELORS["kobayashi"][0]),
    SignIn("受付", RECEPTIONISTS["kobayashi"]),
    SignIn("所の管理者", MANAGERS["kobayashi"]),
    SignIn("全国の管理者", NATIONAL_ADMINISTRATOR),
)
