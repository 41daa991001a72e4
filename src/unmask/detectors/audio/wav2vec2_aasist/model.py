"""The network: a speech encoder that is fine-tuned, and AASIST's graphs on its last layer.

Tak, Todisco, Wang, Jung, Yamagishi and Evans 2022, "Automatic speaker verification spoofing and
deepfake detection using wav2vec 2.0 and data augmentation", section 3.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from unmask.nn.stacked_graphs import SpeechReadout


class SpeechAasist(SpeechReadout):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card.

    ``front``: a wav2vec 2.0 or WavLM of transformers. Sound goes in as it is; like the authors'
    program, and unlike the encoder's own preparation, it is not brought to unit variance. ``depth``
    and ``branches``: as ``SpeechReadout``.
    """

    def __init__(self, front: Any, depth: int = 6, branches: int = 2) -> None:
        super().__init__(int(front.config.hidden_size), depth, branches)
        self.front = front

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """The encoder's last layer, after its final norm, through the graphs."""
        return self.read(self.front(sound).last_hidden_state)
