"""One part, from RTP packets to file actions: the core of the capture path.

Feed it (`receive_…`, `tick`, `handle_timeout`), then drain :meth:`Recorder.actions`. It knows no
clock, no socket and no file; the shell in ``media_server/aio/capture.py`` carries its actions out.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from media_server.recording.bitrate import BitrateWindows, CapSettings, CapVerdict, CapWatch
from media_server.recording.events import Arrived, EndReason, PartGap, PartReport, Trouble
from media_server.recording.progress import Progress
from media_server.rtp.loss import LossSettings
from media_server.rtp.media_time import SOUND_LAG_MS, STAMPED_EARLY_MS, MediaTime, SenderClock
from media_server.rtp.opus import SAMPLE_RATE, conceal
from media_server.rtp.packet import Hole, KeyframeWish, MediaKind, Nack, RtpPacket, SoundFrame, VideoCodec, VideoFrame
from media_server.rtp.sound_track import SoundTrack
from media_server.rtp.video_track import VideoTrack
from media_server.webm.actions import FileAction
from media_server.webm.open_index import OpenIndex
from media_server.webm.writer import MAX_PIXELS, TrackEntry, WebmWriter

SAMPLES_PER_MS = SAMPLE_RATE / 1000

PICTURE_TRACK = 1
SOUND_TRACK = 2

MOST_BESIDE_ARRIVAL_MS = 1_000
"A sender's clock that puts a moment farther from its arrival than this is not believed."

STALL_MS = 2_000
"A picture that stands still for longer than this is written down as a gap."

LOST, STALLED = "lost", "stalled"


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """What a recorder goes by."""

    loss: LossSettings
    "When missing packets are asked for and given up."
    video_cap: CapSettings
    "What the picture may weigh."
    audio_cap: CapSettings
    "What the sound may weigh."
    keyframe_interval_s: float = 10.0
    "A keyframe is asked for when none came for this long."


@dataclass(frozen=True, slots=True)
class SlowDown:
    """The sender stays above its cap; tell it."""

    bps: int
    "What was measured."


@dataclass(frozen=True, slots=True)
class EndForOverCap:
    """The sender stays above its cap although it was told; end it."""

    bps: int
    "What was measured."


RecorderAction = FileAction | Nack | KeyframeWish | PartGap | SlowDown | EndForOverCap


class Recorder:
    """Packets in, actions out."""

    def __init__(
        self, video_codec: VideoCodec | None, *, has_sound: bool, settings: RecorderSettings, started_at_ns: int
    ) -> None:
        self._settings = settings
        self._video_codec = video_codec
        self._picture = None if video_codec is None else VideoTrack(video_codec, settings.loss)
        self._sound = SoundTrack(settings.loss) if has_sound else None
        self._time = MediaTime(sound_lag_ms=SOUND_LAG_MS, stamped_early_ms=STAMPED_EARLY_MS)
        self._writer = WebmWriter(_entries(video_codec, has_sound=has_sound), started_at_ns=started_at_ns)
        self._actions: deque[RecorderAction] = deque(self._writer.open())
        self._windows = BitrateWindows()
        self._progress = Progress()
        self._caps = {MediaKind.PICTURE: CapWatch(settings.video_cap), MediaKind.SOUND: CapWatch(settings.audio_cap)}
        self._warned = False
        self._picture_gap: str | None = None
        self._sound_gap: str | None = None
        self._picture_end_ms: int | None = None
        self._held: Trouble | None = None
        self._wants_keyframe = False
        self._picture_ssrc: int | None = None
        self._last_keyframe = 0.0
        self._size: tuple[int, int] | None = None
        self._last_opus = b""
        self._concealed_samples = 0
        self.has_begun = False
        "Whether there is anything to play yet."

    # Feed ----------------------------------------------------------------------------

    def receive_packet(self, kind: MediaKind, packet: RtpPacket, now: float) -> None:
        """Take one RTP packet of either track; `now` in seconds, monotonic."""
        self._caps[kind].receive(len(packet.payload))
        track = self._picture if kind is MediaKind.PICTURE else self._sound
        if track is not None:
            track.receive_packet(packet, now)
            self._drain(track, now)

    def receive_sender_report(
        self, kind: MediaKind, ssrc: int, ntp_seconds: float, rtp_timestamp: int, now: float
    ) -> None:
        """Take a sender report (RFC 3550 section 6.4.1): the sender's wall clock beside its RTP clock."""
        self._time.receive_sender_report(kind, ssrc, ntp_seconds, rtp_timestamp, now)

    def receive_encode_start(self, waited_ms: int, now: float) -> None:
        """Take how long a picture, by its own stamp, had waited for its encoding."""
        self._time.receive_encode_start(waited_ms / 1000, now)

    def receive_synced(self, length: int) -> None:
        """Hear that the file is safe up to `length` bytes."""
        self._progress.synced(length)
        self._writer.index.synced(length)

    def handle_timeout(self, now: float) -> None:
        """Call when :meth:`next_timeout` is reached."""
        for track in (self._picture, self._sound):
            if track is not None:
                track.handle_timeout(now)
                self._drain(track, now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` wants to be called; None while nothing is missing."""
        timeouts = [track.next_timeout() for track in (self._picture, self._sound) if track is not None]
        return min((timeout for timeout in timeouts if timeout is not None), default=None)

    def tick(self, now: float) -> None:
        """Call once a second: caps, and a keyframe when the last one is long ago."""
        self._judge_caps(now)
        overdue = now - self._last_keyframe > self._settings.keyframe_interval_s
        if self._picture_ssrc is not None and self._last_keyframe and (overdue or self._wants_keyframe):
            self._actions.append(KeyframeWish(self._picture_ssrc))

    def hold(self, now: float, why: Trouble) -> None:
        """Write nothing more for now: nothing can be saved. What arrives meanwhile becomes a gap."""
        self._held = why
        self._progress.hold(now)

    def release(self) -> None:
        """It can be saved again: go on with the next keyframe."""
        if self._held is None:
            return
        self._picture_gap = self._sound_gap = self._held.value
        self._held = None
        self._progress.release()
        self._wants_keyframe = True
        if self._picture_ssrc is not None:
            self._actions.append(KeyframeWish(self._picture_ssrc))

    def close(self, now: float) -> None:
        """End the part: hand out what is whole, then close the file in place."""
        for track in (self._sound, self._picture):
            if track is not None:
                track.flush(now)
                self._drain(track, now)
        self._actions.extend(self._writer.close())

    def reopen(self) -> None:
        """Go on in the same part after :meth:`close`."""
        self._actions.extend(self._writer.reopen())

    # Drain ----------------------------------------------------------------------------

    def actions(self) -> Iterator[RecorderAction]:
        """Hand out what is to be done, in order, until nothing is left."""
        while self._actions:
            yield self._actions.popleft()

    @property
    def saved_ms(self) -> int:
        """Milliseconds of the part that are synced."""
        return self._progress.saved_ms

    @property
    def index(self) -> OpenIndex:
        """Where the part can be entered, and how much of its file is synced."""
        return self._writer.index

    def received_ms(self, now: float) -> int:
        """Milliseconds of the part that have arrived, written or not."""
        return self._progress.received_ms(now)

    def arrived(self) -> Arrived:
        """What of its packets arrived so far."""
        tracks = [track.statistics() for track in (self._picture, self._sound) if track is not None]
        return Arrived(
            received=sum(track.received for track in tracks),
            lost=sum(track.lost for track in tracks),
            recovered=sum(track.recovered for track in tracks),
            concealed_ms=round(self._concealed_samples / SAMPLES_PER_MS),
        )

    def locate(self, ntp_seconds: float | None, arrival: float, *, final: bool) -> int | None:
        """Milliseconds of the part for a moment that the sender's wall clock showed as `ntp_seconds`.

        `arrival` is the same moment by our own clock, as well as it is known: what remains where the sender's clock is
        not known, makes no sense, or lies more than a second beside it. None before the first frame and, unless
        `final`, while sender reports can still be expected to tell.
        """
        by_arrival = self._time.map_arrival(arrival)
        if by_arrival is None:
            return None
        mapped = None if ntp_seconds is None else self._time.map_ntp(ntp_seconds)
        kind = MediaKind.PICTURE if self._sound is None else MediaKind.SOUND
        is_awaited = ntp_seconds is not None and not self._time.knows_clock(kind)
        if is_awaited and self._time.sender_clock is not SenderClock.DISTRUSTED and not final:
            return None
        is_sensible = mapped is not None and abs(mapped - by_arrival) <= MOST_BESIDE_ARRIVAL_MS
        return max(0, round(mapped if mapped is not None and is_sensible else by_arrival))

    def report(self, reason: EndReason) -> PartReport:
        """Tell what the part holds."""
        duration = self._writer.duration_ms
        used = self._writer.tracks_used
        has_picture = PICTURE_TRACK in used and self._video_codec is not None
        return PartReport(
            reason=reason,
            duration_ms=duration,
            size_bytes=self._writer.size,
            video_codec=str(self._video_codec) if has_picture else None,
            audio_codec="opus" if SOUND_TRACK in used else None,
            width=self._size[0] if self._size else None,
            height=self._size[1] if self._size else None,
            windows=self._windows.measured(duration),
        )

    # Inside ---------------------------------------------------------------------------

    def _drain(self, track: VideoTrack | SoundTrack, now: float) -> None:
        for action in track.actions():
            match action:
                case SoundFrame():
                    self._write_sound(action)
                case VideoFrame():
                    self._write_picture(action, now)
                case Nack() | KeyframeWish():
                    self._actions.append(action)
                case Hole(MediaKind.PICTURE):
                    self._picture_gap = self._picture_gap or LOST
                case Hole():
                    self._sound_gap = self._sound_gap or LOST

    def _write_picture(self, frame: VideoFrame, now: float) -> None:
        self._picture_ssrc = frame.ssrc
        if frame.keyframe:
            self._last_keyframe = now
            self._wants_keyframe = False
        if self._held or self._wants_keyframe:
            return
        at = self._time.place_picture(frame)
        self._note_picture_gap(at)
        if frame.keyframe and self._size is None:
            self._note_size(frame.width or 0, frame.height or 0)
        self._add_block(MediaKind.PICTURE, at, at, frame.data, keyframe=frame.keyframe)

    def _note_size(self, width: int, height: int) -> None:
        # VP9 can claim 65536 pixels and VP8 none; no camera does.
        if 0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS:
            self._size = (width, height)
            self._actions.extend(self._writer.set_picture_size(width, height))

    def _note_picture_gap(self, at: int) -> None:
        last, self._picture_end_ms = self._picture_end_ms, at
        reason, self._picture_gap = self._picture_gap, None
        if last is None:
            return  # whatever was missing before the first picture is no hole in it
        if reason is None and at - last > STALL_MS:
            reason = STALLED
        if reason is not None:
            self._actions.append(PartGap(MediaKind.PICTURE, last, at, reason))

    def _write_sound(self, frame: SoundFrame) -> None:
        if self._held:
            return
        place = self._time.place_sound(frame)
        if place.lost_samples and self._last_opus:
            self._fill(place.start_ms, place.lost_samples)
        self._sound_gap = None
        self._last_opus = frame.data
        end = round(place.start_ms + frame.samples / SAMPLES_PER_MS)
        self._add_block(MediaKind.SOUND, round(place.start_ms), end, frame.data, keyframe=True)

    def _fill(self, end_ms: float, samples: int) -> None:
        """Fill lost sound with packets that the decoder conceals: browsers skip holes in sound."""
        at = end_ms - samples / SAMPLES_PER_MS
        self._concealed_samples += samples
        self._actions.append(PartGap(MediaKind.SOUND, round(at), round(end_ms), self._sound_gap or STALLED))
        for piece in conceal(self._last_opus, samples):
            after = at + piece.samples / SAMPLES_PER_MS
            self._add_block(MediaKind.SOUND, round(at), round(after), piece.data, keyframe=True)
            at = after

    def _add_block(self, kind: MediaKind, at: int, end: int, data: bytes, *, keyframe: bool) -> None:
        track = PICTURE_TRACK if kind is MediaKind.PICTURE else SOUND_TRACK
        self._actions.extend(self._writer.add_block(track, at, data, keyframe=keyframe))
        self.has_begun = True
        self._windows.add(kind, at, len(data))
        self._progress.written(self._writer.size, end)

    def _judge_caps(self, now: float) -> None:
        verdicts = {kind: watch.tick(now) for kind, watch in self._caps.items()}
        bps = sum(watch.bps for watch in self._caps.values())
        if CapVerdict.END in verdicts.values():
            self._actions.append(EndForOverCap(bps))
        elif CapVerdict.SLOW_DOWN in verdicts.values() and not self._warned:
            self._warned = True
            self._actions.append(SlowDown(bps))


def _entries(video_codec: VideoCodec | None, *, has_sound: bool) -> list[TrackEntry]:
    entries = []
    if video_codec is not None:
        entries.append(TrackEntry.picture(PICTURE_TRACK, video_codec))
    if has_sound:
        entries.append(TrackEntry.sound(SOUND_TRACK))
    return entries
