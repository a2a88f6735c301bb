"""What a part really weighs, told from the walk over its blocks that mending makes."""

from media_server.recording.bitrate import BitrateWindows
from media_server.recording.events import BitrateWindow
from media_server.rtp.packet import MediaKind
from media_server.webm.mend import WINDOW_MS, MendPlan
from media_server.webm.track_entry import TrackType


def mean_kbps(plan: MendPlan, kind: TrackType) -> float | None:
    """Picture or sound, averaged over the part; None when there is none."""
    octets = sum(track.octets for track in plan.tracks if track.entry.type is kind)
    return round(octets * 8 / plan.duration_ms, 1) if octets and plan.duration_ms else None


def measured_windows(plan: MendPlan) -> tuple[BitrateWindow, ...]:
    """The bitrates window by window."""
    windows = BitrateWindows()
    for track in plan.tracks:
        kind = MediaKind.PICTURE if track.entry.type is TrackType.VIDEO else MediaKind.SOUND
        for index, octets in track.windows.items():
            windows.add(kind, index * WINDOW_MS, octets)
    return windows.measured(plan.duration_ms)
