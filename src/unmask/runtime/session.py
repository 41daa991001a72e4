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

from unmask.errors import ModelError, SettingError

DEVICE = "UNMASK_DEVICE"
"""The environment variable that names the device, for this process and those that it starts."""
CPU = "cpu"
_CPU_PROVIDER = "CPUExecutionProvider"
DEVICES = {
    CPU: _CPU_PROVIDER,
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""Devices and the providers of ONNX Runtime that stand for them."""
AUTO = "auto"
_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"


@lru_cache(maxsize=1)
def runtime() -> Any:
    """The module ``onnxruntime``, with its telemetry off."""
    os.environ[_NO_TELEMETRY] = "1"  # read once, when the library is loaded
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # a program may have loaded it before
    return onnxruntime


def device() -> str:
    """The device that networks run on: the processor, unless another one was chosen.

    ``auto``: the first other one that there is. Raises SettingError for one that is not there.
    """
    wanted = os.environ.get(DEVICE) or CPU
    there = [name for name, one in DEVICES.items() if one in runtime().get_available_providers()]
    if wanted == AUTO:
        return next((name for name in there if name != CPU), CPU)
    if wanted not in there:
        raise SettingError(
            f"The device {wanted!r} is not there. The ONNX Runtime that is installed has: "
            f"{', '.join([AUTO, *there])}. Other builds of it bring others (onnxruntime-gpu …)."
        )
    return wanted


def open_session(model: bytes | Path, threads: int = 1) -> Any:
    """A network that runs on ``device()``; what that cannot do runs on the processor.

    ``model``: an ONNX file or its bytes; ``threads``: processor threads of one call (0: the
    runtime chooses). Raises ModelError when it does not load, SettingError for the device.
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
    providers = list(dict.fromkeys((DEVICES[device()], _CPU_PROVIDER)))
    try:
        return ort.InferenceSession(given, options, providers=providers)
    except Exception as error:  # the runtime raises its own unexported types
        raise ModelError(str(error).splitlines()[0]) from error
