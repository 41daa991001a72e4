"""One network of a stranger onto the user's shelf: read, converted, checked, described."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from unmask.adding.converted import Converted, convert
from unmask.adding.describing import ONNX, describe
from unmask.adding.options import Wishes
from unmask.adding.sources import from_file, from_folder
from unmask.errors import OutputError, UnmaskError

STAGES = ("looking at the files", "converting and comparing", "writing")
"""What is done, in this order."""


def add(
    path: Path,
    wishes: Wishes,
    folder: Path,
    given: str = "",
    url: str = "",
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Converted:
    """Add the network in a folder or file as the model ``folder``, in place of what was there.

    ``given`` and ``url``: what the user named and where that is, for one that was fetched.
    ``progress`` is called with the number of stages done, of all, and the next one. Nothing of
    ``folder`` changes when anything is refused. Raises ModelError, SettingError, UnknownName
    and OutputError.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="unmask-add-") as kept:
            copy, out = Path(kept) / "source", Path(kept) / "model"
            out.mkdir()
            progress(0, len(STAGES), STAGES[0])
            whole = path.is_dir()
            source = from_folder(path, copy, given, url) if whole else from_file(path, copy)
            progress(1, len(STAGES), STAGES[1])
            with _quiet():
                converted = convert(source, wishes, out / ONNX)
            progress(2, len(STAGES), STAGES[2])
            describe(out, source, wishes, converted)
            # Beside the shelf's models first, so that none is ever there by half.
            beside = folder.parent / "fetched" / f"{folder.name}.{os.getpid()}"
            shutil.copytree(out, beside)
            if folder.exists():
                shutil.rmtree(folder)
            beside.rename(folder)
            progress(3, len(STAGES), "")
    except UnmaskError:
        raise
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return converted


@contextmanager
def _quiet() -> Iterator[None]:
    """No talk of libraries about a stranger's network."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
