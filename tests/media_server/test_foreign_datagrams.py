"""Datagrams from addresses that are not the sender's, over real sockets: turned away before they cost or change anything."""

import asyncio
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aioice import stun
from aiortc.rtcdtlstransport import RTCDtlsTransport

from media_server.aio.aiortc_tap import STRANGERS_MEDIA_PER_S, PassthroughPeerConnection
from media_server.aio.publisher import Publisher
from media_server.recording.events import EndReason, PartOpened
from tests.media_server.publishing import Stage, decodes, port_of
from tests.media_server.sender import stretch
from tests.media_server.webrtc_sender import WebrtcSender

DTLS = b"\x16\xfe\xfd" + bytes(8) + b"\x00\x20" + bytes(32)
SRTP = b"\x80\xe0" + bytes(60)


def a_check(user_name: str) -> bytes:
    """A binding request as a stranger would make it, with an integrity of their own."""
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = user_name
    message.attributes["PRIORITY"] = 1
    message.add_message_integrity(b"guessed" * 4)
    return bytes(message)


def peer_of(publisher: Publisher) -> PassthroughPeerConnection:
    return publisher._peer


def connection_of(publisher: Publisher) -> Any:
    dtls = peer_of(publisher)._dtls
    assert dtls is not None
    return dtls.transport._connection


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    """Somebody else's socket, on another address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.settimeout(0.5)
        yield stranger


async def turned_away(stage: Stage, publisher: Publisher, count: int) -> None:
    await stage.until(lambda: peer_of(publisher).turned_away >= count)


async def test_dtls_from_elsewhere_never_reaches_the_handshake(
    stage: Stage,
    sender: WebrtcSender,
    stranger: socket.socket,
) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    stranger.sendto(DTLS, ("127.0.0.1", port_of(answer)))
    await turned_away(stage, publisher, 1)
    assert connection_of(publisher)._queue.empty()
    await sender.accept(answer)
    stranger.sendto(DTLS, ("127.0.0.1", port_of(answer)))
    await turned_away(stage, publisher, 2)
    await sender.send_all(stretch(), pace=0.2)
    await stage.until(lambda: stage.told(PartOpened))
    await publisher.close(EndReason.FINISHED)
    assert decodes(stage.part)[0] == 48
    assert stage.traffic.junk >= 2


async def test_media_from_elsewhere_is_dropped_before_it_is_decrypted(
    stage: Stage,
    sender: WebrtcSender,
    stranger: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    await sender.accept(answer)
    dtls = peer_of(publisher)._dtls
    assert isinstance(dtls, RTCDtlsTransport)
    tries = Tries(dtls._rx_srtp)
    monkeypatch.setattr(dtls, "_rx_srtp", tries)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(500):
        stranger.sendto(SRTP, ("127.0.0.1", port_of(answer)))
        await asyncio.sleep(0)
    await stage.until(lambda: peer_of(publisher).turned_away + tries.count >= 500)
    lasted = loop.time() - began
    assert tries.count <= STRANGERS_MEDIA_PER_S * (1 + lasted), "a few are tried, in case a NAT has moved the sender"
    await publisher.close(EndReason.FINISHED)


class Tries:
    """An SRTP session that counts how often it is asked."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.count = 0

    def unprotect(self, data: bytes) -> bytes:
        self.count += 1
        opened: bytes = self._session.unprotect(data)
        return opened


async def test_a_sender_whom_a_nat_has_moved_is_heard_at_once(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher()
    await sender.accept(await publisher.answer(await sender.offer()))
    packets = list(stretch())
    await sender.send_all(packets[: len(packets) // 2], pace=0.2)
    with moved(sender):
        await sender.send_all(packets[len(packets) // 2 :], pace=0.2)
    await stage.until(lambda: stage.told(PartOpened))
    await publisher.close(EndReason.FINISHED)
    assert decodes(stage.part)[0] == 48
    assert peer_of(publisher).turned_away == 0


class moved:  # noqa: N801  reads as a word in a with statement
    """The sender's packets leave from another address, and nobody has told anybody."""

    def __init__(self, sender: WebrtcSender) -> None:
        [transceiver, _] = sender.peer.getTransceivers()
        self._protocols: list[Any] = transceiver.sender.transport.transport._connection._protocols
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.3", 0))

    def __enter__(self) -> None:
        for protocol in self._protocols:
            protocol.transport = Elsewhere(protocol.transport, self._socket)

    def __exit__(self, *_: object) -> None:
        for protocol in self._protocols:
            protocol.transport = protocol.transport.here
        self._socket.close()


class Elsewhere:
    """A transport that sends from another socket."""

    def __init__(self, here: Any, sending: socket.socket) -> None:
        self.here = here
        self._sending = sending

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self._sending.sendto(data, address)

    def close(self) -> None:
        self.here.close()


async def test_checks_without_our_name_are_not_even_answered(
    stage: Stage,
    sender: WebrtcSender,
    stranger: socket.socket,
) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    stranger.sendto(a_check("nobody:knows"), ("127.0.0.1", port_of(answer)))
    stranger.sendto(
        b"\x01\x01\x00\x00" + stun.COOKIE.to_bytes(4, "big") + os.urandom(12), ("127.0.0.1", port_of(answer))
    )
    await turned_away(stage, publisher, 2)
    with pytest.raises(TimeoutError):
        await asyncio.to_thread(stranger.recv, 1500)
    await publisher.close(EndReason.FAILED)


async def test_whoever_knows_our_name_without_its_password_is_refused_and_stays_a_stranger(
    stage: Stage,
    sender: WebrtcSender,
    stranger: socket.socket,
) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    name = connection_of(publisher).local_username
    stranger.sendto(a_check(f"{name}:them"), ("127.0.0.1", port_of(answer)))
    stranger.settimeout(20)
    refusal = stun.parse_message(await asyncio.to_thread(stranger.recv, 1500))
    assert refusal.attributes["ERROR-CODE"][0] == 401
    stranger.sendto(DTLS, ("127.0.0.1", port_of(answer)))
    await turned_away(stage, publisher, 1)
    assert connection_of(publisher)._queue.empty()
    await publisher.close(EndReason.FAILED)


async def test_a_flood_of_checks_is_answered_within_bounds(
    stage: Stage,
    sender: WebrtcSender,
    stranger: socket.socket,
) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    check = a_check(f"{connection_of(publisher).local_username}:them")
    for _ in range(1_000):
        stranger.sendto(check, ("127.0.0.1", port_of(answer)))
        await asyncio.sleep(0)
    await turned_away(stage, publisher, 1)
    assert all(candidate.host != "127.0.0.2" for candidate in connection_of(publisher)._remote_candidates)
    await sender.accept(answer)
    await publisher.close(EndReason.FINISHED)
