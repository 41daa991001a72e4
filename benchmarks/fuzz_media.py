"""Damaged files by the thousand: nothing may crash, hang, print a trace or speak unclearly.

Small files of every format are mutated (byte flips, extreme header fields, truncation, moved,
doubled, erased and inserted blocks, two files in one) and read by workers with a time limit and
a memory limit::

    python benchmarks/fuzz_media.py --files 2000                  # decoding only
    python benchmarks/fuzz_media.py --files 2000 --target scan    # the whole command line

Prints one table and exits with 1 if anything but "read" and "clear error" occurred. The same seed
makes the same files.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

READ, CLEAR, UNCLEAR = "read", "clear error", "unclear error"
TRACE, CRASH, HANG, PRINTED = "traceback", "crash", "hang", "printed"
GOOD = (READ, CLEAR)
OUTCOMES = (READ, CLEAR, UNCLEAR, TRACE, CRASH, HANG, PRINTED)
EXTREMES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\x01")


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    name: str
    kind: str
    message: str
    seconds: float
    megabytes: float = 0.0


def flip(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """Random bytes at random places."""
    for at in rng.integers(0, len(data), 1 + rng.integers(0, 1 << rng.integers(0, 6))):
        data[at] = rng.integers(0, 256)
    return data


def field(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """Extreme numbers of 1 to 8 bytes where headers are."""
    reach = min(len(data), int(rng.choice([64, 512, 2048])))
    for at in rng.integers(0, reach, 1 + rng.integers(0, 4)):
        width = int(rng.choice([1, 2, 4, 8]))
        data[at : at + width] = EXTREMES[rng.integers(0, len(EXTREMES))] * width
    return data


def tail_field(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """The same at the end, where MP4 keeps its index."""
    data.reverse()
    data = field(data, rng, other)
    data.reverse()
    return data


def cut(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """Only a beginning."""
    return data[: rng.integers(1, len(data))]


def _block(data: bytearray, rng: np.random.Generator) -> tuple[int, int]:
    start = int(rng.integers(0, len(data)))
    return start, min(len(data), start + int(rng.integers(1, 1 + max(2, len(data) // 4))))


def swap(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """A block moved elsewhere."""
    start, end = _block(data, rng)
    rest = data[:start] + data[end:]
    at = int(rng.integers(0, len(rest) + 1))
    return rest[:at] + data[start:end] + rest[at:]


def double(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """A block repeated."""
    start, end = _block(data, rng)
    return data[:end] + data[start:end] * int(rng.integers(1, 20)) + data[end:]


def erase(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """A block of zeros."""
    start, end = _block(data, rng)
    data[start:end] = bytes(end - start)
    return data


def drop(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """A block removed."""
    start, end = _block(data, rng)
    return data[:start] + data[end:] or data


def insert(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """A block of another file inserted."""
    at, (start, end) = int(rng.integers(0, len(data))), _block(bytearray(other), rng)
    return data[:at] + other[start:end] + data[at:]


def join(data: bytearray, rng: np.random.Generator, other: bytes) -> bytearray:
    """Two files in one."""
    return data + other


MUTATIONS = (flip, flip, field, field, tail_field, cut, swap, double, erase, drop, insert, join)


def make_files(folder: Path, count: int, seed: int) -> list[Path]:
    """Write ``count`` damaged files into a folder."""
    from make_media import every_kind

    with tempfile.TemporaryDirectory() as whole:
        sources = [path for group in every_kind(Path(whole)).values() for path in group]
        sources.sort()
        contents = [path.read_bytes() for path in sources]
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        which = number % len(contents)
        data = bytearray(contents[which])
        names = []
        for _ in range(1 + int(rng.random() < 0.3)):
            mutation = MUTATIONS[rng.integers(0, len(MUTATIONS))]
            data = mutation(data, rng, contents[rng.integers(0, len(contents))])
            names.append(mutation.__name__)
        source = sources[which]
        name = f"{number:05d}-{source.stem}-{'-'.join(names)}{source.suffix}"
        made.append(folder / name)
        made[-1].write_bytes(data)
    return made


def is_clear(message: str, name: str) -> bool:
    """One line that names the file and says what to do."""
    return "\n" not in message and name in message and message.endswith(".") and len(message) < 400


def judge_media(path: Path) -> tuple[str, str]:
    """Decode a whole file in this process."""
    from unmask.errors import MediaError
    from unmask.media import probe, stream

    try:
        info = probe(path)
        notes: list[str] = []
        for _ in stream(path, info, on_note=notes.append):
            pass
    except MediaError as error:
        message = str(error)
        return (CLEAR if is_clear(message, path.name) else UNCLEAR), message
    except Exception as error:
        return TRACE, f"{type(error).__name__}: {error}"
    return READ, "; ".join(notes)


def work(memory: int) -> None:
    """Worker: a path a line in, a JSON list a line out."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for line in sys.stdin:
        kind, message = judge_media(Path(json.loads(line)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([kind, message, peak]), flush=True)


class Worker:
    """A process that reads files; it is started again after a crash or a hang."""

    def __init__(self, memory: int, limit: float) -> None:
        self._memory = memory
        self._limit = limit
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--worker", "--memory", str(self._memory)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self._answers = queue.Queue()
        self._printed: queue.Queue[str] = queue.Queue()
        for source, box in ((process.stdout, self._answers), (process.stderr, self._printed)):
            threading.Thread(target=self._drain, args=(source, box), daemon=True).start()
        return process

    @staticmethod
    def _drain(source: Any, box: queue.Queue[str]) -> None:
        for line in source:
            box.put(line)
        box.put("")

    def read(self, path: Path) -> Outcome:
        """Let the worker read one file."""
        self._process = self._process or self._start()
        begun = time.monotonic()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=self._limit)
        except queue.Empty:
            self.stop()
            return Outcome(path.name, HANG, f"more than {self._limit:.0f} s", self._limit)
        seconds = time.monotonic() - begun
        if not line:
            code = self._process.wait()
            self._process = None
            return Outcome(path.name, CRASH, f"exit code {code}", seconds)
        kind, message, peak = json.loads(line)
        printed = "".join(self._printed.get() for _ in range(self._printed.qsize())).strip()
        if printed:
            return Outcome(path.name, PRINTED, printed[-300:], seconds, peak)
        return Outcome(path.name, kind, message, seconds, peak)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def run_media(files: list[Path], jobs: int, limit: float, memory: int) -> list[Outcome]:
    """Read all files with ``jobs`` workers."""
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for path in files:
        waiting.put(path)
    outcomes: list[Outcome] = []

    def serve() -> None:
        worker = Worker(memory, limit)
        while True:
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                break
            outcomes.append(worker.read(path))
        worker.stop()

    threads = [threading.Thread(target=serve) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=lambda outcome: outcome.name)


def run_scan(
    folder: Path, files: list[Path], jobs: int, limit: float, only: list[str]
) -> list[Outcome]:
    """Scan the folder with the command line; every file must have its line."""
    with tempfile.TemporaryDirectory() as out:
        rows = Path(out) / "rows.jsonl"
        command = [sys.executable, "-m", "unmask", "scan", "--jsonl", str(rows)]
        command += ["--jobs", str(jobs), "--timeout", str(limit), str(folder)]
        command += [part for name in only for part in ("--only", name)]
        done = subprocess.run(command, capture_output=True, text=True)
        records = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    if "Traceback" in done.stdout + done.stderr:
        print(done.stderr[-3000:])
    named = {Path(_path_of(record)).name: record for record in records}
    return [_scanned(path.name, named.get(path.name)) for path in files]


def _path_of(record: dict[str, Any]) -> str:
    return str(record["path"] if "error" in record else record["media"]["path"])


def _scanned(name: str, record: dict[str, Any] | None) -> Outcome:
    if record is None:
        return Outcome(name, CRASH, "no line was written for this file", 0.0)
    if "error" not in record:
        return Outcome(name, READ, "", float(record["seconds"]))
    message = str(record["error"]["message"])
    kind = CLEAR if is_clear(message, name) else UNCLEAR
    marks = {"a fault in unmask": TRACE, "crashed": CRASH, "not finished in": HANG}
    for mark, worse in marks.items():
        kind = worse if mark in message else kind
    return Outcome(name, kind, message, 0.0)


def report(outcomes: list[Outcome], seconds: float) -> bool:
    """Print the table and each bad file; True if all is well."""
    formats = sorted(
        {outcome.name.split("-")[1] + Path(outcome.name).suffix for outcome in outcomes}
    )
    print(f"{'format':18}" + "".join(f"{kind:>15}" for kind in OUTCOMES))
    total: Counter[str] = Counter()
    for name in formats:
        stem, suffix = Path(name).stem, Path(name).suffix
        mine = [o for o in outcomes if f"-{stem}-" in o.name and o.name.endswith(suffix)]
        counts = Counter(outcome.kind for outcome in mine)
        total += counts
        print(f"{name:18}" + "".join(f"{counts[kind]:15d}" for kind in OUTCOMES))
    print(f"{'all':18}" + "".join(f"{total[kind]:15d}" for kind in OUTCOMES))
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    peak = max(outcome.megabytes for outcome in outcomes)
    print(f"{len(outcomes)} files in {seconds:.0f} s")
    print(f"slowest {slowest.seconds:.1f} s ({slowest.name})")
    if peak:
        print(f"peak memory of a worker {peak:.0f} MB")
    bad = [outcome for outcome in outcomes if outcome.kind not in GOOD]
    for outcome in bad[:50]:
        print(f"{outcome.kind}: {outcome.name}: {outcome.message}")
    return not bad


def main() -> int:
    """Make the files, read them, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=("media", "scan"), default="media")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for one file")
    parser.add_argument("--memory", type=int, default=4 << 30, help="bytes for one worker")
    parser.add_argument("--only", action="append", default=[], help="scan with this analyzer")
    parser.add_argument("--keep", type=Path, help="write the files here and keep them")
    parser.add_argument("--messages", action="store_true", help="also print every message once")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        work(chosen.memory)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.keep or Path(scratch) / "files"
        files = make_files(folder, chosen.files, chosen.seed)
        begun = time.monotonic()
        if chosen.target == "media":
            outcomes = run_media(files, chosen.jobs, chosen.limit, chosen.memory)
        else:
            outcomes = run_scan(folder, files, chosen.jobs, chosen.limit, chosen.only)
        good = report(outcomes, time.monotonic() - begun)
    if chosen.messages:
        texts = Counter(f"{o.kind}: {o.message.replace(o.name, 'NAME')}" for o in outcomes)
        for text, times in texts.most_common():
            print(f"{times:5d}  {text}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
