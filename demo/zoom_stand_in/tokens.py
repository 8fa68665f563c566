"""Who may call: the token endpoint, the life of a token, and the scopes of the app."""

import base64
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from werkzeug.wrappers import Request, Response

from demo.zoom_stand_in.answers import answer, error, missing_scope, token_refused

TOKEN_LASTS = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    account_id: str = "stand-in-account"
    client_id: str = "stand-in-client"
    client_secret: str = "stand-in-secret"  # opens nothing but this stand-in


class TokenDesk:
    """Safe for the threads of the server."""

    def __init__(self, *, credentials: Credentials, scopes: Iterable[str]) -> None:
        self.credentials = credentials
        self.scopes = set(scopes)
        self._lock = threading.Lock()
        self._tokens: dict[str, datetime] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._tokens)

    def forget(self) -> None:
        with self._lock:
            self._tokens.clear()

    def give(self, request: Request, *, base_url: str, only_newest: bool) -> Response:
        """`only_newest`: the new token voids all older ones."""
        known = f"{self.credentials.client_id}:{self.credentials.client_secret}"
        expected = "Basic " + base64.b64encode(known.encode()).decode()
        if not secrets.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
            return answer({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400)
        if request.values.get("grant_type") != "account_credentials":
            return answer({"reason": "unsupported grant type", "error": "unsupported_grant_type"}, 400)
        if request.values.get("account_id") != self.credentials.account_id:
            return answer({"reason": "Bad Request", "error": "invalid_request"}, 400)
        token = secrets.token_urlsafe(40)
        with self._lock:
            if only_newest:
                self._tokens.clear()
            self._tokens[token] = datetime.now(UTC) + TOKEN_LASTS
        return answer(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": int(TOKEN_LASTS.total_seconds()),
                "scope": " ".join(sorted(self.scopes)),
                "api_url": base_url,
            }
        )

    def refusal(self, request: Request, *, scope: str) -> Response | None:
        """None for a good token of an app that has the scope."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            ends_at = self._tokens.get(token)
        if scheme != "Bearer" or ends_at is None:
            return token_refused()
        if ends_at <= datetime.now(UTC):
            return error(401, 124, "Access token is expired.")
        return None if scope in self.scopes else missing_scope(scope)
