"""``scan --sign``, ``key`` and ``verify``: what was changed shows; the file says the same again."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from unmask.cli import main
from unmask.signing import faults, make_key, read_key, sign

EXAMPLE = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
RECORD: dict[str, Any] = {
    "path": "a.jpg",
    "media": {"sha256": "00", "bytes": 3},
    "verdict": {"label": "manipulated", "llr": 1.25},
    "detectors": [{"name": "m", "weights_sha256": "aa"}],
}


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


@pytest.fixture
def signed(tmp_path: Path) -> dict[str, Any]:
    make_key(tmp_path / "key.pem")
    return sign(RECORD, read_key(tmp_path / "key.pem"))


def test_a_signed_result_holds_in_any_order_of_its_keys(signed: dict[str, Any]) -> None:
    assert faults(signed) == []
    assert faults(dict(reversed(signed.items()))) == []
    assert faults(signed, signed["signature"]["public_key"]) == []
    assert "another key" in faults(signed, "other")[0]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("verdict", "label"), "no-sign-found", "'verdict' was changed"),
        (("media", "sha256"), "01", "'media' was changed"),
        (("path",), "b.jpg", "'path' was changed"),
        (("note",), "x", "'note' was added"),
        (("signature", "public_key"), "A" * 43 + "=", "signature"),
        (("signature", "algorithm"), "none", "not of the kind"),
        (("signature", "value"), "AAAA", "signature itself"),
        (("signature", "value"), "?", "cannot be read"),
        (("signature", "digests", "path"), "0" * 64, "signature itself"),
    ],
)
def test_what_was_changed_is_named(
    signed: dict[str, Any], where: tuple[str, ...], value: str, said: str
) -> None:
    inner = signed
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = value
    assert said in faults(signed)[0]


def test_what_was_taken_away_is_named(signed: dict[str, Any]) -> None:
    del signed["detectors"]
    assert faults(signed) == ["'detectors' was taken away"]
    assert faults(RECORD) == ["it holds no signature"]
    assert faults([]) == ["it holds no signature"]


def test_every_byte_counts(signed: dict[str, Any]) -> None:
    text = json.dumps(signed)
    for at in range(0, len(text), 7):
        changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
        try:
            record = json.loads(changed)
        except ValueError:
            continue
        assert faults(record), f"byte {at} of {text!r}"


def test_a_key_is_its_owner_s_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assert run("key", str(path)) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert run("key", str(path)) == 4
    assert path.read_bytes() == before


def test_from_scan_to_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, result = tmp_path / "key.pem", tmp_path / "result.json"
    assert run("key", str(key), "--json") == 0
    public = json.loads(capsys.readouterr().out)["public_key"]
    small = shutil.copy(EXAMPLE, tmp_path / "a.jpg")
    run("scan", str(small), "--only", "metadata", "--json", "--sign", str(key))
    result.write_text(capsys.readouterr().out)
    whole = ("verify", str(result), "--file", str(small), "--key", public, "--again", "--json")
    assert run(*whole) == 0
    assert json.loads(capsys.readouterr().out) == {
        "holds": True,
        "checked": ["signature", "file", "judged again"],
        "faults": [],
    }
    Path(small).write_bytes(EXAMPLE.read_bytes() + b"\0")
    assert run("verify", str(result), "--file", str(small)) == 1
    assert "another file" in capsys.readouterr().out


def test_judging_again_finds_a_result_that_was_signed_and_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.pem"
    make_key(key)
    run("scan", str(EXAMPLE), "--only", "metadata", "--json")
    record = json.loads(capsys.readouterr().out)
    record["verdict"]["label"] = "manipulated"
    result = tmp_path / "r.json"
    result.write_text(json.dumps(sign(record, read_key(key))))
    assert run("verify", str(result)) == 0
    assert run("verify", str(result), "--file", str(EXAMPLE), "--again") == 1
    assert "another verdict" in capsys.readouterr().out


def test_mistakes_end_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.pem"
    assert run("scan", str(EXAMPLE), "--json", "--sign", str(missing)) == 4
    assert "unmask key" in capsys.readouterr().err
    assert run("scan", str(EXAMPLE), "--sign", str(missing)) == 2
    torn = tmp_path / "torn.json"
    torn.write_text('{"a": ')
    assert run("verify", str(torn)) == 4
    assert run("verify", str(torn), "--again") == 2
