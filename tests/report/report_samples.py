"""Hand-made reports that the tests of JSON, page, PDF, terminal and browser share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from skimage.data import astronaut

from unmask.cards.card import Card
from unmask.types import (
    Absent,
    Box,
    Claim,
    Finding,
    Kind,
    Label,
    Mask,
    MediaInfo,
    Node,
    NotChecked,
    Report,
    Series,
    Snapshot,
    Span,
    Verdict,
    Vote,
    Where,
)

HOSTILE = "<script>alert(1)</script>\"'&\u202egpj.exe\n\x1b[31m\udcff" + "x" * 400 + "{{7*7}}.jpg"


def card(name: str, claim: Claim) -> Card:
    return Card.model_validate(
        {
            "name": name,
            "title": name.replace("-", " ").capitalize(),
            "modality": "image",
            "summary": "A card for tests.",
            "version": "1.0.0",
            "code_licence": "Apache-2.0",
            "weights": {
                "file": "weights.onnx",
                "sha256": "ab" * 32,
                "bytes": 1000,
                "precision": "fp16",
                "licence": "Apache-2.0",
            },
            "inputs": [{"name": "x", "shape": ["n", 3], "layout": "NCHW", "preparation": "crop"}],
            "outputs": [{"name": "score", "shape": ["n"], "meaning": "logit, 1 = forged"}],
            "sources": [{"title": "Own work", "authors": "The authors", "year": 2026}],
            "training": {
                "recipe": "recipe.toml",
                "seed": 1,
                "wall_seconds": 10,
                "machine": "2 cores",
                "samples": 100,
                "data": ["a"],
                "fakes": ["b"],
                "date": "2026-11-22",
            },
            "operating": [
                {
                    "output": "score",
                    "claim": claim.value,
                    "slope": 1.2,
                    "offset": -0.5,
                    "clear": -1.0,
                    "miss": 0.05,
                    "thresholds": [{"fpr": 0.1, "score": 0.5}, {"fpr": 0.01, "score": 2.5}],
                    "fitted_on": "a held-out tenth of the training identities",
                    "laundering": "JPEG 50 to 95, resizing and blur, alike on both sides",
                    "date": "2026-11-22",
                    "reals": 1200,
                    "fakes": 1180,
                    "groups": 311,
                }
            ],
            "limits": [
                "Faces under 40 pixels are not judged.",
                "Pictures made as a whole by a diffusion model were not in the training data.",
            ],
        }
    )


CARDS = {
    "face-blend": card("face-blend", Claim.FACE_MANIPULATED),
    "voice-spoof": card("voice-spoof", Claim.VOICE_SYNTHETIC),
}
FACE = Box(168, 64, 116, 140)
VERSIONS = {"unmask": "0.1.0", "onnxruntime": "1.27.0"}
SETTINGS = {"fpr": 0.01, "prior": 0.5, "analyzers": ["face", "picture", "voice"], "limit": None}


def blob(rows: int = 14, columns: int = 14, x: float = 0.35, y: float = 0.3) -> np.ndarray:
    """A soft spot with its middle at (x, y) of the unit square."""
    across, down = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    distance = (across - x) ** 2 / 0.05 + (down - y) ** 2 / 0.07
    return np.exp(-distance).astype(np.float32)


def media(kind: Kind, path: str = "press/astronaut.jpg", **more: object) -> MediaInfo:
    values: dict[str, object] = {
        "path": path,
        "kind": kind,
        "container": {"image": "JPEG", "video": "MP4", "audio": "WAV"}[kind.value],
        "bytes": 791_555,
        "sha256": "0123456789abcdef" * 4,
    }
    return MediaInfo(**{**values, **more})  # type: ignore[arg-type]


def whole_picture() -> Snapshot:
    return Snapshot(astronaut(), Box(0, 0, 512, 512), caption="The whole picture")


def score_finding(
    claim: Claim = Claim.FACE_MANIPULATED,
    llr: float = 3.5,
    vote: Vote = Vote.FORGED,
    **more: object,
) -> Finding:
    values: dict[str, object] = {
        "analyzer": "face",
        "claim": claim,
        "reason": "The edge of the face does not fit its surroundings.",
        "detector": "face-blend",
        "score": llr * 0.8,
        "llr": llr,
        "vote": vote,
    }
    return Finding(**{**values, **more})  # type: ignore[arg-type]


def report(
    info: MediaInfo,
    verdict: Verdict,
    findings: tuple[Finding, ...] = (),
    not_checked: tuple[NotChecked, ...] = (),
    detectors: tuple[str, ...] = ("face-blend",),
) -> Report:
    return Report(
        media=info,
        verdict=verdict,
        findings=findings,
        not_checked=not_checked,
        detectors=detectors,
        seconds=1.84,
        settings=SETTINGS,
        versions=VERSIONS,
        created="2026-11-22T14:30:05+00:00",
    )


def two_faces() -> Report:
    """A picture with one manipulated and one clear face; the picture check is not done."""
    first = score_finding(
        subject="face 1",
        where=Where(boxes=(FACE,), masks=(Mask(blob(), FACE, 0.5),)),
        snapshots=(whole_picture(),),
        details={"quality": 0.91, "pixels": [116, 140], "bad": float("nan")},
    )
    second = score_finding(
        llr=-2.8,
        vote=Vote.CLEAR,
        subject="face 2",
        reason="Nothing in this face differs from a camera's picture.",
        where=Where(boxes=(Box(392, 150, 60, 74),)),
    )
    skipped = (
        NotChecked("face", "face 3", "It is 22 pixels wide; at least 40 are needed."),
        NotChecked("voice", "Sound", "The file holds none."),
    )
    verdict = Verdict(
        Label.MANIPULATED,
        3.5,
        0.9707,
        0.01,
        0.5,
        "Face 1 scores above the threshold of the face detector; no other check contradicts it.",
    )
    return report(media(Kind.IMAGE, width=512, height=512), verdict, (first, second), skipped)


def video() -> Report:
    """A video whose face is forged from second 4 to 9, with gaps where no face is seen."""
    pixels = astronaut()
    times = tuple(np.round(np.arange(0, 16, 0.25), 2).tolist())
    values = tuple(
        float("nan") if 11 <= t < 12 else 0.08 + 0.85 * float(np.exp(-(((t - 6.5) / 2) ** 4)))
        for t in times
    )
    shots = tuple(Snapshot(pixels, Box(0, 0, 512, 512), t, "Face 1") for t in (1.0, 5.0, 6.5, 8.25))
    masks = tuple(Mask(blob(x=0.5, y=0.7), FACE, 0.5, t) for t in (5.0, 6.5, 8.25))
    face = score_finding(
        subject="face 1",
        where=Where(boxes=(FACE,), spans=(Span(4.25, 8.75),), masks=masks),
        series=(Series("each frame", times, values),),
        snapshots=shots,
    )
    voice = score_finding(
        Claim.VOICE_SYNTHETIC,
        -1.2,
        Vote.UNDECIDED,
        analyzer="voice",
        detector="voice-spoof",
        reason="The voice scores between the two thresholds.",
        where=Where(spans=(Span(0.0, 2.5), Span(10.0, 15.5))),
        series=(Series("4-second windows", (0.0, 4.0, 8.0, 12.0), (0.3, 0.2, 0.25, 0.4)),),
    )
    info = media(
        Kind.VIDEO,
        "clip.mp4",
        width=512,
        height=512,
        seconds=16.0,
        frame_rate=25.0,
        frames=400,
        video_codec="h264",
        audio_codec="aac",
        sample_rate=44100,
        channels=2,
        notes=("The picture is rotated by 90° in the file and was turned upright.",),
    )
    verdict = Verdict(Label.MANIPULATED, 5.2, 0.9945, 0.01, 0.5, "Face 1 is forged for 4.5 s.")
    return report(info, verdict, (voice, face), (), ("face-blend", "voice-spoof"))


def audio() -> Report:
    """A recording with two synthetic stretches."""
    rng = np.random.default_rng(3)
    times = np.arange(0, 3700, 0.5)
    values = np.clip(rng.normal(0.15, 0.05, times.size), 0, 1)
    values[2000:2400] = 0.95
    finding = score_finding(
        Claim.VOICE_SYNTHETIC,
        4.1,
        analyzer="voice",
        detector="voice-spoof",
        reason="Two stretches have the even pitch of a vocoder.",
        where=Where(spans=(Span(1000.0, 1200.0), Span(3000.0, 3000.4))),
        series=(Series("", tuple(times.tolist()), tuple(values.tolist())),),
    )
    info = media(
        Kind.AUDIO, "call.wav", seconds=3700.0, audio_codec="pcm", sample_rate=16000, channels=1
    )
    verdict = Verdict(Label.SYNTHETIC, 4.1, 0.9837, 0.005, 0.5, "The voice is synthetic.")
    return report(info, verdict, (finding,), (), ("voice-spoof",))


def inconclusive() -> Report:
    """Nothing could be judged."""
    verdict = Verdict(Label.INCONCLUSIVE, None, None, 0.01, 0.5, "No face is large enough.")
    skipped = (NotChecked("face", "Faces", "The largest is 18 pixels wide."),)
    info = media(Kind.IMAGE, "thumb.png", width=96, height=64, container="PNG")
    return report(info, verdict, (), skipped, ())


def authentic() -> Report:
    """A clean picture: a clear face and no gap."""
    finding = score_finding(
        llr=-3.1, vote=Vote.CLEAR, subject="face 1", where=Where(boxes=(FACE,), spans=())
    )
    verdict = Verdict(Label.NO_SIGN, -3.1, 0.043, 0.01, 0.5, "No check found a trace.")
    return report(media(Kind.IMAGE, width=512, height=512), verdict, (finding,))


def facts() -> Report:
    """A file that itself says that a machine made it."""
    finding = Finding(
        analyzer="metadata",
        claim=Claim.METADATA,
        reason="The file's metadata names an image generator.",
        kind="fact",
        bearing=Label.SYNTHETIC,
        tree=(Node("a.jpg", "signed", (Node("b.jpg", "<taken from>"), Node("c.png"))),),
        details={"field": "parameters", "text": "Steps: 20, Sampler: Euler a"},
    )
    verdict = Verdict(Label.SYNTHETIC, None, None, 0.01, 0.5, "The file says so itself.")
    base = report(media(Kind.IMAGE, width=512, height=512), verdict, (finding,), (), ())
    return replace(base, absent=(Absent("provenance", "a signed manifest (C2PA)"),))


def many(count: int = 50) -> Report:
    """A crowd."""
    findings = tuple(
        score_finding(
            llr=4 - i * 0.15,
            vote=(Vote.FORGED, Vote.UNDECIDED, Vote.CLEAR)[min(2, i // 15)],
            subject=f"face {i + 1}",
            where=Where(boxes=(Box(10 + (i % 10) * 50, 10 + (i // 10) * 100, 40, 60),)),
        )
        for i in range(count)
    )
    verdict = Verdict(Label.MANIPULATED, 4.0, 0.982, 0.001, 0.5, "Many faces are forged.")
    return report(media(Kind.IMAGE, "crowd.webp", width=512, height=512), verdict, findings)


def hostile() -> Report:
    """Every string that comes from outside tries to break the page."""
    finding = score_finding(
        subject=HOSTILE,
        reason=HOSTILE,
        series=(Series(HOSTILE, (0.0, 1.0), (0.1, 0.9)),),
        where=Where(boxes=(FACE,), spans=(Span(0.0, 1.0),)),
        snapshots=(Snapshot(astronaut(), Box(0, 0, 512, 512), None, HOSTILE),),
        details={HOSTILE: HOSTILE, "nested": {"a": [float("inf"), HOSTILE]}},
    )
    info = media(Kind.IMAGE, HOSTILE, container=HOSTILE, width=512, height=512, notes=(HOSTILE,))
    verdict = Verdict(Label.MANIPULATED, 3.0, 0.95, 0.01, 0.5, HOSTILE)
    return report(info, verdict, (finding,), (NotChecked("face", HOSTILE, HOSTILE),))


ALL = {
    make.__name__: make
    for make in (two_faces, video, audio, inconclusive, authentic, facts, many, hostile)
}
