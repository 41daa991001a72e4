"""The same scan on Ray: the rows of the pool, whatever dies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray_driver
from PIL import Image

from unmask.batch import Record, run_batch
from unmask.errors import SettingError, StoreError
from unmask.settings import Settings

Driver = Callable[..., Any]
CHEAP = Settings(analyzers=("metadata",), threads=1)
WITHOUT = """
import sys
sys.modules["ray"] = None
from unmask.cli import main
main()
"""


def picture(path: Path, seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((64, 48), Image.Resampling.BICUBIC).save(path, quality=80)
    return path.read_bytes()


def findings(records: list[Record]) -> dict[str, str]:
    """Each record in JSON without what tells when and how fast it was made."""
    made = [{k: v for k, v in row.items() if k not in ("seconds", "created")} for row in records]
    assert len({row["path"] for row in made}) == len(made)
    return {row["path"]: json.dumps(row) for row in made}


def by_name(rows: list[Record]) -> dict[str, Record]:
    assert len({row["path"] for row in rows}) == len(rows)
    return {Path(row["path"]).name: row for row in rows}


def test_records_are_those_of_the_pool(cluster: str, driver: Driver, tmp_path: Path) -> None:
    names = [tmp_path / f"{number}.jpg" for number in range(4)]
    for number, name in enumerate(names):
        picture(name, number)
    names[3].write_bytes(names[3].read_bytes()[:200])
    names.append(tmp_path / "missing.jpg")
    pool: list[Record] = []
    run_batch(names, CHEAP, 1, pool.append)
    ours = driver(ray_driver.scan, names, CHEAP, cluster)
    assert findings(ours) == findings(pool)
    assert sum("error" in row for row in ours) == 2


def test_what_dies_loses_nothing(cluster: str, driver: Driver, tmp_path: Path) -> None:
    good = [tmp_path / f"good{number}" for number in range(8)]
    special = [tmp_path / name for name in ("once", "always", "crash")]
    names = [*special[:2], *good, special[2]]
    rows = by_name(driver(ray_driver.made_up, names, cluster, actors=2, retries=1))
    assert rows.keys() == {path.name for path in (*good, *special)}
    told = {name: row["error"]["message"] for name, row in rows.items()}
    assert {told[path.name] for path in good} == {"judged"}
    assert told["once"] == "judged"
    assert "died" in told["always"]
    assert "exit code 11" in told["crash"]
    assert (tmp_path / "once.seen").exists()


def test_a_fault_of_the_scan_itself_ends_it(cluster: str, driver: Driver, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="damaged"):
        driver(ray_driver.made_up, [tmp_path / "index"], cluster)


def test_objects_of_a_store_are_judged_and_gone_on_with(
    cluster: str, driver: Driver, store: Any, scratch: Path, tmp_path: Path
) -> None:
    for number in range(2):
        body = picture(tmp_path / "made.jpg", number)
        store.put_object(Bucket="media", Key=f"set/{number}.jpg", Body=body)
    store.put_object(Bucket="media", Key="set/broken.jpg", Body=body[:200])
    store.put_object(Bucket="media", Key="set/notes.txt", Body=b"bought in May\n")
    out, table = tmp_path / "out.jsonl", tmp_path / "out.parquet"
    words = ["unmask", "scan", "s3://media/set", "--engine", "ray", "--address", cluster]
    words += ["--jobs", "1", "--only", "metadata", "--jsonl", str(out), "--parquet", str(table)]
    assert driver(ray_driver.command, *words) == 4
    rows = {row["path"]: row for row in map(json.loads, out.read_text().splitlines())}
    assert rows["s3://media/set/0.jpg"]["media"]["path"] == "s3://media/set/0.jpg"
    assert "'broken.jpg'" in rows["s3://media/set/broken.jpg"]["error"]["message"]
    assert "text" in rows["s3://media/set/notes.txt"]["skipped"]["why"]
    first = out.read_bytes()
    store.put_object(Bucket="media", Key="set/later.jpg", Body=picture(tmp_path / "made.jpg", 9))
    assert driver(ray_driver.command, *words, "--resume") == 4
    assert out.read_bytes().startswith(first)
    more = [json.loads(line)["path"] for line in out.read_bytes()[len(first) :].splitlines()]
    assert more == ["s3://media/set/later.jpg"]
    import pyarrow.parquet as pq

    assert pq.read_table(table)["path"].to_pylist() == [*rows, *more]
    assert not list(scratch.glob("unmask-*"))


def test_a_cluster_of_another_version_is_refused(
    cluster: str, driver: Driver, tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match=r"this is 0\.0\.1"):
        driver(ray_driver.made_up, [tmp_path / "good"], cluster, version="0.0.1")


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", 1)
    words = [sys.executable, "-c", WITHOUT, "scan", str(tmp_path), "--engine", "ray", "--json"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 4
    said = "unmask: --engine ray needs more packages. Run: pip install 'unmask[ray]'\n"
    assert done.stderr == said
