"""What a scan with some settings would run, and whether a calibration was made with the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from unmask import registry
from unmask.analyzers.joined import guests
from unmask.cards.card import Card, read_card
from unmask.decision.calibration import Calibration, read_calibration
from unmask.decision.certificate import Birth
from unmask.decision.rule import PATH
from unmask.encoders.known import encoder
from unmask.errors import DataError, SettingError
from unmask.settings import Settings
from unmask.voices.speech import CARD

_RULE = "the decision rule"


def birth_of(settings: Settings) -> Birth:
    """What shapes the scores of a scan. Raises UnknownName, ModelError.

    Analyzers that compare with what the user gives have no part in it; those that state facts
    have, because what they read tells whether a file is like others.
    """
    if settings.detector:
        raise SettingError("--detector runs a detector alone; to calibrate it, join it: --with.")
    chosen = settings.analyzers or registry.analyzers()
    kinds = [registry.analyzer(name) for name in sorted(set(chosen))]
    running = [kind for kind in kinds if not kind.needs]
    joined = [guest.card for guest in guests(settings)[0]]
    cards = [_card(name) for kind in running for name in kind.detectors] + joined
    if any(kind.wants_sound for kind in running):
        cards.append(read_card(CARD))
    models = {card.name: card.file().sha256 for card in sorted(cards, key=lambda c: c.name)}
    return Birth(
        fps=settings.fps,
        analyzers=[kind.name for kind in running],
        joined=sorted(card.name for card in joined),
        models=models | _encoders(cards) | {_RULE: hashlib.sha256(PATH.read_bytes()).hexdigest()},
    )


def _encoders(cards: Iterable[Card]) -> dict[str, str]:
    """The encoders that these detectors stand on, as far as this user has them."""
    known = [encoder(str(c.parameters["encoder"])) for c in cards if "encoder" in c.parameters]
    return {f"the encoder {one.name}": one.sha256 for one in known if one.here}


def _card(name: str) -> Card:
    return read_card(registry.weighted_card(name))


def calibration_for(settings: Settings) -> Calibration | None:
    """The calibration that a scan is to use; ``None`` when the settings name none.

    Raises DataError when it is missing, damaged or made with something else than this scan runs,
    SettingError when it cannot vouch for the rate, MissingExtra.
    """
    if not settings.calibration:
        return None
    try:
        changed = Path(settings.calibration).stat().st_mtime_ns
    except OSError:
        changed = 0
    return _fitting(settings, changed)


@lru_cache(maxsize=4)
def _fitting(settings: Settings, changed: int) -> Calibration:
    """Once a process for each choice of settings and version of the file."""
    del changed
    found = read_calibration(Path(settings.calibration))
    if differs := found.certificate.birth.differs(birth_of(settings)):
        raise DataError(
            f"The calibration {settings.calibration} does not fit this scan: it was made with "
            f"{differs}. Scan with the same, or calibrate again."
        )
    found.check_rate(settings.fpr)
    return found
