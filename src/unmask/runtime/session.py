"""ONNX Runtime, opened in one place: quiet, without idle spinning, and without its telemetry.

The official builds of ONNX Runtime report each process and each model to their maker unless told
otherwise (since 1.29 on Linux and macOS too), with an identifier and a cache in the user's home.
Nothing leaves this machine, so that is switched off before the library is loaded.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from unmask.errors import ModelError

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"


@lru_cache(maxsize=1)
def runtime() -> Any:
    """The module ``onnxruntime``, with its telemetry off."""
    os.environ[_NO_TELEMETRY] = "1"  # read once, when the library is loaded
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # a program may have loaded it before
    return onnxruntime


def open_session(model: bytes | Path, threads: int = 1) -> Any:
    """A network that runs on the processor.

    ``model``: an ONNX file or its bytes; ``threads``: processor threads of one call (0: the
    runtime chooses). Raises ModelError when it does not load.
    """
    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Idle workers must not spin: decoding runs on the same cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # What a call needs is given back after it. Kept for the next one, in blocks for each size of
    # batch, it would grow with the length of a video.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    given = model if isinstance(model, bytes) else str(model)
    try:
        return ort.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises its own unexported types
        raise ModelError(str(error).splitlines()[0]) from error
