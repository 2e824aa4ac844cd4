"""Whole files that must not outlive what they were kept for: damaged ones set aside, the day's cache."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

DAY_FILE: Final = "day.sealed"
ASIDE: Final = "*.damaged-*"


def forget_files(home: Path, keep: timedelta = timedelta(0)) -> int:
    """Remove them once they have not been written for so long; how many. Never raises for a disk."""
    oldest = time.time() - keep.total_seconds()
    gone = 0
    for file in (*home.glob(ASIDE), *home.glob(DAY_FILE)):
        try:
            if file.stat().st_mtime <= oldest:
                file.unlink()
                gone += 1
        except OSError as error:
            log.warning("%s cannot be removed (%s); remove it by hand", file.name, error.strerror)
    return gone
