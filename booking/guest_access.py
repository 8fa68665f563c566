"""What opens a reservation to somebody without an account: the links in the mails, and the passcode (S-31, S-33).

Nothing secret is stored: links are signed, the passcode is derived from the reservation's uuid. All of them hold as long
as SECRET_KEY (or its place in SECRET_KEY_FALLBACKS) does.
"""

import unicodedata
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from booking.models import Reservation
from booking.models.reservation import NUMBER_ALPHABET

CONFIRMS = "booking.guest_access.confirms"
"""Salt of the link that confirms the mail address."""
OPENS = "booking.guest_access.opens"
"""Salt of the personal link to the reservation's page."""
PASSCODE = "booking.guest_access.passcode"
PASSCODE_LENGTH = 10
"""Ten characters of 31: about 49 bits, with five tries in a quarter of an hour."""


def confirm_url(reservation: Reservation) -> str:
    return f"{settings.PORTAL_URL}{reverse('booking:link', args=[token_of(reservation, CONFIRMS)])}"


def personal_url(reservation: Reservation) -> str:
    """The reservation's page, without sign-in: for the mails to its guest only."""
    return f"{settings.PORTAL_URL}{reverse('booking:guest_page', args=[token_of(reservation, OPENS)])}"


def token_of(reservation: Reservation, salt: str) -> str:
    return _signer(salt).sign(reservation.uuid.hex)


def uuid_behind(token: str, salt: str) -> UUID | None:
    """The reservation that a link names; None for one that this portal did not write for this purpose."""
    try:
        return UUID(_signer(salt).unsign(token))
    except (BadSignature, ValueError):
        return None


def passcode_of(reservation: Reservation) -> str:
    """パスワード of the reservation, like the one that goes with a 整理番号: told with the number, in two groups."""
    return _passcode(reservation, settings.SECRET_KEY)


def is_passcode(reservation: Reservation, typed: str) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(as_typed(_passcode(reservation, key)), as_typed(typed)) for key in keys)


def as_typed(text: str) -> str:
    """Upper case, half width, without the signs between the groups: as people copy numbers and passcodes."""
    normal = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in normal if character.isascii() and character.isalnum())


def _signer(salt: str) -> Signer:
    return Signer(salt=salt, sep=".")


def _passcode(reservation: Reservation, key: str) -> str:
    digest = salted_hmac(PASSCODE, reservation.uuid.hex, secret=key, algorithm="sha256").digest()
    number, characters = int.from_bytes(digest, "big"), []
    for _position in range(PASSCODE_LENGTH):
        number, rest = divmod(number, len(NUMBER_ALPHABET))
        characters.append(NUMBER_ALPHABET[rest])
    half = PASSCODE_LENGTH // 2
    return f"{''.join(characters[:half])}-{''.join(characters[half:])}"
