from __future__ import annotations

from unmask.train.names import new_start, rewritten


def test_the_first_beginning_that_a_name_has_is_exchanged() -> None:
    starts = {"a.b.": "x.", "a.": "y."}
    assert [new_start(n, starts) for n in ("a.b.c", "a.c", "c.a.")] == ["x.c", "y.c", "c.a."]


def test_rules_are_applied_in_turn() -> None:
    assert rewritten("net.3.w", [(r"^net\.(\d)", r"layer.\1"), (r"layer", "block")]) == "block.3.w"
