"""What a file holds, found from its bytes and never from its name."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from unmask.errors import UnreadableMedia, UnsupportedMedia
from unmask.media._source import shown
from unmask.media.containers import id3
from unmask.media.strangers import what_else

_HEAD = 8_192


@dataclass(frozen=True, slots=True)
class Container:
    """A file format: who decodes it (a Pillow plug-in or an FFmpeg demuxer) and its usual names.

    ``title`` is for people; ``suffixes`` are the endings of names that do not surprise.
    """

    title: str
    pillow: str = ""
    demuxer: str = ""
    suffixes: tuple[str, ...] = ()

    @property
    def is_picture(self) -> bool:
        """True if a picture library decodes it, moving or still."""
        return bool(self.pillow)


JPEG = Container("JPEG", pillow="JPEG", suffixes=("jpg", "jpeg", "jpe", "jfif", "mpo"))
PNG = Container("PNG", pillow="PNG", suffixes=("png", "apng"))
GIF = Container("GIF", pillow="GIF", suffixes=("gif",))
WEBP = Container("WebP", pillow="WEBP", suffixes=("webp",))
TIFF = Container("TIFF", pillow="TIFF", suffixes=("tif", "tiff"))
BMP = Container("BMP", pillow="BMP", suffixes=("bmp", "dib"))
AVIF = Container("AVIF", pillow="AVIF", suffixes=("avif",))
HEIC = Container("HEIC", pillow="HEIF", suffixes=("heic", "heif", "hif"))
MP4 = Container(
    "MP4",
    demuxer="mov",
    suffixes=("mp4", "m4v", "m4a", "m4b", "mov", "qt", "3gp", "3g2", "f4v", "mj2", "aac"),
)
AVIS = Container("AVIF sequence", demuxer="mov", suffixes=("avif", "avifs"))
HEIS = Container("HEIC sequence", demuxer="mov", suffixes=("heic", "heics", "heif", "heifs"))
MATROSKA = Container("Matroska", demuxer="matroska", suffixes=("mkv", "mka", "webm", "mk3d"))
AVI = Container("AVI", demuxer="avi", suffixes=("avi", "divx"))
FLV = Container("FLV", demuxer="flv", suffixes=("flv",))
ASF = Container("ASF", demuxer="asf", suffixes=("asf", "wmv", "wma"))
TS = Container("MPEG-TS", demuxer="mpegts", suffixes=("ts", "mts", "m2ts", "m2t"))
PS = Container("MPEG-PS", demuxer="mpeg", suffixes=("mpg", "mpeg", "vob", "m2p", "mod"))
OGG = Container("Ogg", demuxer="ogg", suffixes=("ogg", "oga", "ogv", "opus", "spx"))
WAV = Container("WAV", demuxer="wav", suffixes=("wav", "wave", "bwf", "rf64"))
W64 = Container("Wave64", demuxer="w64", suffixes=("w64",))
AIFF = Container("AIFF", demuxer="aiff", suffixes=("aif", "aiff", "aifc"))
CAF = Container("CAF", demuxer="caf", suffixes=("caf",))
FLAC = Container("FLAC", demuxer="flac", suffixes=("flac",))
MP3 = Container("MP3", demuxer="mp3", suffixes=("mp3", "mp2", "mpga"))
ADTS = Container("AAC", demuxer="aac", suffixes=("aac", "adts"))
AC3 = Container("AC-3", demuxer="ac3", suffixes=("ac3",))
AMR = Container("AMR", demuxer="amr", suffixes=("amr", "awb"))
AU = Container("AU", demuxer="au", suffixes=("au", "snd"))
WAVPACK = Container("WavPack", demuxer="wv", suffixes=("wv",))

_MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"\x1aE\xdf\xa3", MATROSKA),
    (b"FLV\x01", FLV),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), ASF),
    (b"\0\0\x01\xba", PS),
    (b"OggS", OGG),
    (b"riff\x2e\x91\xcf\x11", W64),
    (b"caff\0\x01", CAF),
    (b"fLaC", FLAC),
    (b"#!AMR", AMR),
    (b".snd", AU),
    (b"wvpk", WAVPACK),
    (b"\x0bw", AC3),
)
_RIFF = {b"WAVE": WAV, b"AVI ": AVI, b"WEBP": WEBP}
_AVIF_BRANDS = {b"avif": AVIF, b"avis": AVIS}
_HEIF_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2"), HEIC),
    **dict.fromkeys((b"hevc", b"hevx", b"msf1"), HEIS),
}


def sniff(file: io.FileIO, path: Path) -> Container:
    """Name the container of an open file; leaves the file at its first byte.

    Raises UnreadableMedia for an empty file and UnsupportedMedia for anything that is not a
    photo, video or recording that can be handled, saying what it is.
    """
    file.seek(0)
    head = file.read(_HEAD) or b""
    if not head:
        raise UnreadableMedia(f"{shown(path)} is empty. Get the file again.")
    tagged = head[:3] == b"ID3" and len(head) > 10
    found = _after_id3(file, head) if tagged else _match(head)
    file.seek(0)
    if found is None:
        raise UnsupportedMedia(what_else(head, path))
    return found


def _match(head: bytes) -> Container | None:
    if head[4:8] == b"ftyp":
        return _iso_brand(head)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    if head[:2] == b"BM" and _bmp_header(head):
        return BMP
    for magic, container in _MAGIC:
        if head.startswith(magic):
            return container
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return MP4
    if _transport_stream(head):
        return TS
    return _elementary_sound(head)


def _bmp_header(head: bytes) -> bool:
    return int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)


def _iso_brand(head: bytes) -> Container | None:
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    if b"crx " in brands:
        return None
    major = brands[0]
    for table in (_AVIF_BRANDS, _HEIF_BRANDS):
        if major in table and major not in (b"mif1", b"msf1"):
            return table[major]
    if major in (b"mif1", b"msf1"):
        return next((_AVIF_BRANDS[b] for b in brands if b in _AVIF_BRANDS), _HEIF_BRANDS[major])
    return MP4


def _transport_stream(head: bytes) -> bool:
    for start, step in ((0, 188), (4, 192)):
        marks = head[start : start + 8 * step : step]
        if len(marks) >= 3 and set(marks) == {0x47}:
            return True
    return False


def _elementary_sound(head: bytes) -> Container | None:
    """MP3 or ADTS without a tag: two frames in a row, each beginning with a valid header."""
    for header, container in ((_mpeg_frame, MP3), (_adts_frame, ADTS)):
        length = header(head)
        rest = head[length:]
        if 0 < length <= len(head) and (len(rest) < 4 or header(rest)):
            return container
    return None


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


def _after_id3(file: io.FileIO, head: bytes) -> Container:
    """An ID3 tag stands before MP3, and sometimes before FLAC or AAC."""
    file.seek(id3.HEAD + id3.syncsafe(head[6 : id3.HEAD]))
    inner = _match(file.read(_HEAD) or b"")
    return inner if inner in (FLAC, ADTS) else MP3


@lru_cache(maxsize=1)
def known_suffixes() -> frozenset[str]:
    """The endings of names that stand for a container."""
    containers = (value for value in globals().values() if isinstance(value, Container))
    return frozenset(suffix for container in containers for suffix in container.suffixes)
