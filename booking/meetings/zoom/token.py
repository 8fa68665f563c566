"""One access token for all workers.

zoomus fetches one per client, never renews it, waits for ever and turns a refusal into `Bearer None`. Here it lives in
Redis until shortly before its end, and one lock lets a single worker renew it: Zoom has killed older tokens in the past.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

import redis
import requests
from django.conf import settings

from booking.meetings.errors import ConfigurationAlarm, NoAnswer, RetryLater
from booking.meetings.zoom.store import redis_at

RENEW_BEFORE_END = 120
LOCK_HELD_AT_MOST = 40
LOCK_WAITED_FOR = 30


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    oauth_url: str
    account_id: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    timeout: timedelta

    @classmethod
    def from_settings(cls, *, timeout: timedelta) -> "TokenSource":
        return cls(
            oauth_url=settings.ZOOM_OAUTH_URL,
            account_id=settings.ZOOM_ACCOUNT_ID,
            client_id=settings.ZOOM_CLIENT_ID,
            client_secret=settings.ZOOM_CLIENT_SECRET,
            timeout=timeout,
        )

    @property
    def account(self) -> str:
        """A digest: another account, app or secret never meets the token, or the circuit breaker, of the old one."""
        parts = repr([self.oauth_url, self.account_id, self.client_id, self.client_secret])
        return hashlib.sha256(parts.encode()).hexdigest()[:24]

    @property
    def key(self) -> str:
        return f"hellowork:zoom:token:{self.account}"

    def current(self) -> str:
        try:
            token = redis_at(settings.REDIS_URL).get(self.key)
        except redis.RedisError as error:
            raise RetryLater("Redis") from error
        return str(token) if token else self.renew(failed=None)

    def renew(self, *, failed: str | None) -> str:
        """A token other than the one that failed. Whoever comes second takes what the first one fetched."""
        try:
            store = redis_at(settings.REDIS_URL)
            with store.lock(f"{self.key}:lock", timeout=LOCK_HELD_AT_MOST, blocking_timeout=LOCK_WAITED_FOR):
                token = store.get(self.key)
                if token and token != failed:
                    return str(token)
                fresh, expires_in = self._fetch()
                store.set(self.key, fresh, ex=max(expires_in - RENEW_BEFORE_END, 1))
                return fresh
        except redis.exceptions.LockError as error:
            raise NoAnswer("Zoom OAuth: another worker has waited for it for long") from error
        except redis.RedisError as error:
            raise RetryLater("Redis") from error

    def _fetch(self) -> tuple[str, int]:
        try:
            response = requests.post(
                self.oauth_url,
                data={"grant_type": "account_credentials", "account_id": self.account_id},
                auth=(self.client_id, self.client_secret),
                timeout=self.timeout.total_seconds(),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise NoAnswer("Zoom OAuth: no answer") from error
        if response.status_code in (400, 401, 403):
            raise ConfigurationAlarm(f"Zoom OAuth: {response.status_code} {_reason(response)}".strip())
        if response.status_code >= 500:
            raise NoAnswer(f"Zoom OAuth: {response.status_code}")
        if response.status_code != 200:
            raise RetryLater(f"Zoom OAuth: {response.status_code}")
        try:
            answer = response.json()
            return str(answer["access_token"]), int(answer["expires_in"])
        except (ValueError, KeyError, TypeError) as error:
            raise RetryLater("Zoom OAuth: unreadable answer") from error


def _reason(response: requests.Response) -> str:
    """Zoom's error word, such as invalid_client. The token endpoint has another error body than the API."""
    try:
        return str(response.json().get("error", ""))[:60]
    except (ValueError, AttributeError):
        return ""
