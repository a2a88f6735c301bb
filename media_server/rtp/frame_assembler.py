"""One SSRC's packets in order, put together to frames that can be decoded."""

from collections.abc import Callable

from media_server.rtp.errors import PayloadError
from media_server.rtp.packet import Hole, MediaKind, RtpPacket, VideoFrame
from media_server.rtp.payload import Depacketiser, PayloadDescriptor
from media_server.rtp.sequence import TimestampUnwrapper

MAX_FRAME_SIZE = 4 * 1024 * 1024
"""Octets. No encoder at our bitrates comes near; a frame that never ends must not fill the memory."""

_FIRST_INTERVAL = 3000  # ticks of 90 kHz: at 30 frames/s the next frame is that far, until two were seen
_LONGEST_INTERVAL = 90_000  # a pause of the camera says nothing about its rate


class FrameAssembler:
    """Packets in order in, decodable frames and holes out.

    A frame that misses a packet is dropped, and so is every frame after it until the next keyframe: it refers to
    what is not there. The hole is told when that keyframe ends it, and reaches from the first frame missing to it.
    Lost packets whose absence leaves the picture IDs gapless were padding or layers that are not recorded.

    A frame without an end is incomplete although no sequence number is missing: libwebrtc throws away what it has
    not yet sent of a frame when a keyframe is ready behind it, and only then numbers the packets.
    """

    def __init__(self, ssrc: int, codec: Depacketiser, emit: Callable[[VideoFrame | Hole], None]) -> None:
        self._ssrc = ssrc
        self._codec = codec
        self._emit = emit
        self._timestamps = TimestampUnwrapper()
        self._decodable = False
        self._hole_start: int | None = None
        self._gap = False  # packets were given up and no frame has begun since
        self._fragments: list[bytes] = []
        self._size = 0
        self._timestamp = 0
        self._arrival = 0.0
        self._ends_are_told = False  # this sender marks the last packet of a frame
        self._descriptor: PayloadDescriptor | None = None  # of the newest frame's first packet
        self._last_timestamp: int | None = None  # of the newest frame handed out or told missing
        self._interval = _FIRST_INTERVAL

    @property
    def wants_keyframe(self) -> bool:
        """True while frames are being dropped for want of a keyframe."""
        return self._hole_start is not None

    def receive(self, packet: RtpPacket, arrival: float, lost: int) -> None:
        """Take the next packet, after `lost` that were given up.

        Raises :class:`PayloadError` when it cannot be read; it then counts as lost.
        """
        if lost:
            self._note_loss()
        payload = packet.payload
        if not payload:
            return  # padding: browsers probe the network with it
        timestamp = self._timestamps.unwrap(packet.timestamp)
        try:
            descriptor = self._codec.read_descriptor(payload)
            if descriptor.wanted:
                self._add(packet, descriptor, timestamp, arrival)
        except PayloadError:
            self._break_off(timestamp)
            raise

    def end(self) -> None:
        """Tell a hole that is still open; a frame that is still open is dropped."""
        if self._fragments:
            self._break_off(self._timestamp)
        if self._hole_start is not None:
            start, self._hole_start = self._hole_start, None
            self._last_timestamp = max(start, self._timestamp)
            self._emit(Hole(MediaKind.PICTURE, self._ssrc, start, self._last_timestamp + self._interval))

    def _add(self, packet: RtpPacket, descriptor: PayloadDescriptor, timestamp: int, arrival: float) -> None:
        if descriptor.begins_frame:
            self._begin(descriptor, timestamp, arrival)
        elif not self._fragments or timestamp != self._timestamp:
            self._break_off(timestamp)
            return
        fragment = packet.payload[descriptor.size :]
        self._fragments.append(fragment)
        self._size += len(fragment)
        self._arrival = min(self._arrival, arrival)
        if packet.marker or descriptor.ends_frame:
            self._ends_are_told = True
            self._complete()
        elif self._size > MAX_FRAME_SIZE:
            self._break_off(timestamp)

    def _begin(self, descriptor: PayloadDescriptor, timestamp: int, arrival: float) -> None:
        if self._fragments and self._ends_are_told:
            self._break_off(self._timestamp)
        elif self._fragments:
            self._complete()  # nothing is missing, so its sender sets no marker
        if self._gap and not self._follows(descriptor):
            self._break_off(timestamp)
        self._gap = False
        self._descriptor = descriptor
        self._timestamp = timestamp
        self._arrival = arrival

    def _follows(self, descriptor: PayloadDescriptor) -> bool:
        """True when the picture ID is the next after the last frame's, so that no frame is missing between them."""
        last = self._descriptor
        if last is None or last.picture_id is None or descriptor.picture_id is None:
            return False
        return descriptor.picture_id == (last.picture_id + 1) % last.picture_id_modulus

    def _complete(self) -> None:
        data = b"".join(self._fragments)
        self._fragments.clear()
        self._size = 0
        header = self._codec.read_frame_header(data)
        if header.keyframe:
            self._decodable = True
            self._end_hole()
        elif not self._decodable:
            self._break_off(self._timestamp)
            return
        self._measure_interval()
        frame = VideoFrame(
            self._ssrc, self._timestamp, data, header.keyframe, header.width, header.height, self._arrival
        )
        self._emit(frame)

    def _measure_interval(self) -> None:
        last = self._last_timestamp
        if last is not None and self._timestamp > last:
            self._interval = min(self._timestamp - last, _LONGEST_INTERVAL)
        self._last_timestamp = self._timestamp

    def _note_loss(self) -> None:
        self._gap = True
        if self._fragments:
            self._break_off(self._timestamp)

    def _break_off(self, timestamp: int) -> None:
        """Drop the open frame; from here on, or from the first frame not seen, nothing can be decoded."""
        self._fragments.clear()
        self._size = 0
        self._decodable = False
        self._descriptor = None
        if self._hole_start is None:
            self._hole_start = self._first_missing(timestamp)

    def _first_missing(self, timestamp: int) -> int:
        """The timestamp that the next frame should have had, unless an earlier one is known to be missing."""
        last = self._last_timestamp
        if last is None:
            return timestamp
        return timestamp if last < timestamp < last + self._interval else last + self._interval

    def _end_hole(self) -> None:
        if self._hole_start is not None:
            self._emit(Hole(MediaKind.PICTURE, self._ssrc, self._hole_start, self._timestamp))
            self._hole_start = None
