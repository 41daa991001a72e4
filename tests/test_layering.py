"""The inference wing never reaches torch or the research wing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import unmask

ROOT = Path(unmask.__file__).parent
HEAVY = {
    "torch", "torchvision", "timm", "lightning", "onnx", "onnxscript", "sklearn", "scipy", "cv2",
    "pandas", "transformers",
}  # fmt: skip
OPTIONAL = {"pyarrow", "weasyprint", "ray", "fsspec"}
RESEARCH_FOLDERS = (
    "adding", "nn", "train", "strategies", "attacks", "explain", "protect", "bench", "metrics",
    "forge", "datasets",
)  # fmt: skip
RESEARCH_VERBS = {
    "train", "bench", "bench_protocol", "bench_faces", "bench_run", "bench_whole", "forge", "data",
    "bench_answers", "data_comply", "catalog",
    "models_add", "models_export", "models_sets", "explain", "protect",
}  # fmt: skip


RESEARCH_FILES = {"catalog.py"}
"""It lists both wings; tests/cli/test_lists.py says that it needs no package of research."""


def is_research(path: Path) -> bool:
    room, *rest = path.relative_to(ROOT).parts
    if room in RESEARCH_FILES:
        return True
    if room == "detectors" and len(rest) >= 3:
        return path.name != "__init__.py"
    return room in RESEARCH_FOLDERS or (room == "cli" and path.stem in RESEARCH_VERBS)


def reaches_research(name: str) -> bool:
    # A verb may name another verb's file: what that imports is seen in its own right.
    rooms = {*RESEARCH_FOLDERS, *(Path(file).stem for file in RESEARCH_FILES)}
    return any(name.split(".")[:2] == ["unmask", room] for room in rooms)


def imports(tree: ast.AST, nested: bool) -> set[str]:
    """Names of imported modules; without ``nested`` only those run when the module is imported."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute in this house"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        elif nested or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= imports(node, nested)
    return found


INFERENCE = [path for path in sorted(ROOT.rglob("*.py")) if not is_research(path)]


@pytest.mark.parametrize("path", INFERENCE, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_inference_wing_reaches_neither_torch_nor_research(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    everywhere = imports(tree, nested=True)
    assert not {name for name in everywhere if name.split(".")[0] in HEAVY}
    assert not {name for name in everywhere if reaches_research(name)}
    at_import = imports(tree, nested=False)
    assert not {name for name in at_import if name.split(".")[0] in OPTIONAL}


DECISION = {"_toml", "cards", "decision", "errors", "types"}
"""What the room of the decision may import of the rest."""


def of_ours(names: set[str], rooms: set[str]) -> set[str]:
    """Imports from this package that lie in none of ``rooms``."""
    ours = {name.removeprefix("unmask.") for name in names if name.startswith("unmask.")}
    return {n for n in ours if not any(n == room or n.startswith(f"{room}.") for room in rooms)}


@pytest.mark.parametrize("path", sorted((ROOT / "decision").glob("*.py")), ids=lambda p: p.stem)
def test_the_decision_knows_findings_and_cards_and_no_analyzer(path: Path) -> None:
    assert not is_research(path)
    names = imports(ast.parse(path.read_text(encoding="utf-8")), nested=True)
    assert not of_ours(names, DECISION)


def test_the_decision_may_not_look_into_a_file() -> None:
    names = imports(ast.parse("from unmask.media import probe\nimport unmask.types\n"), nested=True)
    assert of_ours(names, DECISION) == {"media", "media.probe"}


def test_the_rule_sees_a_breach() -> None:
    tree = ast.parse("def f():\n    import torch.nn\n")
    assert "torch.nn" in imports(tree, nested=True)
    assert "torch.nn" not in imports(tree, nested=False)


def test_research_modules_exist_where_the_rule_looks() -> None:
    research = {p.relative_to(ROOT).parts[0] for p in ROOT.rglob("*.py") if is_research(p)}
    assert {"adding", "train", "bench", "forge", "detectors", "cli"} <= research
    for path in ("adding/converting.py", "bench/whole/fitting.py", "cli/bench_whole.py"):
        assert is_research(ROOT / path)
    for path in ("decision/fusion.py", "calibrate/fitting.py", "cli/calibrate.py"):
        assert not is_research(ROOT / path)
    for verb in RESEARCH_VERBS:
        assert (ROOT / "cli" / f"{verb}.py").exists()


def test_scanning_loads_no_research_package() -> None:
    code = (
        "import sys, unmask.scanning, unmask.batch, unmask.report.html, unmask.cli.scan\n"
        "from unmask import registry\n"
        "registry.analyzers()\n"
        f"print(sorted({HEAVY | OPTIONAL!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_unmask_imports_nothing_heavy() -> None:
    heavy = {"numpy", "onnxruntime", "av", "PIL"}
    code = f"import sys, unmask; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
