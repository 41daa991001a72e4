"""Streams without a container: recognised by their frames, from the first byte or after a cut."""

from __future__ import annotations

from collections.abc import Callable

MP3, ADTS, TS, AC3, EAC3, DTS, PS = "mp3", "aac", "ts", "ac3", "eac3", "dts", "ps"
H264, HEVC, MPEG_VIDEO, MPEG4_VIDEO = "h264", "hevc", "mpegvideo", "m4v"
_FRAMES = 4
"""Frames in a row, of one kind, that make a stream where it does not begin with one."""
_PACKETS = 5
_START = b"\0\0\1"


def kind(head: bytes) -> str | None:
    """The kind of stream that begins with these bytes."""
    if head[:2] == b"\x0bw" and len(head) > 5:
        return EAC3 if head[5] >> 3 > 10 else AC3
    if _transport_stream(head):
        return TS
    if head.startswith((_START, b"\0" + _START)):
        return _video(head[head.index(b"\1") + 1 :])
    for name, length in _LENGTHS.items():
        size = length(head)
        rest = head[size:]
        if 0 < size <= len(head) and (len(rest) < 4 or length(rest)):
            return name
    return None


def after_a_cut(head: bytes) -> str | None:
    """The kind of stream of which these bytes hold several whole frames after a broken one."""
    for step, before in ((188, 0), (192, 4)):
        for start in range(before, min(before + step, len(head))):
            marks = head[start::step]
            if len(marks) >= _PACKETS and set(marks) == {0x47}:
                return TS
    for start in range(len(head) - 4):
        if head[start] == 0xFF:
            for name in _LENGTHS:
                if _row(name, head, start):
                    return name
    return _marked(head)


def _marked(head: bytes) -> str | None:
    """Streams whose frames begin with a long mark: three frames that lead to each other."""
    for name, (mark, length) in _MARKED.items():
        start = head.find(mark)
        while start >= 0:
            at, frames = start, 0
            while head.startswith(mark, at) and (size := length(head[at : at + 16])):
                at, frames = at + size, frames + 1
            if frames > 2 or (frames == 2 and at >= len(head)):
                return name
            start = head.find(mark, start + 1)
    start = head.find(_START)
    while start >= 0:
        at, units = start, 0
        while head.startswith(_START, at) and (size := _program_unit(head[at : at + 14])):
            at, units = at + size, units + 1
        if units > 2:
            return PS
        start = head.find(_START, start + 1)
    return None


def _program_unit(head: bytes) -> int:
    """Length in bytes of the pack header or packet of an MPEG-PS that begins here, or 0."""
    if len(head) < 14 or head[3] < 0xBA:
        return 0
    if head[3] == 0xBA:
        return 14 + (head[13] & 7) if head[4] & 0xC0 == 0x40 else 12
    return 6 + int.from_bytes(head[4:6], "big")


def _row(name: str, head: bytes, start: int) -> bool:
    """Whether frames of one kind follow each other from ``start``."""
    fixed = head[start : start + 2]
    rate = head[start + 2] & 0x0C
    for _ in range(_FRAMES):
        part = head[start : start + 8]
        size = _LENGTHS[name](part)
        if not size or part[:2] != fixed or (name == MP3 and part[2] & 0x0C != rate):
            return False
        start += size
    return True


def _video(unit: bytes) -> str | None:
    """A raw video stream by its first unit: parameters, a delimiter or remarks."""
    if len(unit) < 2:
        return None
    if unit[0] == 0xB3:
        return MPEG_VIDEO
    if unit[0] in (0xB0, 0xB5) or unit[0] < 0x03:
        return MPEG4_VIDEO if unit[0] == 0xB0 else None
    if (unit[0] >> 1) & 63 in (32, 33, 35) and unit[0] & 0x81 == 0 and unit[1] == 1:
        return HEVC
    return H264 if unit[0] & 0x80 == 0 and unit[0] & 31 in (6, 7, 9) else None


def _transport_stream(head: bytes) -> bool:
    for start, step in ((0, 188), (4, 192)):
        marks = head[start : start + 8 * step : step]
        if len(marks) >= 3 and set(marks) == {0x47}:
            return True
    return False


_BITRATES = {  # kbit/s by (MPEG-1?, layer), ISO 11172-3 and 13818-3
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _mpeg_frame(head: bytes) -> int:
    """Length in bytes of the MPEG audio frame that begins here, or 0."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = (head[1] >> 3) & 3, 4 - ((head[1] >> 1) & 3)
    bitrate, rate, padding = head[2] >> 4, (head[2] >> 2) & 3, (head[2] >> 1) & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return 0
    hertz = (44_100, 48_000, 32_000)[rate] // {3: 1, 2: 2, 0: 4}[version]
    bits = _BITRATES[(version == 3, layer)][bitrate] * 1000
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    samples = 72 if layer == 3 and version != 3 else 144
    return samples * bits // hertz + padding


def _adts_frame(head: bytes) -> int:
    """Length in bytes of the ADTS frame that begins here, or 0."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or (head[2] >> 2) & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0


_LENGTHS: dict[str, Callable[[bytes], int]] = {MP3: _mpeg_frame, ADTS: _adts_frame}


_AC3_KBPS = (
    *(32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640),
)
"""kbit/s by half the frame size code; ATSC A/52:2018, table 5.18."""


def _ac3_frame(head: bytes) -> int:
    """Length in bytes of the AC-3 frame that begins here, or 0 if it is none."""
    if len(head) < 6 or head[5] >> 3 > 10:
        return 0
    rate, code = head[4] >> 6, head[4] & 63
    if rate == 3 or code >= 2 * len(_AC3_KBPS):
        return 0
    words = _AC3_KBPS[code // 2] * 96_000 // (48_000, 44_100, 32_000)[rate]
    return 2 * (words + (code & 1 if rate == 1 else 0))


def _eac3_frame(head: bytes) -> int:
    """Length in bytes of the E-AC-3 frame that begins here, or 0 if it is none."""
    if len(head) < 6 or not 10 < head[5] >> 3 <= 16:
        return 0
    return 2 * (((head[2] & 7) << 8 | head[3]) + 1)


def _dts_frame(head: bytes) -> int:
    """Length in bytes of the DTS frame (16 bits, big-endian) that begins here, or 0."""
    if len(head) < 8:
        return 0
    length = ((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1
    return length if length > 95 else 0


_MARKED: dict[str, tuple[bytes, Callable[[bytes], int]]] = {
    AC3: (b"\x0bw", _ac3_frame),
    EAC3: (b"\x0bw", _eac3_frame),
    DTS: (b"\x7f\xfe\x80\x01", _dts_frame),
}
