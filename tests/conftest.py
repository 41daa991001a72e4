"""What all tests share."""

from __future__ import annotations

import os
import tempfile

# Tests run many small models; more threads than cores make them many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What lies on the shelf of whoever runs the tests must not change their outcome.
_SHELF = tempfile.TemporaryDirectory(prefix="unmask-tests-")
os.environ["UNMASK_MODELS"] = _SHELF.name
