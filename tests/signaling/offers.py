"""Offers for the tests: captured from browsers (sanitised), and small ones put together by hand."""

from pathlib import Path

DATA = Path(__file__).parent / "data"


def captured(name: str) -> str:
    """An offer as a browser made it: `chromium`, `chromium_data` (with a data channel), `firefox`."""
    return (DATA / f"{name}.sdp").read_bytes().decode()


def transport(ufrag: str = "exam") -> str:
    """The lines of an ICE and DTLS transport."""
    return (
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:exampleexampleexample0000\r\na=setup:actpass\r\n"
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
    )


def section(kind: str, mid: str, *lines: str, formats: str, port: int = 9, direction: str = "sendonly") -> str:
    """A media section with its transport."""
    head = f"m={kind} {port} UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n"
    return head + transport() + "".join(f"{line}\r\n" for line in lines)


def sound(mid: str = "0", *, direction: str = "sendonly", port: int = 9) -> str:
    """A section with Opus."""
    return section("audio", mid, "a=rtpmap:111 opus/48000/2", formats="111", direction=direction, port=port)


def picture(mid: str = "1", codec: str = "VP8/90000", fmtp: str | None = None, *, port: int = 9) -> str:
    """A section with one picture codec."""
    lines = [f"a=rtpmap:100 {codec}"] + ([f"a=fmtp:100 {fmtp}"] if fmtp else [])
    return section("video", mid, *lines, formats="100", port=port)


def offer(*sections: str, group: str | None = "BUNDLE 0 1") -> str:
    """A whole offer."""
    bundle = f"a=group:{group}\r\n" if group else ""
    return f"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{bundle}" + "".join(sections)
