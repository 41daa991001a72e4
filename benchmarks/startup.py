"""How long `import unmask` and `unmask --help` take beside a bare interpreter, in one run.

    python benchmarks/startup.py

Ratios and differences are what to quote: seconds depend on the machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15


def seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    unmask = str(Path(sys.executable).with_name("unmask"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import unmask'": [sys.executable, "-c", "import unmask"],
        "unmask --help": [unmask, "--help"],
    }
    for command in commands.values():
        seconds(command)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            taken[name].append(seconds(command))
    bare = statistics.median(taken["python -c pass"])
    print("| command | median s | over bare python | ratio |\n|---|---:|---:|---:|")
    for name, values in taken.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.3f} | {median - bare:+.3f} | {median / bare:.1f} |")


if __name__ == "__main__":
    main()
