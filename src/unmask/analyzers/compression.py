"""How a file was saved: the settings of its last saving, traces of earlier ones, and a part that
was saved differently from the rest."""

from __future__ import annotations

from unmask.analyzers.base import Analyzer, Result
from unmask.types import Kind


class CompressionAnalyzer(Analyzer):
    """States what saving has left in a file. Nothing here is a score."""

    name = "compression"
    title = "Saving: how often, how hard, and whether a part differs"
    kinds = frozenset({Kind.IMAGE})
    votes = False

    def finish(self) -> Result:
        """Read the file and say what its saving tells."""
        from unmask.compression.of_picture import stated

        return stated(self.media)
