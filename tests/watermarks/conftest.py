"""Lets the tests of this folder, and others, import the small encoder by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
