"""One record: what is appended and what is believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.webm.errors import TruncatedError, WebmError
from media_server.webm.record import encode_record, read_record


@given(
    track=st.integers(1, 126),
    cluster_ms=st.integers(0, 2**32 - 1),
    offset=st.integers(0, 32_767),
    data=st.binary(max_size=500),
    keyframe=st.booleans(),
    opens=st.booleans(),
    before=st.binary(max_size=50),
)
@settings(deadline=None)
def test_a_record_comes_back(
    track: int, cluster_ms: int, offset: int, data: bytes, keyframe: bool, opens: bool, before: bytes
) -> None:
    encoded = encode_record(
        track, cluster_ms + offset, data, keyframe=keyframe, cluster_ms=cluster_ms, opens_cluster=opens
    )
    octets = before + encoded
    record = read_record(octets, len(before), len(octets), cluster_ms)
    assert (record.track, record.timestamp_ms, record.keyframe) == (track, cluster_ms + offset, keyframe)
    assert octets[record.data_start : record.data_end] == data
    assert (record.start, record.end, record.opens_cluster) == (len(before), len(octets), opens)


RECORD = encode_record(1, 70, b"payload" * 40, keyframe=True, cluster_ms=50, opens_cluster=True)


def test_a_record_that_is_cut_off_anywhere_says_so() -> None:
    for length in range(1, len(RECORD)):
        with pytest.raises(TruncatedError):
            read_record(RECORD[:length], 0, length, None)


def test_no_changed_octet_is_believed() -> None:
    for place in range(len(RECORD)):
        changed = bytearray(RECORD)
        changed[place] ^= 0x55
        with pytest.raises(WebmError):
            read_record(changed, 0, len(changed), 0)


def test_a_block_outside_of_a_cluster_is_not_believed() -> None:
    octets = encode_record(1, 70, b"payload", keyframe=True, cluster_ms=50, opens_cluster=False)
    with pytest.raises(WebmError, match="cluster"):
        read_record(octets, 0, len(octets), None)


@given(st.binary(max_size=100))
@settings(deadline=None)
def test_garbage_is_never_believed(garbage: bytes) -> None:
    with pytest.raises(WebmError):
        read_record(garbage, 0, len(garbage), 0)
