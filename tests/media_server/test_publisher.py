"""A publisher over real sockets: hostile datagrams, ends of every kind, and what stays open afterwards."""

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from media_server.aio.aiortc_tap import NetworkSettings, NoFreePort
from media_server.recording.events import EndReason, PartClosed, PartOpened, PublisherEnded
from tests.media_server.publishing import Stage, decodes, port_of
from tests.media_server.sender import stretch
from tests.media_server.webrtc_sender import WebrtcSender


def open_sockets() -> int:
    """How many sockets this process has."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them is gone by now
            count += str(descriptor.readlink()).startswith("socket:")
    return count


async def test_what_a_peer_sends_lies_in_a_whole_file(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher()
    await sender.accept(await publisher.answer(await sender.offer()))
    await sender.send_all(stretch(), pace=0.2)
    await stage.until(lambda: stage.told(PartOpened))
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    assert decodes(stage.part)[0] == 48
    assert stage.traffic.received > 48
    assert stage.traffic.lost == 0
    assert [type(event) for event in stage.events[-2:]] == [PartClosed, PublisherEnded]


STRANGERS: dict[str, bytes] = {
    "empty": b"",
    "one byte of SRTP": b"\x80",
    "longer than SRTP takes": b"\x80" + bytes(3_000),
    "STUN cut short in an attribute": bytes.fromhex("000100042112a442") + bytes(12) + bytes.fromhex("00240000"),
    "TURN channel data": b"\x40\x00\x00\x04abcd",
    "a DTLS record of nonsense": b"\x16\xfe\xfd" + bytes(40),
    "above every protocol": b"\xff" * 40,
}


@pytest.mark.parametrize("datagram", STRANGERS.values(), ids=STRANGERS)
async def test_a_stranger_who_sends_nonsense_disturbs_nothing(
    stage: Stage, sender: WebrtcSender, datagram: bytes
) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(datagram, ("127.0.0.1", port_of(answer)))
        await sender.accept(answer)
        stranger.sendto(datagram, ("127.0.0.1", port_of(answer)))
    await sender.send_all(stretch(), pace=0.2)
    await stage.until(lambda: stage.told(PartOpened))
    await publisher.close(EndReason.FINISHED)
    assert stage.events[-1] == PublisherEnded(EndReason.FINISHED)
    assert decodes(stage.part)[0] == 48


async def test_a_flood_before_the_connection_is_up_is_not_kept(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    [connection] = {ice._connection for ice in publisher._peer._RTCPeerConnection__iceTransports}  # type: ignore[attr-defined]  # private to aiortc
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(2_000):
            stranger.sendto(b"\x16" + bytes(200), ("127.0.0.1", port_of(answer)))
            await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    assert connection._queue.qsize() <= 64
    await publisher.close(EndReason.FAILED)


async def test_a_peer_that_connects_and_sends_nothing_does_not_keep_its_place(
    stage: Stage, sender: WebrtcSender
) -> None:
    publisher = stage.publisher(no_media_s=0.5, return_within_s=0.5)
    await sender.accept(await publisher.answer(await sender.offer()))
    await stage.until(lambda: stage.told(PublisherEnded), within=8)
    assert stage.events == [PublisherEnded(EndReason.NO_MEDIA)]
    assert not stage.part.exists()


async def test_a_peer_that_never_comes_is_given_up(stage: Stage, sender: WebrtcSender) -> None:
    before = open_sockets()
    publisher = stage.publisher(connect_deadline_s=0.3)
    await publisher.answer(await sender.offer())
    await stage.until(lambda: stage.told(PublisherEnded), within=8)
    assert stage.events == [PublisherEnded(EndReason.NEVER_CONNECTED)]
    await sender.peer.close()
    assert open_sockets() <= before


async def test_ending_is_told_once_whoever_asks_how_often(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher()
    await sender.accept(await publisher.answer(await sender.offer()))
    await sender.send_all(stretch(), pace=0.1)
    await asyncio.gather(*(publisher.close(reason) for reason in (EndReason.SUPERSEDED, EndReason.DELETED)))
    await publisher.close(EndReason.SERVER_STOPPED)
    assert stage.told(PublisherEnded) == [PublisherEnded(EndReason.SUPERSEDED)]
    assert len(stage.told(PartClosed)) == 1


async def test_an_offer_without_a_free_port_leaves_nothing_open(stage: Stage, sender: WebrtcSender) -> None:
    offer = await sender.offer()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        before = open_sockets()
        first_free_second_taken = NetworkSettings(("127.0.0.2", "127.0.0.1"), range(port, port + 1))
        publisher = stage.publisher(network=first_free_second_taken)
        with pytest.raises(NoFreePort):
            await publisher.answer(offer)
        assert open_sockets() == before
    assert stage.events == [PublisherEnded(EndReason.FAILED)]


async def test_candidates_that_are_none_are_told_as_such(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher()
    await publisher.answer(await sender.offer())
    with pytest.raises(ValueError, match="candidate"):
        await publisher.add_ice_candidates([("0", "candidate:1 1 udp")])
    await publisher.close(EndReason.FAILED)


async def test_a_sender_that_sends_reports_is_reopened_in_the_same_part(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher(no_media_s=1.2)
    await sender.accept(await publisher.answer(await sender.offer()))
    arrivals = stretch(seconds=4, keyframes=(0, 48))
    await sender.send_all([a for a in arrivals if a.at < 1.0], pace=1.0)
    await stage.until(lambda: stage.told(PartClosed))
    # Reports alone are no media: the part stays closed.
    await sender.send_report(arrivals[0].kind, arrivals[0].packet.ssrc, 4e9, 90_000)
    await asyncio.sleep(0.3)
    assert len(stage.told(PartClosed)) == 1
    await sender.send_all([a for a in arrivals if a.at >= 2.0])
    await publisher.close(EndReason.FINISHED)
    closed = stage.told(PartClosed)
    assert [event.report.reason for event in closed if isinstance(event, PartClosed)] == [
        EndReason.NO_MEDIA,
        EndReason.FINISHED,
    ]
    assert decodes(stage.part)[0] >= 60
