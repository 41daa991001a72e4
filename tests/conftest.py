"""What all tests share."""

from __future__ import annotations

import os

# Tests run many small models; more threads than cores make them many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
