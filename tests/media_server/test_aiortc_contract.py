"""What media_server/aio/aiortc_tap.py relies on in aiortc and aioice, said in words.

When an upgrade breaks one of these, the sentence tells what moved.
"""

import inspect

import aioice.ice
import aiortc.codecs
import aiortc.rtcdtlstransport
import aiortc.rtcicetransport
import aiortc.rtcpeerconnection
import pylibsrtp
from aiortc import RTCPeerConnection
from aiortc.rtcrtpsender import RTCRtpSender


def test_the_peer_connection_makes_receivers_in_one_private_method() -> None:
    source = inspect.getsource(aiortc.rtcpeerconnection)
    assert source.count("RTCRtpReceiver(kind, dtlsTransport)") == 1, "receivers are constructed elsewhere now"
    assert hasattr(RTCPeerConnection, "_RTCPeerConnection__createTransceiver"), "__createTransceiver was renamed"
    assert hasattr(RTCPeerConnection, "_RTCPeerConnection__createDtlsTransport"), "__createDtlsTransport was renamed"
    assert "self.__transceivers: list" in source, "__transceivers was renamed"


def test_a_transceiver_carries_its_negotiated_codecs_and_bundling() -> None:
    source = inspect.getsource(aiortc.rtcpeerconnection)
    assert "transceiver._codecs = common" in source, "the negotiated codecs are kept elsewhere now"
    assert "transceiver._bundled = bundled" in source, "bundling is marked elsewhere now"


def test_dtls_keeps_its_incoming_srtp_session_and_sends_rtcp() -> None:
    source = inspect.getsource(aiortc.rtcdtlstransport.RTCDtlsTransport)
    assert "self._rx_srtp = Session(rx_policy)" in source, "the SRTP session for what comes in was renamed"
    assert inspect.iscoroutinefunction(aiortc.rtcdtlstransport.RTCDtlsTransport._send_rtp), "_send_rtp is no coroutine"
    for sends in (
        aiortc.rtcdtlstransport.RTCDtlsTransport._send_rtp,
        aioice.ice.Connection.send,
        aioice.ice.Connection.sendto,
        aioice.ice.StunProtocol.send_data,
    ):
        source = inspect.getsource(sends)
        assert source.count("await ") <= 1, f"{sends.__qualname__} may wait before it sends now"
    source = inspect.getsource(aiortc.rtcicetransport.RTCIceTransport)
    assert "self._send = self._connection.send" in source, "DTLS reaches the socket another way now"
    assert hasattr(pylibsrtp.Session, "unprotect_rtcp"), "pylibsrtp decrypts RTCP under another name"


def test_the_sender_has_an_ssrc_for_our_feedback() -> None:
    assert "self._ssrc" in inspect.getsource(RTCRtpSender), "the sender's SSRC was renamed"


def test_aioice_gathers_and_receives_where_we_step_in() -> None:
    parameters = inspect.signature(aioice.ice.Connection.get_component_candidates).parameters
    assert list(parameters) == ["self", "component", "addresses", "timeout"], "gathering has another signature"
    assert "self._protocols" in inspect.getsource(aioice.ice.Connection), "the list of sockets was renamed"
    assert list(inspect.signature(aioice.ice.StunProtocol.datagram_received).parameters) == ["self", "data", "addr"]


def test_the_table_of_codecs_is_one_list_that_takes_vp9() -> None:
    import media_server.aio.aiortc_tap  # noqa: F401  importing it adds VP9

    names = [codec.mimeType for codec in aiortc.codecs.CODECS["video"]]
    assert names.count("video/VP9") == 1


def test_aioice_queues_what_is_no_stun_where_we_step_in() -> None:
    assert list(inspect.signature(aioice.ice.Connection.data_received).parameters) == ["self", "data", "component"]
    assert "self._queue.put_nowait((data, component))" in inspect.getsource(aioice.ice.Connection.data_received), (
        "what DTLS has yet to read is kept elsewhere now"
    )


def test_aioice_says_who_the_sender_is_where_the_door_looks() -> None:
    source = inspect.getsource(aioice.ice.Connection.request_received)
    refused, answered = source.index("check_message_integrity"), source.index("message_class=stun.Class.RESPONSE")
    assert refused < answered < source.index("protocol.send_stun(response, addr)"), (
        "a success may go to somebody whose password was not looked at"
    )
    assert list(inspect.signature(aioice.ice.StunProtocol.send_stun).parameters) == ["self", "message", "addr"]
    received = inspect.getsource(aioice.ice.StunProtocol.datagram_received)
    assert "message.transaction_id in self.transactions" in received, "what checks of ours wait for is kept elsewhere"
    assert "self._nominated[pair.component] = pair" in inspect.getsource(aioice.ice.Connection.check_complete)
    assert "self._remote_candidates.append(remote_candidate)" in inspect.getsource(aioice.ice.Connection.check_incoming)
