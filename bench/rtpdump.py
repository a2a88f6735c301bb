"""The rtpdump format (rtptools; Wireshark reads it too): RTP packets with the milliseconds at which they came."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST_LINE = b"#!rtpplay1.0 127.0.0.1/0\n"
_FILE_HEADER = struct.Struct("!IIIHH")  # start seconds and microseconds, source address and port, padding
_PACKET_HEADER = struct.Struct("!HHI")  # length with this header, length of the packet, offset in ms


@dataclass(frozen=True, slots=True)
class DumpedPacket:
    """One packet of a dump."""

    offset_ms: int
    "When it came, from the dump's start."
    data: bytes
    "The RTP packet, decrypted."


def write(path: Path, packets: list[DumpedPacket]) -> None:
    """Write a dump; its start is the epoch, so that it says nothing about when it was made."""
    with path.open("wb") as dump:
        dump.write(FIRST_LINE + _FILE_HEADER.pack(0, 0, 0, 0, 0))
        for packet in packets:
            size = len(packet.data)
            dump.write(_PACKET_HEADER.pack(_PACKET_HEADER.size + size, size, packet.offset_ms) + packet.data)


def read(path: Path) -> Iterator[DumpedPacket]:
    """The packets of a dump, in order. Raises ValueError when it is none or torn."""
    content = path.read_bytes()
    if not content.startswith(FIRST_LINE[:12]):
        raise ValueError(f"{path} is no rtpdump")
    position = content.index(b"\n") + 1 + _FILE_HEADER.size
    while position < len(content):
        if position + _PACKET_HEADER.size > len(content):
            raise ValueError(f"{path} ends in a packet's header")
        whole, size, offset_ms = _PACKET_HEADER.unpack_from(content, position)
        data = content[position + _PACKET_HEADER.size : position + whole]
        if len(data) != size:
            raise ValueError(f"{path} ends in a packet")
        yield DumpedPacket(offset_ms, data)
        position += whole
