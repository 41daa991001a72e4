"""The command line on real files: killed and resumed, scanned with, checked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from make_media import animation, image, photo
from unmask.cli import main
from unmask.errors import DataError, MissingExtra, SettingError
from unmask.scanning import scan
from unmask.settings import make_settings
from unmask.types import Kind

PICTURES = 24
ONLY = ("picture", "compression")
FEW = ("--only", ONLY[0], "--only", ONLY[1], "--jobs", "1")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a command, run here."""
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in two groups; one is there twice, one is damaged, one is of another kind."""
    folder = tmp_path_factory.mktemp("material")
    for group in ("desk", "street"):
        (folder / group).mkdir()
    for at in range(PICTURES):
        group = ("desk", "street")[at % 2]
        image(folder / group / f"{at:02d}.jpg", photo(96, 80, at), quality=90)
    (folder / "street" / "twice.jpg").write_bytes((folder / "desk" / "00.jpg").read_bytes())
    (folder / "desk" / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    animation(folder / "street" / "moving.gif")
    return folder


@pytest.fixture(scope="module")
def whole(material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibration made in one go."""
    out = tmp_path_factory.mktemp("whole") / "newsroom.toml"
    order = [sys.executable, "-m", "unmask", "calibrate", "--real", material, "--out", out, *FEW]
    done = subprocess.run([*order, "--json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [Path(row["path"]).name for row in said["failed"]] == ["damaged.jpg"]
    assert (said["real"]["twice"], said["real"]["unreadable"]) == (1, 1)
    assert [one["files"] for one in said["kinds"]] == [PICTURES]
    assert said["kinds"][0]["groups"] == {"desk": 12, "street": 12}
    assert [rate["fpr"] for rate in said["kinds"][0]["rates"]] == [0.1, 0.05]
    assert said["refused"] == [{"kind": "video", "files": 0, "needed": 19}]
    return out


def test_killed_and_begun_again_it_is_the_same_to_the_byte(
    material: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "newsroom.toml"
    scores = out.with_suffix(".scores.jsonl")
    order = [sys.executable, "-m", "unmask", "calibrate", "--real", material, "--out", out, *FEW]
    process = subprocess.Popen(order, start_new_session=True, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if scores.exists() and scores.read_bytes().count(b"\n") >= 6:
            break
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = scores.read_bytes().count(b"\n")
    assert before <= PICTURES, "it was not killed in the middle"
    assert not out.exists()
    done = subprocess.run(order, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "the same file was there already: 1" in done.stdout
    for suffix in (".toml", ".parquet"):
        assert out.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()


def test_a_scan_with_it_has_its_basis_and_says_what_is_unlike(
    whole: Path, material: Path, tmp_path: Path
) -> None:
    settings = make_settings(calibration=str(whole), fpr=0.05, analyzers=ONLY)
    report = scan(material / "desk" / "02.jpg", settings)
    assert "24 authentic image files of 2 groups: desk (12), street (12)" in report.verdict.basis
    assert report.settings["calibration"] == str(whole)
    assert not report.verdict.unlike
    assert report.verdict.surprise is not None
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    other = scan(image(tmp_path / "x.png", noise), settings)
    assert "rates do not hold for this file" in other.verdict.unlike
    clip = scan(material / "street" / "moving.gif", settings)
    assert clip.media.kind is Kind.VIDEO
    assert "0 video files, of which 19 are needed" in clip.verdict.unlike


def test_the_command_takes_it_and_the_report_names_it(
    whole: Path, material: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--only", ONLY[0], "--only", ONLY[1], "--json")
    order = ("scan", material / "desk" / "02.jpg", *few, "--calibration", whole)
    _, printed, _ = run(capsys, *order, "--fpr", "0.05")
    record = json.loads(printed)
    assert record["settings"]["calibration"] == str(whole)
    assert "24 authentic image files" in record["verdict"]["basis"]
    code, _, errors = run(capsys, *order)
    assert (code, errors.count("\n")) == (4, 1)
    assert "cannot vouch for --fpr 0.01" in errors
    assert "give --fpr 0." in errors


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"fps": 2.0}, "--fps"), ({"analyzers": ("picture",)}, "--only")],
)
def test_a_scan_that_runs_something_else_is_refused(
    whole: Path, material: Path, changed: dict[str, object], said: str
) -> None:
    settings = make_settings(calibration=str(whole), **({"fpr": 0.05, "analyzers": ONLY} | changed))
    with pytest.raises(DataError, match=said):
        scan(material / "desk" / "02.jpg", settings)


def test_other_models_and_rates_are_refused(
    whole: Path, material: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(calibration=str(whole), fpr=0.01, analyzers=ONLY)
    with pytest.raises(SettingError, match="at least 99"):
        scan(material / "desk" / "02.jpg", settings)
    from unmask.calibrate import birth
    from unmask.cards.card import Card

    plain = birth._card

    def retrained(name: str) -> Card:
        card = plain(name)
        return card.model_copy(
            update={"weights": card.file().model_copy(update={"sha256": "b" * 64})}
        )

    monkeypatch.setattr(birth, "_card", retrained)
    with pytest.raises(DataError, match="another version of unmask_"):
        scan(
            material / "desk" / "02.jpg",
            make_settings(calibration=str(whole), fpr=0.06, analyzers=ONLY),
        )


def test_check_finds_nothing_in_the_same_and_leaves_known_files_out(
    whole: Path, material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    for at in range(4):
        image(new / f"{at}.jpg", photo(96, 80, 200 + at), quality=90)
    known = new / "known.jpg"
    known.write_bytes((material / "desk" / "00.jpg").read_bytes())
    order = ("calibrate", "check", whole, "--real", new, "--jobs", "1", "--json")
    code, printed, _ = run(capsys, *order)
    assert code == 0
    said = json.loads(printed)
    assert said["kinds"][0]["overall"]["files"] == 4
    assert said["kinds"][0]["holds"]
    assert said["known"] == 1
    assert whole.with_suffix(".check.jsonl").exists()


def test_recompute_needs_no_scan(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "other.toml"
    order = ("calibrate", "recompute", whole, "--out", out)
    code, printed, _ = run(capsys, *order, "--worst", "3", "--json")
    assert code == 0
    assert json.loads(printed)["worst"] == 3
    assert out.with_suffix(".parquet").read_bytes() == whole.with_suffix(".parquet").read_bytes()


def test_groups_that_are_left_out_may_leave_too_few(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ("calibrate", "recompute", whole, "--out", tmp_path / "n.toml")
    code, _, errors = run(capsys, *order, "--leave-out", "desk")
    assert (code, errors.count("\n")) == (4, 1)
    assert "12 image" in errors
    code, _, errors = run(capsys, *order, "--leave-out", "dusk")
    assert "Did you mean 'desk'?" in errors


def test_mistakes_are_one_line_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    order = ("calibrate", "--real", tmp_path / "empty", "--out", tmp_path / "n.toml")
    code, _, errors = run(capsys, *order)
    assert (code, errors.count("\n")) == (4, 1)
    assert "no authentic files" in errors
    code, _, errors = run(capsys, *order, "--with", "unheard-of")
    assert "No detector is called 'unheard-of'" in errors
    code, _, errors = run(capsys, "calibrate")
    assert code == 2
    assert "--real FOLDER and --out FILE.toml" in errors
    assert not list(tmp_path.glob("n.*"))
    (tmp_path / "empty" / "manifest.parquet").write_bytes(b"PAR1 of the user")
    order = ("calibrate", "--real", tmp_path / "empty", "--out", tmp_path / "empty/manifest.toml")
    code, _, errors = run(capsys, *order)
    assert (code, "would overwrite" in errors) == (4, True)


def test_without_the_extra_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unmask.cli.calibrate import _ready

    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra):
        _ready(tmp_path / "n.toml", make_settings())
    monkeypatch.undo()
    with pytest.raises(SettingError, match=r"must end in \.toml"):
        _ready(tmp_path / "n.txt", make_settings())
