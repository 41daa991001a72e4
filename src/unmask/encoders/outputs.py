"""One more output for an ONNX file: the first token after each block, in one row.

An ONNX file is one protocol buffer, and of two that stand one behind the other a reader makes one
(Protocol Buffers, "Encoding", *Last One Wins*: embedded messages are merged, lists go on). So an
output is added by writing a few bytes behind the file, without a library that knows the format.
"""

from __future__ import annotations

from collections.abc import Sequence

from unmask._protobuf import field

_GRAPH, _NODE, _OUTPUT = 7, 1, 12
_FLOAT, _INT = 1, 2


def with_blocks(blocks: Sequence[str], first: str, name: str = "blocks") -> bytes:
    """What to write behind an ONNX file so that it gives ``name`` as well.

    ``blocks``: names of values of shape batch × tokens × width. ``first``: name of a value that is
    the integer 0. The output is batch × (blocks · width).
    """
    rows = [f"{name}_{number}" for number in range(len(blocks))]
    graph = b"".join(
        field(_NODE, _node("Gather", (block, first), row))
        for block, row in zip(blocks, rows, strict=True)
    )
    graph += field(_NODE, _node("Concat", rows, name))
    typed = field(1, field(1, _FLOAT))  # a tensor of float32, its shape left to the reader
    graph += field(_OUTPUT, field(1, name) + field(2, typed))
    return field(_GRAPH, graph)


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    axis = field(1, "axis") + field(3, 1) + field(20, _INT)
    taken = b"".join(field(1, one) for one in inputs)
    return taken + field(2, output) + field(4, kind) + field(5, axis)
