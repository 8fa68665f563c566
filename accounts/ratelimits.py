"""How often something may be done: counted in Redis, so that all web processes share one count."""

import hashlib
import ipaddress
import logging
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

logger = logging.getLogger(__name__)


def consume(action: str, key: str, limits: str) -> bool:
    """Counts one try of `action` by `key`; False when it is over the limit, which reads like "5/hour".

    The key is stored only as a hash: it may be an address (ASVS 14.2.1).
    """
    return bool(_limiter(settings.REDIS_URL).hit(parse(limits), action, hashlib.sha256(key.encode()).hexdigest()))


def consume_if_counting(action: str, key: str, limits: str) -> bool:
    """Like `consume`, but without Redis nobody is stopped: for what the database itself keeps within bounds."""
    try:
        return consume(action, key, limits)
    except RedisError:
        logger.exception("%s is not counted: Redis does not answer", action)
        return True


def consume_each(action: str, keys: Mapping[str, str], limits: Mapping[str, str]) -> bool:
    """One try against several limits, for example by address and by network; all are counted."""
    tries = [consume(f"{action}.{name}", key, limits[name]) for name, key in keys.items()]
    return all(tries)


def network_of(address: str) -> str:
    """What to count a client by: an IPv6 user has a whole /64 to change addresses in."""
    ip = ipaddress.ip_address(address)
    return address if ip.version == 4 else str(ipaddress.ip_network(f"{address}/64", strict=False))


@cache
def _limiter(url: str) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(RedisStorage(url))
