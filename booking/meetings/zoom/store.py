"""Where all workers keep what they know in common about Zoom: the token, the circuit breaker, counted alarms."""

from functools import cache

import redis


@cache
def redis_at(url: str) -> redis.Redis:
    """One connection pool per process."""
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=10, socket_connect_timeout=5)
