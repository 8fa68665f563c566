"""`make check` without the tests: every gate runs, also after one has failed, and the end says which failed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from demo.addresses import REPOSITORY

APPS = ("hellowork", "booking", "offices", "mailing", "accounts", "terms", "audit", "demo")
# A database nobody connects to: the checks of Django read settings and models only.
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "only-for-the-gate-k9v2q8z5w1x7c3b6n4m0jhgfdsaPOIUYTREWQ",
    "DATABASE_URL": "postgres://portal:secret@127.0.0.1:1/portal",
    "REDIS_URL": "redis://redis.example/0",
    "ALLOWED_HOSTS": "portal.example",
    "PORTAL_URL": "https://portal.example",
    "MAIL_FROM": "yoyaku@portal.example",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example:587",
    "ZOOM_ACCOUNT_ID": "account",
    "ZOOM_CLIENT_ID": "client",
    "ZOOM_CLIENT_SECRET": "secret",
}


def gates() -> dict[str, tuple[list[str], dict[str, str]]]:
    """Name of each gate, its command and what it needs in the environment."""
    tools = Path(sys.executable).parent
    manage = [sys.executable, "manage.py"]
    return {
        "ruff": ([f"{tools}/ruff", "check", "."], {}),
        "ruff format": ([f"{tools}/ruff", "format", "--check", "."], {}),
        "djlint format": ([f"{tools}/djlint", "--check", "templates", "demo"], {}),
        "djlint": ([f"{tools}/djlint", "--lint", "templates", "demo"], {}),
        "import-linter": ([f"{tools}/lint-imports"], {}),
        "mypy": ([f"{tools}/mypy", *APPS], {}),
        "deployment check": ([*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        "missing migrations": ([*manage, "makemigrations", "--check", "--dry-run"], PRODUCTION),
        "compose file": (
            [f"{tools}/check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
            {},
        ),
        "trace": ([sys.executable, "-m", "demo.trace", "--check"], {}),
        "Dockerfile": ([f"{tools}/hadolint", "Dockerfile"], {}),
    }


def main() -> int:
    failed = []
    for name, (command, extra) in gates().items():
        started = time.monotonic()
        result = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        verdict = "failed" if result.returncode else "ok"
        print(f"{name:20} {verdict:6} {time.monotonic() - started:5.1f} s", flush=True)
        if result.returncode:
            failed.append(name)
            print(result.stdout, flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
