"""What is told to those who watch an interview while it is recorded."""

from typing import Annotated

from pydantic import Field

from web.schema.base import Schema


class PartSeen(Schema):
    """One part, as far as it can be watched."""

    n: int
    "Its number."
    open: bool
    "Whether it is being written. Others are played from `parts/{n}`."
    duration_ms: int
    "What of it is saved."
    end: int | None
    "Octets of it that are saved; null for a part that was written before the server started."


class WatchNews(Schema):
    """What there is to see; the data of each event of the stream."""

    state: str
    "Of the interview. When it is neither `in_progress` nor `interrupted`, this was the last event."
    saved_ms: int
    "How much of the whole interview is saved."
    silent: bool
    "Whether a microphone was agreed on and no sound arrives."
    parts: list[PartSeen]


class ClusterSeen(Schema):
    """Where the part can be entered."""

    position: int
    "Where the cluster begins, octets from the start of the file."
    timestamp_ms: int
    "Of its first block, milliseconds of the part."
    keyframe: bool
    "Whether that block is a picture that can be shown without any before it."


class PartIndex(Schema):
    """Where an open part can be entered, as far as it is saved."""

    n: int
    end: int
    "Octets that are saved."
    clusters: list[ClusterSeen]


class IndexAsked(Schema):
    """Which entries are wanted."""

    after: Annotated[int, Field(ge=-1, le=2**53)] = -1
    "Only clusters that begin behind this position."


class ClustersAsked(Schema):
    """Which octets are wanted."""

    start: Annotated[int, Field(ge=0, le=2**53)]
    "The position of a cluster, or where the last answer ended."
    end: Annotated[int, Field(ge=1, le=2**53)]
    "Where the answer is to end; at most a megabyte is sent at once."
