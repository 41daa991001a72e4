"""A small run of the fuzzer; ``benchmarks/fuzz_media.py`` makes the large ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).parents[2] / "benchmarks" / "fuzz_media.py"


def test_damaged_files_end_in_pixels_or_in_one_clear_line() -> None:
    command = [sys.executable, str(FUZZER), "--files", "159", "--seed", "7", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    table = next(line for line in done.stdout.splitlines() if line.startswith("all"))
    read, clear = map(int, table.split()[1:3])
    assert read + clear == 159
    assert read > 30
    assert clear > 30
