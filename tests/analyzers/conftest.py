"""Lets the tests of this folder import the samples of the face tests by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "faces"))
