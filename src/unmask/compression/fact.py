"""A fact about how a file was saved, as the report takes it."""

from __future__ import annotations

from collections.abc import Mapping

from unmask.types import Claim, Finding, Label, Where

NAME = "compression"


def fact(
    subject: str,
    reason: str,
    details: Mapping[str, object],
    where: Where | None = None,
    bearing: Label | None = None,
    sign: str = "",
) -> Finding:
    """One fact; ``bearing`` and ``sign`` as in ``Finding``."""
    return Finding(
        analyzer=NAME,
        claim=Claim.COMPRESSION,
        reason=reason,
        where=where or Where(),
        kind="fact",
        subject=subject,
        bearing=bearing,
        sign=sign,
        details=dict(details),
    )
