"""The index of a file: which cluster to begin at for a time."""

from media_server.webm import ebml

SPARSE_MS = 10_000
"Sound alone is found well enough with a cue every ten seconds."

DENSE_MS = 1_000
"Two cues of a picture are at least this far apart."


class CueList:
    """Collects cues; when they outgrow their room, every other one goes and the rest stays even."""

    def __init__(self) -> None:
        self._cues: list[tuple[int, int, int]] = []

    def note(self, track: int, timestamp_ms: int, cluster_position: int, *, dense: bool) -> None:
        """Remember that `track` can be entered at `timestamp_ms`, in the cluster at this place of the segment."""
        distance = DENSE_MS if dense else SPARSE_MS
        if not self._cues or timestamp_ms - self._cues[-1][1] >= distance:
            self._cues.append((track, timestamp_ms, cluster_position))

    def payload(self, room: int) -> bytes:
        """The Cues element's content (RFC 9559 section 5.1.5), no longer than `room` octets."""
        while True:
            octets = b"".join(_cue_point(*cue) for cue in self._cues)
            if len(octets) <= room:
                return octets
            self._cues = self._cues[::2]


def _cue_point(track: int, timestamp_ms: int, cluster_position: int) -> bytes:
    return ebml.element(
        ebml.CUE_POINT,
        ebml.unsigned(ebml.CUE_TIME, timestamp_ms),
        ebml.element(
            ebml.CUE_TRACK_POSITIONS,
            ebml.unsigned(ebml.CUE_TRACK, track),
            ebml.unsigned(ebml.CUE_CLUSTER_POSITION, cluster_position),
        ),
    )
