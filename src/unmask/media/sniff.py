"""What a file holds, found from its bytes and never from its name."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from unmask.errors import UnreadableMedia, UnsupportedMedia
from unmask.media import elementary
from unmask.media._source import shown
from unmask.media.containers import id3
from unmask.media.unsupported_formats import known, what_else

_HEAD = 8_192
_MOST_ZEROS = 1 << 20
"""Zero bytes before a stream that are passed over."""


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
EAC3 = Container("E-AC-3", demuxer="eac3", suffixes=("eac3", "ec3"))
DTS = Container("DTS", demuxer="dts", suffixes=("dts",))
TTA = Container("TTA", demuxer="tta", suffixes=("tta",))
VOC = Container("VOC", demuxer="voc", suffixes=("voc",))
APE = Container("Monkey's Audio", demuxer="ape", suffixes=("ape",))
TAK = Container("TAK", demuxer="tak", suffixes=("tak",))
DSF = Container("DSF", demuxer="dsf", suffixes=("dsf",))
MPC7 = Container("Musepack", demuxer="mpc", suffixes=("mpc", "mp+", "mpp"))
MPC8 = Container("Musepack", demuxer="mpc8", suffixes=("mpc",))
SPHERE = Container("NIST SPHERE", demuxer="nistsphere", suffixes=("sph", "nist"))
QCP = Container("QCP", demuxer="qcp", suffixes=("qcp",))
NUT = Container("NUT", demuxer="nut", suffixes=("nut",))
MXF = Container("MXF", demuxer="mxf", suffixes=("mxf",))
Y4M = Container("YUV4MPEG2", demuxer="yuv4mpegpipe", suffixes=("y4m",))
IVF = Container("IVF", demuxer="ivf", suffixes=("ivf",))
DV = Container("DV", demuxer="dv", suffixes=("dv", "dif"))
REAL = Container("RealMedia", demuxer="rm", suffixes=("rm", "rmvb", "ra"))
H264 = Container("raw H.264", demuxer="h264", suffixes=("h264", "264", "avc"))
HEVC = Container("raw H.265", demuxer="hevc", suffixes=("h265", "265", "hevc"))
MPEG_VIDEO = Container("raw MPEG video", demuxer="mpegvideo", suffixes=("m1v", "m2v"))
MPEG4_VIDEO = Container("raw MPEG-4 video", demuxer="m4v", suffixes=("m4v",))

_ELEMENTARY = {
    elementary.MP3: MP3,
    elementary.ADTS: ADTS,
    elementary.TS: TS,
    elementary.AC3: AC3,
    elementary.EAC3: EAC3,
    elementary.DTS: DTS,
    elementary.PS: PS,
    elementary.H264: H264,
    elementary.HEVC: HEVC,
    elementary.MPEG_VIDEO: MPEG_VIDEO,
    elementary.MPEG4_VIDEO: MPEG4_VIDEO,
}
_PASSING = (*_ELEMENTARY.values(), OGG)
"""Of these a decoder passes over what stands before them."""
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
    (b"\x7f\xfe\x80\x01", DTS),
    (b"\xfe\x7f\x01\x80", DTS),
    (b"TTA1", TTA),
    (b"Creative Voice File\x1a", VOC),
    (b"MAC ", APE),
    (b"tBaK", TAK),
    (b"DSD ", DSF),
    (b"MP+", MPC7),
    (b"MPCK", MPC8),
    (b"NIST_1A\n", SPHERE),
    (b"nut/multimedia container\0", NUT),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01", MXF),
    (b"YUV4MPEG2 ", Y4M),
    (b"DKIF", IVF),
    (b"\x1f\x07\0", DV),
    (b".RMF\0\0", REAL),
)
_RIFF = {b"QLCM": QCP, b"WAVE": WAV, b"AVI ": AVI, b"WEBP": WEBP}
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
    if found is None and not known(head):
        found = _cut(file, head)
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
    kind = elementary.kind(head)
    return _ELEMENTARY[kind] if kind else None


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


def _cut(file: io.FileIO, head: bytes) -> Container | None:
    """A stream that was cut inside a frame, or has zero bytes before it."""
    begin = 0
    while begin < _MOST_ZEROS and head and not head.strip(b"\0"):
        begin += len(head)
        file.seek(begin)
        head = file.read(_HEAD) or b""
    if begin or head[:1] == b"\0":
        first = begin + len(head) - len(head.lstrip(b"\0"))
        for zeros in (0, 2, 3):  # some begin with zero bytes of their own
            file.seek(max(0, first - zeros))
            head = file.read(_HEAD) or b""
            if (found := _match(head)) in _PASSING:
                return found
    kind = elementary.after_a_cut(head)
    return _ELEMENTARY[kind] if kind else None


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
