"""What is written into a file for everyone to read: a comment, and XMP with the source type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

#: IPTC's vocabulary of digital source types (https://cv.iptc.org/newscodes/digitalsourcetype).
SOURCE_TYPES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
#: Identifier of an XMP packet (XMP specification part 1, section 7.3.2).
_PACKET: Final = "W5M0MpCehiHzreSzNTczkc9d"


@dataclass(frozen=True)
class Notes:
    """What a file's plain metadata say.

    Attributes:
        comment: one sentence for people.
        source_type: last part of the IPTC digital source type.
        software: what made the file, such as ``Gioconda 0.1.0``.
    """

    comment: str
    source_type: str
    software: str

    @property
    def source_type_uri(self) -> str:
        """The digital source type as IPTC names it in full."""
        return SOURCE_TYPES + self.source_type

    def xmp(self) -> bytes:
        """Return the XMP packet: IPTC's digital source type and AI system, PLUS's data mining.

        Properties of the IPTC Photo Metadata Standard 2025.1 and of PLUS LDF 2.0.1.
        """
        name, _, version = self.software.rpartition(" ")
        comment = quoteattr(self.comment)[1:-1]
        return (
            f'<?xpacket begin="\ufeff" id="{_PACKET}"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about=""'
            ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
            ' xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"'
            ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
            f" xmp:CreatorTool={quoteattr(self.software)}"
            f" Iptc4xmpExt:DigitalSourceType={quoteattr(self.source_type_uri)}"
            f" Iptc4xmpExt:AISystemUsed={quoteattr(name)}"
            f" Iptc4xmpExt:AISystemVersionUsed={quoteattr(version)}"
            ' plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING">'
            f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{comment}</rdf:li></rdf:Alt>'
            "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
            '<?xpacket end="w"?>'
        ).encode()
