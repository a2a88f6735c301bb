"""How long a picture had waited when its encoding began (libwebrtc's video-timing header extension).

A picture's RTP timestamp and its sender report are as good as the capture time that the browser stamped it with. After
a time of overload libwebrtc's stamps stay too early, by up to 200 ms and for good: its timestamp aligner takes back what
would have lain in the future and never gives it again. Sound is not stamped so, and lip-sync is lost although both
reports agree. The least time between stamp and encoding tells by how much: without a bias it is a millisecond.
"""

EXTENSION_URI = "http://www.webrtc.org/experiments/rtp-hdrext/video-timing"
"The header extension; a few pictures a second carry it, in their last packet."

_SIZE = 13  # octets: flags, and six deltas of two octets; the first one says when encoding began
_INVALID = 0xFF


def read_encode_start(value: bytes) -> int | None:
    """Return the milliseconds from a picture's stamp to its encoding; None when the extension does not tell."""
    if len(value) != _SIZE or value[0] == _INVALID:
        return None
    return int.from_bytes(value[1:3], "big")
