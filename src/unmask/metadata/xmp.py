"""XMP packets (ISO 16684-1): RDF in XML to flat names such as "xmp:CreatorTool".

The parser is expat with document types refused, so no entity can be declared, none expands and
nothing outside the packet is ever opened.
"""

from __future__ import annotations

from xml.parsers import expat

from unmask.metadata.fields import Collector

_MOST_BYTES, _DEEPEST, _MOST_NODES = 2_000_000, 48, 20_000
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/xmp/1.0/DynamicMedia/": "xmpDM",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://www.tc260.org.cn/ns/AIGC/1.0/": "TC260",
}
_SKIPPED = ("crs:", "GCamera:", "GDepth:", "GImage:", "xmpMM:Manifest")
"""Raw developer's curves, depth maps and file lists: long, and no trace of origin."""


class _Refused(Exception):
    """The packet holds what no packet needs."""


def read(data: bytes, out: Collector) -> None:
    """Read a packet into ``xmp`` fields."""
    begin = data.find(b"<")
    packet = data[max(begin, 0) :].rstrip(b"\0")
    if len(packet) > _MOST_BYTES:
        out.note("the XMP packet is larger than 2 MB")
        return
    if not out.may(len(packet)):
        return
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    walk = _Walk(out)
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.buffer_text = True
    try:
        parser.Parse(packet, True)
    except _Refused as refused:
        out.note(f"the XMP packet was refused: {refused}")
    except (expat.ExpatError, ValueError, LookupError) as error:
        out.note(f"the XMP packet is damaged ({error})")


def _refuse(*_: object) -> None:
    raise _Refused("it declares a document type or entities")


class _Walk:
    """Names are paths of what is not RDF: "xmpMM:History/stEvt:softwareAgent"."""

    def __init__(self, out: Collector) -> None:
        self._out = out
        self._path: list[str] = []
        self._texts: list[list[str]] = []
        self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if len(self._path) >= _DEEPEST or self._nodes > _MOST_NODES:
            raise _Refused("it is nested or branched too much")
        self._path.append(_short(name))
        self._texts.append([])
        for key, value in attributes.items():
            namespace = key.rpartition(" ")[0]
            if key == f"{_RDF} resource":
                self._keep(self._path, value)
            elif namespace not in ("", _RDF, _XML):
                self._keep([*self._path, _short(key)], value)

    def end(self, _: str) -> None:
        text = "".join(self._texts.pop()).strip()
        if text:
            self._keep(self._path, text)
        self._path.pop()

    def text(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)

    def _keep(self, path: list[str], value: str) -> None:
        name = "/".join(part for part in path if part)
        if name and not name.startswith(_SKIPPED):
            self._out.add("xmp", name, value)


def _short(name: str) -> str:
    """ "dc:title" for a name with its namespace; "" for RDF's own and the wrapper."""
    namespace, _, local = name.rpartition(" ")
    if namespace in (_RDF, "adobe:ns:meta/"):
        return ""
    prefix = _PREFIXES.get(namespace) or namespace.rstrip("/#").rpartition("/")[2][:30]
    return f"{prefix}:{local}" if prefix else local
