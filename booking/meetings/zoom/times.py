"""Times as Zoom writes and reads them: UTC with Z."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """2026-12-01T05:00:00Z for 14:00 in Japan. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime | None:
    """A time as Zoom writes it, always with Z; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
