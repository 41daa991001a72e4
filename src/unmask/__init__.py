"""unmask: is it forged, where, how sure, and why. On your own machine.

Public names are imported when first used, so that ``import unmask`` costs nothing::

    report = unmask.scan("photo.jpg")
    print(report.verdict.label, report.verdict.reason)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "load", "scan"]

if TYPE_CHECKING:
    from unmask.identity.comparing import compare
    from unmask.runtime.model import load_model as load
    from unmask.scanning import scan


def __getattr__(name: str) -> Any:
    if name == "scan":
        from unmask.scanning import scan

        return scan
    if name == "compare":
        from unmask.identity.comparing import compare

        return compare
    if name == "load":
        from unmask.runtime.model import load_model

        return load_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
