"""How long an Opus packet lasts (RFC 6716 section 3.1), as far as a file's length needs it."""

_SILK_MS = (10.0, 20.0, 40.0, 60.0)
_HYBRID_MS = (10.0, 20.0)
_CELT_MS = (2.5, 5.0, 10.0, 20.0)

_MAX_MS = 120


def duration_ms(packet: bytes) -> int:
    """Return a packet's length in milliseconds, rounded; of the packet the first two octets are enough.

    What is no Opus packet lasts 0 ms.
    """
    if not packet:
        return 0
    code = packet[0] & 0x03
    frames = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 0)[code]
    whole = frames * _frame_ms(packet[0] >> 3)
    return round(whole) if whole <= _MAX_MS else 0


def _frame_ms(configuration: int) -> float:
    """Table 2: twelve configurations of SILK, four hybrid, sixteen of CELT, frame sizes ascending in each."""
    first_hybrid, first_celt = 12, 16
    if configuration >= first_celt:
        return _CELT_MS[configuration % 4]
    if configuration >= first_hybrid:
        return _HYBRID_MS[configuration % 2]
    return _SILK_MS[configuration % 4]
