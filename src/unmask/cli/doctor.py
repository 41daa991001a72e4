"""``unmask doctor``: what is installed, what is missing, and the command that adds it."""

from __future__ import annotations

import importlib.util
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from unmask.cli.console import emit

EXTRAS: dict[str, tuple[tuple[str, str], ...]] = {
    "parquet": (("pyarrow", "tables of results (--parquet)"),),
    "pdf": (("weasyprint", "the report as PDF (--pdf)"),),
    "provenance": (("c2pa", "checking signed manifests (C2PA)"),),
    "identity": (("face_recognition_models", "comparing faces (unmask compare)"),),
    "ray": (
        ("ray", "a scan over many machines (--engine ray)"),
        ("s3fs", "files in object stores (s3://)"),
    ),
    "serve": (("fastapi", "the service and its page (unmask serve)"),),
    "postgres": (("psycopg", "a service on PostgreSQL (--database)"),),
    "perth": (("perth", "reading the inaudible mark of Chatterbox voices"),),
    "train": (
        ("torch", "training"),
        ("torchvision", "training"),
        ("timm", "training"),
        ("lightning", "training"),
        ("onnxscript", "export"),
        ("transformers", "adding models of others"),
        ("sklearn", "metrics"),
        ("scipy", "metrics"),
        ("cv2", "making fakes"),
    ),
}


def doctor(json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Say what is installed, which models load, and what is missing with the command that adds it.

    Exit code 0 when scanning works, else 4.
    """
    found = examine()
    lines = [f"unmask {found['unmask']} on Python {found['python']}, {found['system']}"]
    lines += [f"  {name} {number}" for name, number in found["packages"].items()]
    lines.append("providers: " + ", ".join(found["providers"]))
    for model in found["models"]:
        state = "loads" if model["ok"] else f"does not load: {model['error']}"
        lines.append(f"model {model['name']} {model['version']}: {state}")
    for one in found["encoders"]:
        state = "here" if one["ok"] else f"{one['error']} The small models judge alone."
        lines.append(f"encoder {one['name']}: {state}")
    lines.append("reads: " + ", ".join(found["formats"]))
    lines += [
        f"missing {part['package']} ({part['for']}): {part['command']}" for part in found["missing"]
    ]
    lines.append("Scanning works." if found["ok"] else "Scanning does not work.")
    emit(found, as_json=json, text="\n".join(lines))
    if not found["ok"]:
        raise typer.Exit(4)


def examine() -> dict[str, Any]:
    """The facts behind ``unmask doctor``."""
    from unmask import __version__, registry
    from unmask.cards.card import read_card
    from unmask.errors import UnmaskError
    from unmask.runtime.model import load_model
    from unmask.runtime.session import runtime
    from unmask.scanning import versions

    models = []
    for name in registry.shipped():
        try:
            load_model(name)
            number, problem = read_card(registry.detector_card(name)).version, ""
        except UnmaskError as error:
            number, problem = "", str(error)
        models.append({"name": name, "version": number, "ok": not problem, "error": problem})
    missing = [
        {"package": package, "for": purpose, "command": f"pip install 'unmask[{extra}]'"}
        for extra, packages in EXTRAS.items()
        for package, purpose in packages
        if importlib.util.find_spec(package) is None
    ]
    return {
        "unmask": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {
            name: number for name, number in versions().items() if name not in ("unmask", "python")
        },
        "extras": {
            package: _installed(package)
            for packages in EXTRAS.values()
            for package, _ in packages
            if importlib.util.find_spec(package) is not None
        },
        "providers": runtime().get_available_providers(),
        "models": models,
        "encoders": _encoders(),
        "analyzers": list(registry.analyzers()),
        "formats": _formats(),
        "missing": missing,
        "ok": bool(models) and all(model["ok"] for model in models),
    }


def _encoders() -> list[dict[str, Any]]:
    from unmask.encoders.known import encoders
    from unmask.errors import ModelError
    from unmask.runtime.encoder import load_encoder

    found = []
    for name in encoders():
        try:
            load_encoder(name)
            problem = ""
        except ModelError as error:
            problem = str(error)
        found.append({"name": name, "ok": not problem, "error": problem})
    return found


def _installed(package: str) -> str:
    names = {
        "sklearn": "scikit-learn",
        "cv2": "opencv-python-headless",
        "face_recognition_models": "face-recognition-models",
        "perth": "resemble-perth",
    }
    try:
        return version(names.get(package, package))
    except PackageNotFoundError:
        return "version unknown"


def _formats() -> list[str]:
    from PIL import features

    images = ["JPEG", "PNG", "GIF", "TIFF", "BMP"]
    images += [name for name in ("webp", "avif") if features.check(name)]
    if importlib.util.find_spec("pi_heif"):
        images.append("HEIC")
    import av

    number = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return [*(name.upper() for name in images), f"video and sound through libavcodec {number}"]
