"""How long Opus packets last, against RFC 6716 and the decoder itself."""

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext
from hypothesis import given
from hypothesis import strategies as st

from media_server.rtp import opus
from media_server.rtp.errors import PayloadError
from tests.fakes.rtp_sender import encoded_sound
from tests.media_server.rtp.bounds import bounded

# RFC 6716 table 2, written out in milliseconds.
TABLE = [10, 20, 40, 60] * 3 + [10, 20] * 2 + [2.5, 5, 10, 20] * 4


@pytest.mark.parametrize("configuration", range(32))
def test_every_configuration(configuration: int) -> None:
    frame = int(TABLE[configuration] * 48)
    for stereo in (0, 4):
        toc = configuration << 3 | stereo
        assert opus.frame_samples(toc) == frame
        assert opus.packet_samples(bytes([toc])) == frame
        assert opus.packet_samples(bytes([toc | 1, 0, 0])) == 2 * frame
        assert opus.packet_samples(bytes([toc | 2, 1, 0, 0])) == 2 * frame
        most = 5760 // frame
        for count in range(1, most + 1):
            assert opus.packet_samples(bytes([toc | 3, 0xC0 | count])) == count * frame
        for count in (0, most + 1):
            with pytest.raises(PayloadError):
                opus.packet_samples(bytes([toc | 3, count]))


@pytest.mark.parametrize("packet", [b"", b"\x7b"], ids=["empty", "no frame count"])
def test_packets_cut_short(packet: bytes) -> None:
    with pytest.raises(PayloadError):
        opus.packet_samples(packet)


def test_real_packets() -> None:
    assert {opus.packet_samples(packet) for packet in encoded_sound()} == {960}


@bounded
@given(st.binary(max_size=10))
def test_nothing_but_the_documented_error(packet: bytes) -> None:
    try:
        assert 0 < opus.packet_samples(packet) <= opus.MAX_SAMPLES
    except PayloadError:
        return


@bounded
@given(st.integers(0, 255), st.integers(-1000, 100_000))
def test_concealment_fills_as_far_as_frame_sizes_allow(toc: int, samples: int) -> None:
    pieces = list(opus.conceal(bytes([toc, 1, 2, 3]), samples))
    smallest = 120 if toc >> 3 >= 16 else 480
    filled = sum(piece.samples for piece in pieces)
    assert 0 <= max(samples, 0) - filled < smallest
    for piece in pieces:
        assert len(piece.data) == 1
        assert opus.packet_samples(piece.data) == piece.samples <= opus.frame_samples(toc)
        assert piece.data[0] & 0x07 == toc & 0x04  # the same channels, code 0


def test_a_stretch_of_whole_frames_is_filled_with_the_same() -> None:
    pieces = list(opus.conceal(encoded_sound()[0], 4 * 960))
    assert pieces == [(bytes([encoded_sound()[0][0] & 0xFC]), 960)] * 4


def test_what_is_left_over_takes_smaller_frames() -> None:
    sixty = bytes([3 << 3])
    assert [piece.samples for piece in opus.conceal(sixty, 2880 + 1920 + 480 + 7)] == [2880, 1920, 480]


def test_nothing_precedes() -> None:
    with pytest.raises(PayloadError):
        list(opus.conceal(b"", 960))


def test_a_decoder_conceals_exactly_that_long() -> None:
    """Lost sound, filled, decodes to as many samples as were sent, and not to silence."""
    sound = encoded_sound()
    filling = [piece.data for piece in opus.conceal(sound[19], 3 * 960)]
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate = 48000
    decoder.layout = "mono"
    decoded = [
        frame.to_ndarray() for data in sound[:20] + filling + sound[23:] for frame in decoder.decode(av.Packet(data))
    ]
    assert sum(frame.shape[-1] for frame in decoded) == 960 * len(sound)
    assert np.abs(decoded[20].astype(float)).max() > 0
