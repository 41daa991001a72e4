"""Signed files through the real command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

pytest.importorskip("c2pa", reason="needs: pip install 'unmask[provenance]'")

from hostile_stores import png

import sign_media


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unmask", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an edit of a generated picture, the list that trusts its signer, a copy."""
    folder = tmp_path_factory.mktemp("signed")
    me, maker = sign_media.identity(), sign_media.identity("Model <Works>")
    first = sign_media.sign(
        png(), "image/png", maker, sign_media.statement("trainedAlgorithmicMedia")
    )
    edit = sign_media.statement("", {"action": "c2pa.cropped"}, tool="Editor")
    after = sign_media.sign(first, "image/png", me, edit, setup=sign_media.editing)
    (folder / "edited.png").write_bytes(after)
    (folder / "stripped.png").write_bytes(png())
    (folder / "trust.pem").write_bytes(me.root)
    return folder


def test_a_declared_generator_decides_the_verdict(made: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    trust = made / "trust.pem"
    done = run("scan", made / "edited.png", "--trust", trust, "--json", "--html", page)
    assert done.returncode == 1, done.stdout + done.stderr
    record = json.loads(done.stdout)
    jsonschema.validate(record, json.loads(run("schema").stdout))
    assert record["verdict"]["label"] == "synthetic"
    assert record["verdict"]["probability"] is None
    facts = [row for row in record["findings"] if row["analyzer"] == "provenance"]
    assert [row["bearing"] for row in facts] == [None, "synthetic"]
    assert "Your trust list vouches for the signer." in facts[0]["reason"]
    assert facts[0]["tree"][0]["children"][0]["remark"].startswith("what this was made from")
    text = page.read_text(encoding="utf-8")
    assert "Model &lt;Works&gt;" in text
    assert "it was cropped" in text


def test_a_stripped_file_says_what_is_not_there(made: Path) -> None:
    done = run("scan", made / "stripped.png", "--only", "provenance", "--json")
    record = json.loads(done.stdout)
    assert {"analyzer": "provenance", "what": "a signed manifest (C2PA)"} in record["absent"]
    assert record["findings"] == []


@pytest.mark.parametrize("many", [False, True])
def test_a_trust_list_that_is_not_there_is_one_line(made: Path, tmp_path: Path, many: bool) -> None:
    what = [made, "--jsonl", tmp_path / "out.jsonl"] if many else [made / "edited.png"]
    done = run("scan", *what, "--trust", "nowhere.pem")
    assert done.returncode == 4
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert [line for line in lines if "nowhere.pem" in line and "PEM file" in line], done.stderr
    assert "Traceback" not in done.stderr
