"""One-time codes of the sample staff (RFC 6238), so that nobody needs an authenticator app to look around."""

import base64
import hashlib
import hmac

PERIOD_IN_SECONDS = 30


def totp(secret: str, *, timestamp: float) -> str:
    """The six digits that belong to a Base32 secret at this Unix time."""
    counter = int(timestamp) // PERIOD_IN_SECONDS
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def seconds_left(*, timestamp: float) -> int:
    return PERIOD_IN_SECONDS - int(timestamp) % PERIOD_IN_SECONDS
