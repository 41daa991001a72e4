"""Memory that a step freed is there for the next one."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import json, resource
import numpy as np
from unmask.train.memory import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = faults()
kept = keep_memory()
faults()
print(json.dumps([kept, first, faults()]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told so")
def test_pages_are_got_once() -> None:
    # In a process of its own: what is set stays set.
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    kept, before, after = json.loads(said.stdout)
    assert kept
    assert after < before / 10
