"""The command line: one file a verb.

Modules are imported when their verb runs, so that ``unmask --help`` stays quick.
"""

from __future__ import annotations

from unmask.cli.app import main

__all__ = ["main"]
