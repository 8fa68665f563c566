"""The meetings of the stand-in, kept as one line per change: a restart reads them back."""

import json
from pathlib import Path
from typing import Any

Meeting = dict[str, Any]


class Journal:
    """Not thread-safe; its owner holds a lock. Without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[str, Meeting]:
        meetings: dict[str, Meeting] = {}
        if self._path is None or not self._path.is_file():
            return meetings
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                change = json.loads(line)
            except ValueError:
                continue  # a line cut short by a crash
            if change["meeting"] is None:
                meetings.pop(change["id"], None)
            else:
                meetings[change["id"]] = change["meeting"]
        self._rewrite(meetings)
        return meetings

    def write(self, meeting_id: str, meeting: Meeting | None) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(_line(meeting_id, meeting))

    def _rewrite(self, meetings: dict[str, Meeting]) -> None:
        assert self._path is not None
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(_line(key, value) for key, value in meetings.items()), encoding="utf-8")
        fresh.replace(self._path)


def _line(meeting_id: str, meeting: Meeting | None) -> str:
    return json.dumps({"id": meeting_id, "meeting": meeting}, ensure_ascii=False) + "\n"
