"""The faces and voices that comparing people is measured on, as vectors.

Faces: the London set (two photos a person), Labeled Faces in the Wild as its authors publish it (a
folder a person), UTKFace (strangers only). Voices: the real recordings of known speakers.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from unmask.bench.identity.pairs import Item
from unmask.errors import DataError, MediaError
from unmask.faces.detect import detect
from unmask.faces.embed import FaceEmbedder
from unmask.forge.launder import apply as launder_picture
from unmask.forge.launder_sound import apply as launder_sound
from unmask.media import read_image
from unmask.types import Face, Pixels, Tensor
from unmask.voices.embed import VoiceEmbedder

FACE_CONDITIONS = ("clean", "jpeg:50", "small:64", "blur:2")
VOICE_CONDITIONS = ("clean", "mp3:32", "opus:16", "noise:10dB", "telephone")
RATE = 16000
_AGES = ((18, "0-17"), (30, "18-29"), (45, "30-44"), (60, "45-59"), (200, "60+"))
_VCTK = re.compile(r"^(?:English_VCTK:p|vctk_p?)(\d{3})[FM]?$")
_NAMED = re.compile(r"^(libri_\d+|mlspt_\d+|cv_\w+-\w+-\d+|Chinese_\w+:\w+)$")


def age_band(years: str) -> str:
    """The band of an age in years; empty where it is unknown."""
    if not years.replace(".", "", 1).isdigit():
        return ""
    return next(band for limit, band in _AGES if float(years) < limit)


def main_face(pixels: Pixels) -> Face | None:
    """The face nearest to the middle of a picture."""
    middle = np.array([pixels.shape[1] / 2, pixels.shape[0] / 2])

    def away(face: Face) -> float:
        box = face.box
        return float(np.hypot(*(middle - (box.x + box.width / 2, box.y + box.height / 2))))

    return min(detect(pixels), key=away, default=None)


def laundered(pixels: Pixels, condition: str, face: Face) -> Pixels:
    """A picture under a condition; ``small:64`` scales it until its face is 64 pixels high."""
    kind, _, amount = condition.partition(":")
    if kind != "small":
        return launder_picture(condition, pixels)
    factor = min(1.0, float(amount) / face.box.height)
    height, width = pixels.shape[:2]
    size = (max(16, round(width * factor)), max(16, round(height * factor)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture or recording of one person and what is known of the person."""

    path: Path
    item: Item


def rows_of(data: Path) -> list[dict[str, Any]]:
    """Rows of ``manifest.jsonl``. Raises DataError when there is none."""
    path = data / "manifest.jsonl"
    if not path.is_file():
        raise DataError(f"There is no {path}. Give the folder that holds manifest.jsonl as --data.")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def london(data: Path, people: Path | None = None) -> list[Sample]:
    """Both photos of each person of the London set; ``people``: its table of traits (CSV)."""
    traits: dict[str, tuple[str, str, str]] = {}
    if people is not None:
        with people.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                number = f"frll:{int(row['face_id']):03d}"
                known = (row["face_gender"], age_band(row["face_age"]), row["face_eth"])
                traits[number] = known
    found = []
    for row in rows_of(data):
        if "images/london/" in row["path"]:
            who = row["group"]
            item = Item(row["path"], who, "London", traits=traits.get(who, ("", "", "")))
            found.append(Sample(data / row["path"], item))
    return sorted(found, key=lambda photo: (photo.item.identity, photo.item.item_id))


def utkface(data: Path) -> list[Sample]:
    """UTKFace: one photo a person, with traits."""
    found = []
    for row in rows_of(data):
        if "images/utkface/" in row["path"]:
            traits = (row["gender"], age_band(str(row["age"])), row["ethnicity"])
            item = Item(row["path"], row["group"], "UTKFace", traits=traits)
            found.append(Sample(data / row["path"], item))
    return found


def lfw(folder: Path, people: int = 500, photos: int = 2) -> list[Sample]:
    """``photos`` of each of ``people`` of Labeled Faces in the Wild that have so many.

    ``folder`` holds a folder a person. Raises DataError when it does not.
    """
    folders = [one for one in sorted(folder.iterdir()) if one.is_dir()] if folder.is_dir() else []
    many = [(one.name, sorted(one.glob("*.jpg"))) for one in folders]
    many = [(name, files) for name, files in many if len(files) >= photos]
    if not many:
        raise DataError(f"{folder} holds no folder with {photos} photos of a person. Give LFW's.")
    order = np.random.default_rng(0).permutation(len(many))[:people]
    return [
        Sample(path, Item(path.stem, f"lfw:{many[i][0]}", "LFW"))
        for i in sorted(order)
        for path in many[i][1][:photos]
    ]


def face_vectors(
    photos: Sequence[Sample], conditions: Sequence[str], embedder: FaceEmbedder
) -> Iterator[tuple[Item, Tensor]]:
    """Vectors of the main face of each photo; a person's first is taken as it is only.

    The face is searched again in the changed picture; where none is found, there is no vector.
    """
    known: set[str] = set()
    for photo in photos:
        pixels = read_image(photo.path)
        face = main_face(pixels)
        if face is None:
            continue
        first = photo.item.identity not in known
        known.add(photo.item.identity)
        for condition in conditions[:1] if first else conditions:
            changed = laundered(pixels, condition, face)
            again = face if condition == "clean" else main_face(changed)
            if again is not None:
                yield replace(photo.item, condition=condition), embedder.embed(changed, again)


def speaker(subject: str) -> str:
    """The name of a speaker, one for all spellings; empty when it names nobody for certain."""
    if match := _VCTK.match(subject):
        return f"vctk_{match.group(1)}"
    if subject in ("LJ", "lj", "English_LJSpeech:LJspeaker"):
        return "LJ"
    return subject if _NAMED.match(subject) else ""


def voices(data: Path, people: Path | None = None) -> list[Sample]:
    """Real recordings of known speakers; ``people``: the table of VCTK's speakers."""
    genders: dict[str, str] = {}
    if people is not None:
        for line in people.read_text(encoding="utf-8").splitlines()[1:]:
            number, _, gender = line.split()[:3]
            genders[f"vctk_{number}"] = {"F": "female", "M": "male"}[gender]
    found = []
    for row in rows_of(data):
        who = speaker(row.get("subject") or "")
        # Copies of utterances that are here anyway are left out.
        if row["kind"] != "audio" or row["label"] != "real" or not who:
            continue
        if row["source"].startswith("local/"):
            continue
        corpus = re.split(r"[_:]", who)[0]
        gender = genders.get(who) or next(
            (word for word in ("female", "male") if f"_{word}-" in who), ""
        )
        item = Item(row["path"], who, corpus, content=row["group"], traits=(gender, "", ""))
        found.append(Sample(data / row["path"], item))
    return found


def voice_vectors(
    recordings: Sequence[Sample], conditions: Sequence[str], embedder: VoiceEmbedder
) -> Iterator[tuple[Item, Tensor]]:
    """Vectors of recordings under each condition; those with hardly any speech are left out."""
    for recording in recordings:
        samples, rate = soundfile.read(recording.path, dtype="float32")
        if rate != RATE:
            raise DataError(f"{recording.path} has {rate} samples a second; {RATE} are needed.")
        for condition in conditions:
            try:
                vector = embedder.embed(launder_sound(condition, samples, RATE))
            except MediaError:
                continue
            yield replace(recording.item, condition=condition), vector
