"""Which labels of a network mean forged."""

from __future__ import annotations

import re
from collections.abc import Sequence

from unmask.errors import SettingError, UnknownName

_FORGED_WORDS = """
ai aigc aigenerated altered artificial cloned deepfake deepfakes diffusion edited fake faked forged
forgery gan generated manipulated spoof spoofed spoofing swapped synthesised synthesized synthetic
tampered tts
"""
_REAL_WORDS = """
authentic bona bonafide genuine hum human live natural nature original pristine real realism
untouched
"""
FORGED = frozenset(_FORGED_WORDS.split())
REAL = frozenset(_REAL_WORDS.split())
_NOT = frozenset(("not", "non", "no", "un"))


def forged_labels(labels: Sequence[str], named: Sequence[str] = ()) -> list[int]:
    """Places of the labels that mean forged: those ``named``, or those that say so themselves.

    A network with a single label has one output; its high values mean what the label says, so that
    the list is empty when that means real. Raises UnknownName for a name that is no label, and
    SettingError when names do not tell, or all or none of several labels mean forged.
    """
    if named:
        small = [label.lower() for label in labels]
        for name in named:
            if name.lower() not in small:
                raise UnknownName("label of this network", name, labels)
        chosen = {name.lower() for name in named}
        found = [place for place, label in enumerate(small) if label in chosen]
    else:
        meanings = [_meaning(label) for label in labels]
        if None in meanings:
            raise _unclear(labels)
        found = [place for place, forged in enumerate(meanings) if forged]
    if len(labels) > 1 and len(found) in (0, len(labels)):
        raise _unclear(labels)
    return found


def _unclear(labels: Sequence[str]) -> SettingError:
    listed = ", ".join(repr(label) for label in labels[:40])
    return SettingError(
        f"The names of the labels do not tell which mean forged, and which do not: {listed}. "
        "Say it with --forged LABEL (may be repeated)."
    )


def _meaning(label: str) -> bool | None:
    """Whether a label means forged; None when its name does not tell."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = set(re.split(r"[^a-z0-9]+", spaced.lower()))
    forged, real = bool(words & FORGED), bool(words & REAL)
    if forged == real:
        return None
    return forged != bool(words & _NOT)
