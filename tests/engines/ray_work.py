"""What happens to a file by its name; the processes of actors import this by its name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from unmask.batch import Record
from unmask.errors import StoreError, UnreadableMedia
from unmask.report.json import error_dict


def by_name(path: str, settings: Any, page: str) -> Record:
    place = Path(path)
    if place.name == "crash":
        os._exit(11)
    if place.name == "index":
        raise StoreError("The index is damaged.")
    seen = place.parent / f"{place.name}.seen"
    if place.name == "always" or (place.name == "once" and not seen.exists()):
        seen.touch()
        os.kill(os.getppid(), signal.SIGKILL)  # the actor
        time.sleep(5)
    return error_dict(path, UnreadableMedia("judged"))
