"""What is there can be listed by those who installed no more than what a scan needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

RESEARCH = (
    "torch", "torchvision", "timm", "lightning", "onnx", "onnxscript", "sklearn", "scipy", "cv2",
    "pandas", "pyarrow", "transformers", "safetensors", "h5py", "fairlearn", "matplotlib",
)  # fmt: skip
WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {RESEARCH!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from unmask.cli import main
main()
"""


def without_research(*words: str) -> subprocess.CompletedProcess[str]:
    """The command line as it runs where the packages of the research wing are not installed."""
    return subprocess.run([sys.executable, "-c", WITHOUT, *words], capture_output=True, text=True)


@pytest.mark.parametrize("words", [("catalog",), ("models", "list"), ("data", "list")])
def test_a_list_needs_no_package_of_the_research_wing(words: tuple[str, ...]) -> None:
    done = without_research(*words, "--json")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    names = listed["keys"] if words == ("catalog",) else [row["name"] for row in listed]
    assert len(names) > 10
    assert len(set(names)) == len(names)


def test_what_computes_says_what_it_lacks() -> None:
    done = without_research("bench", "cards", "--check")
    assert done.returncode == 4
    assert "pip install 'unmask[train]'" in done.stderr
