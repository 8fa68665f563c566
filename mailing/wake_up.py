"""Calling a worker for a row. The row is the truth: without the broker nothing is lost, a sweeper finds it."""

import logging
from typing import Any

from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

PUBLISH_ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}


def call_worker(task: Any, row_id: int) -> bool:
    """Queue the task for the row; False, and a line in the log, when the broker does not answer."""
    try:
        task.apply_async((row_id,), retry_policy=PUBLISH_ONCE_MORE)
    except OperationalError as error:
        logger.warning("%s %s: no wake-up call, the broker does not answer (%s)", task.name, row_id, error)
        return False
    return True
