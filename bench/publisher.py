"""Many senders without an encoder: captured RTP replayed through real ICE, DTLS and SRTP.

Each publisher is a peer connection of its own (aiortc) that sends the packets of a dump at their
times, over and over, with sequence numbers and timestamps that go on, and sender reports.

    python -m bench.publisher --publishers 10 --seconds 30
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.clock import current_ntp_time
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket, RtpPacket

from bench.capture_rtp import know_vp9
from bench.process import ProcessMeter
from bench.report import print_table
from bench.rtpdump import read
from tests.live.harness import REPOSITORY, running_server
from tests.live.scenarios import part_closed, part_rows

DUMPS = REPOSITORY / "tests" / "data"
SOUND_PAYLOAD_TYPE = 111  # what Chromium calls Opus
CLOCK_RATES = {"audio": 48_000, "video": 90_000}
REPORT_EVERY_S = 1.0
CREATED = 201


@dataclass(frozen=True, slots=True)
class Recorded:
    """One packet of a dump."""

    kind: str
    "`audio` or `video`."
    offset_s: float
    "When it is sent, from the dump's start."
    packet: RtpPacket
    "As it was captured."


@dataclass(frozen=True, slots=True)
class Dump:
    """What is sent over and over."""

    packets: list[Recorded]
    "In order; the first picture is a keyframe."
    length_s: float
    "After this it begins anew."

    @classmethod
    def load(cls, codec: str) -> Self:
        """The dump of a codec, `VP8` or `VP9`."""
        packets: list[Recorded] = []
        for dumped in read(DUMPS / f"chromium_{codec.lower()}.rtp"):
            packet = RtpPacket.parse(dumped.data)
            kind = "audio" if packet.payload_type == SOUND_PAYLOAD_TYPE else "video"
            packets.append(Recorded(kind, dumped.offset_ms / 1_000, packet))
        return cls(packets, packets[-1].offset_s + 0.02)


class Stream:
    """One kind of a publisher: goes on counting where the dump begins anew."""

    def __init__(self, sender: RTCRtpSender, kind: str, payload_type: int, dump: Dump) -> None:
        mine = [recorded.packet for recorded in dump.packets if recorded.kind == kind]
        self._sender = sender
        self._clock_rate = CLOCK_RATES[kind]
        self._payload_type = payload_type
        self._first = mine[0]
        self._count = len(mine)
        self._ticks = round(dump.length_s * self._clock_rate)
        self._sent = 0
        self._octets = 0
        self._last_timestamp = 0

    async def send(self, packet: RtpPacket, turn: int) -> None:
        """Send a captured packet in the dump's `turn`-th time, from 0."""
        sequence = packet.sequence_number - self._first.sequence_number + turn * self._count
        timestamp = packet.timestamp - self._first.timestamp + turn * self._ticks
        self._last_timestamp = timestamp & 0xFFFFFFFF
        again = RtpPacket(
            payload_type=self._payload_type,
            marker=packet.marker,
            sequence_number=sequence & 0xFFFF,
            timestamp=self._last_timestamp,
            ssrc=self._sender._ssrc,  # noqa: SLF001  aiortc has no public way to send a packet as it is
            payload=packet.payload,
        )
        self._sent += 1
        self._octets += len(packet.payload)
        await self._sender.transport._send_rtp(again.serialize())  # noqa: SLF001  as above

    async def report(self) -> None:
        """A sender report (RFC 3550 section 6.4.1) for what was sent last."""
        info = RtcpSenderInfo(current_ntp_time(), self._last_timestamp, self._sent, self._octets & 0xFFFFFFFF)
        await self._sender.transport._send_rtp(bytes(RtcpSrPacket(ssrc=self._sender._ssrc, sender_info=info)))  # noqa: SLF001  as above

    @property
    def sent(self) -> int:
        """Packets so far."""
        return self._sent


class Way(Protocol):
    """What lies between a sender and the server."""

    def offered(self, sdp: str) -> str:
        """The offer as the server gets it."""
        ...

    def answered(self, sdp: str) -> str:
        """The answer as the sender gets it."""
        ...


class Publisher:
    """A WHIP sender of a dump."""

    def __init__(self, dump: Dump, codec: str) -> None:
        self._dump = dump
        self._codec = codec
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._session = ""
        self._streams: dict[str, Stream] = {}
        self.flowing = asyncio.Event()
        "While this is cleared nothing is sent; what comes afterwards goes on where it stopped."
        self.flowing.set()

    @property
    def sent(self) -> int:
        """Packets so far, both tracks."""
        return sum(stream.sent for stream in self._streams.values())

    async def connect(
        self, http: aiohttp.ClientSession, url: str, token: str | None, *, way: "Way | None" = None
    ) -> None:
        """Offer, and wait until the connection is up. `way` lies between. Raises RuntimeError when WHIP refuses."""
        senders = {kind: self._connection.addTransceiver(kind, direction="sendonly").sender for kind in CLOCK_RATES}
        # aiortc's table is one for the whole process: whoever records in it as well has put VP9 there.
        known = RTCRtpSender.getCapabilities("video").codecs
        chosen = [codec for codec in known if codec.mimeType == f"video/{self._codec}"]
        self._connection.getTransceivers()[-1].setCodecPreferences(chosen)
        await self._connection.setLocalDescription(await self._connection.createOffer())
        headers = {"Content-Type": "application/sdp"} | ({"Authorization": f"Bearer {token}"} if token else {})
        offer = self._connection.localDescription.sdp
        async with http.post(url, data=way.offered(offer) if way else offer, headers=headers) as response:
            answer = await response.text()
            if response.status != CREATED:
                raise RuntimeError(f"{url} answered {response.status}: {answer}")
            self._session = str(response.url.origin()) + response.headers["Location"]
        answer = way.answered(answer) if way else answer
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        for kind, sender in senders.items():
            payload_type = payload_type_of(answer, "opus" if kind == "audio" else self._codec)
            self._streams[kind] = Stream(sender, kind, payload_type, self._dump)
        while self._connection.connectionState != "connected":
            if self.has_ended:
                raise RuntimeError(f"{url}: the connection did not come up")
            await asyncio.sleep(0.02)

    @property
    def has_ended(self) -> bool:
        """Whether the connection is over, whoever ended it."""
        return self._connection.connectionState in {"failed", "closed"}

    async def send_until_ended(self) -> None:
        """Send until the other side ends the connection."""
        sending = asyncio.ensure_future(self.send_for_ever())
        try:
            while not self.has_ended and not sending.done():  # noqa: ASYNC110  aiortc's events do not outlive a missed one
                await asyncio.sleep(0.02)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):  # it sent into what had just ended
                await sending

    async def send_for_ever(self) -> None:
        """Send until cancelled, each packet at its time."""
        began = time.monotonic()
        next_report = began
        turn = 0
        while True:
            for recorded in self._dump.packets:
                if not self.flowing.is_set():
                    stopped = time.monotonic()
                    await self.flowing.wait()
                    began += time.monotonic() - stopped
                due = began + turn * self._dump.length_s + recorded.offset_s
                if (ahead := due - time.monotonic()) > 0:
                    await asyncio.sleep(ahead)
                await self._streams[recorded.kind].send(recorded.packet, turn)
                if due >= next_report:
                    next_report = due + REPORT_EVERY_S
                    await self._report()
            turn += 1

    async def abandon(self) -> None:
        """Let the connection go without a word."""
        await self._connection.close()

    async def close(self, http: aiohttp.ClientSession, token: str | None) -> None:
        """DELETE, then close."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with http.delete(self._session, headers=headers):
            pass
        await self._connection.close()

    async def _report(self) -> None:
        for stream in self._streams.values():
            await stream.report()


def payload_type_of(sdp: str, codec: str) -> int:
    """The payload type that a description gives to a codec. Raises ValueError when it has none."""
    for line in sdp.splitlines():
        if line.startswith("a=rtpmap:") and line.split(" ")[1].lower().startswith(f"{codec.lower()}/"):
            return int(line.split(" ")[0].removeprefix("a=rtpmap:"))
    raise ValueError(f"the answer takes no {codec}")


@dataclass(frozen=True, slots=True)
class Load:
    """What many publishers cost."""

    publishers: int
    "At once."
    seconds: float
    "Measured, after they were all up."
    packets: int
    "Sent in that time."
    cpu_s: float
    "The server's CPU seconds in that time."
    recorded_ms: list[int]
    "Length of each recorded part."


async def measure(publishers: int, seconds: float, codec: str, folder: Path) -> Load:
    """Publish at once to a fresh server."""
    know_vp9()
    dump = Dump.load(codec)
    async with running_server(folder) as server, aiohttp.ClientSession() as http:
        await server.add_user()
        job = await server.add_job()
        senders: list[tuple[Publisher, str]] = []
        interviews = []
        for number in range(publishers):
            interview = await server.add_interview(job, email=f"john.doe.{number}@example.org", consented=True)
            publisher = Publisher(dump, codec)
            await asyncio.wait_for(publisher.connect(http, server.whip_url(interview), interview.token), 30)
            senders.append((publisher, interview.token))
            interviews.append(interview)
        sending = [asyncio.ensure_future(publisher.send_for_ever()) for publisher, _ in senders]
        await asyncio.sleep(3)
        meter = ProcessMeter(server.pid)
        before = sum(publisher.sent for publisher, _ in senders)
        await asyncio.sleep(seconds)
        usage = meter.read()
        packets = sum(publisher.sent for publisher, _ in senders) - before
        for task in sending:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for publisher, token in senders:
            await publisher.close(http, token)
        for interview in interviews:
            await part_closed(server, interview, 1)
        lengths = [int(part_rows(server, interview)[0]["duration_ms"]) for interview in interviews]
        return Load(publishers, usage.seconds, packets, usage.cpu_s, lengths)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--publishers", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--codec", choices=["VP8", "VP9"], default="VP9")
    arguments = parser.parse_args()
    loads: list[Load] = []
    for publishers in arguments.publishers:
        with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
            loads.append(asyncio.run(measure(publishers, arguments.seconds, arguments.codec, Path(folder))))
    print_table(
        f"server CPU for publishers that replay captured RTP ({arguments.codec} and Opus)",
        ("publishers", "packets/s", "cores", "cores per session", "µs per packet", "shortest part s"),
        [
            (
                load.publishers,
                load.packets / load.seconds,
                load.cpu_s / load.seconds,
                load.cpu_s / load.seconds / load.publishers,
                load.cpu_s * 1e6 / load.packets,
                min(load.recorded_ms) / 1_000,
            )
            for load in loads
        ],
    )


if __name__ == "__main__":
    main()
