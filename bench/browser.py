"""A lean HTTP client: keeps cookies, reads the clock, parses nothing. On two cores the client must cost little."""

import http.client
import re
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HOST = "127.0.0.1"
CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


class UnexpectedAnswer(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    queries: int
    body: bytes
    first_byte: float
    seconds: float

    @property
    def csrf_token(self) -> str:
        found = CSRF.search(self.body)
        if found is None:
            raise UnexpectedAnswer("The page has no form.")
        return found[1].decode()


class Browser:
    def __init__(self, port: int, *, session: str | None = None) -> None:
        self.port = port
        self.cookies = {"session": session} if session else {}

    def get(self, path: str, *, expect: int = 200, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("GET", path, None, expect=expect, headers=headers)

    def post(self, path: str, form: dict[str, str], *, expect: int = 302) -> Answer:
        return self._ask("POST", path, urlencode(form), expect=expect)

    def _ask(
        self, method: str, path: str, body: str | None, *, expect: int, headers: dict[str, str] | None = None
    ) -> Answer:
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begin = time.perf_counter()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        start = response.read(1)
        first_byte = time.perf_counter() - begin
        content = start + response.read()
        seconds = time.perf_counter() - begin
        connection.close()
        self._keep(response)
        if response.status != expect:
            raise UnexpectedAnswer(f"{method} {path}: {response.status} {response.getheader('Location', '')}")
        return Answer(
            status=response.status,
            location=response.getheader("Location", ""),
            queries=int(response.getheader("X-Queries", "0")),
            body=content,
            first_byte=first_byte,
            seconds=seconds,
        )

    def _keep(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
