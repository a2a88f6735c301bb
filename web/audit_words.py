"""The audit in words for people: what happened, who did it, what else is to be known."""

import json
from typing import Final

from db.audit import ActorKind, AuditEvent
from web.actors import What

EVENTS: Final = {
    AuditEvent.PLAYED: "Played the recording",
    AuditEvent.WATCHED_LIVE: "Watched live",
    AuditEvent.DOWNLOADED: "Took a copy",
    AuditEvent.EXPORTED: "Asked for an MP4",
    AuditEvent.UPLOADED: "Handed in",
    AuditEvent.RECORDING_STORED: "Stored the recording",
    AuditEvent.DELETED: "Deleted the recording",
    AuditEvent.HELD: "Put on legal hold",
    AuditEvent.HOLD_RELEASED: "Released from legal hold",
    AuditEvent.OWN_CODE_SENT: "Had a code sent",
    AuditEvent.OWN_OPENED: "Opened their own recording",
    AuditEvent.OWN_EXPORTED: "Took everything along",
    AuditEvent.OWN_RELEASED: "Let the candidate see their recording",
    AuditEvent.OWN_RELEASE_ENDED: "Took that back",
    AuditEvent.DELETION_REQUESTED: "Asked for deletion",
    AuditEvent.DELETION_GRANTED: "Granted the deletion",
    AuditEvent.INVITED: "Invited",
    AuditEvent.LINK_OPENED: "Opened the link",
    AuditEvent.LINK_SHOWN: "Looked at the link",
    AuditEvent.LINK_ISSUED: "Issued a new link",
    AuditEvent.LINK_REVOKED: "Revoked the link",
    AuditEvent.DEADLINE_CHANGED: "Changed the deadline",
    AuditEvent.ACCOMMODATED: "Granted accommodations",
    AuditEvent.JOB_ADDED: "Added a job",
    AuditEvent.JOB_CHANGED: "Changed a job",
    AuditEvent.JOB_ARCHIVED: "Archived a job",
    AuditEvent.JOB_UNARCHIVED: "Took a job out of the archive",
    AuditEvent.JOB_DELETED: "Deleted a job",
    AuditEvent.MEMBER_CHANGED: "Changed the team",
    AuditEvent.MEMBER_REMOVED: "Removed from the team",
    AuditEvent.SIGNED_IN: "Signed in",
    AuditEvent.SIGN_IN_FAILED: "Could not sign in",
    AuditEvent.SIGNED_OUT: "Signed out",
    AuditEvent.PASSWORD_CHANGED: "Changed the password",
    AuditEvent.TOKEN_MADE: "Made an API token",
    AuditEvent.TOKEN_REVOKED: "Revoked an API token",
    AuditEvent.AUDIT_EXPORTED: "Took a copy of the audit",
}
"""What happened, of what owners see; whatever is not here is told by its own name."""

WHAT: Final = {
    What.RECORDING.value: "the recording",
    What.PART.value: "part",
    What.MP4.value: "an MP4",
    What.ARCHIVE.value: "all of it as a ZIP",
    What.ANSWER.value: "the sound of answer",
    What.CAPTIONS.value: "the captions",
}

_BY: Final = {"password": "with a password", "link": "with a one-time link", "host": "vouched for by a host platform"}
_HASHES: Final = {"sha256": "SHA-256", "replaced": "in place of SHA-256"}
_HASH_SHOWN: Final = 12


def event_said(event: str) -> str:
    """What happened."""
    known = {word.value: said for word, said in EVENTS.items()}
    return known.get(event) or event.replace("_", " ").replace(".", " ").capitalize()


def actor_said(kind: str, name: str) -> str:
    """Who did it."""
    match kind:
        case ActorKind.CANDIDATE:
            return "The candidate"
        case ActorKind.SYSTEM:
            return "The server"
        case ActorKind.OPERATOR:
            return f"The operator{f', {name}' if name else ''}"
        case _:
            return name or "Somebody"


def details_said(details: str) -> str:
    """What else is to be known, in a few words; a hash shows its beginning."""
    told: dict[str, object] = json.loads(details)
    said = []
    if "what" in told:
        said.append(copy_said(told))
    for name, value in told.items():
        word = name.replace("_", " ")
        if name in {"what", "number", "as", "settings"} or value is None:
            continue
        if name == "by":
            said.append(_BY.get(str(value), str(value)))
        elif name in _HASHES:
            said.append(f"{_HASHES[name]} {str(value)[:_HASH_SHOWN]}…")
        elif name == "token":
            said.append(f"by a program, token {value}")
        elif value is True:
            said.append(word)
        else:
            said.append(f"{word} {value}")
    return ", ".join(said)


def copy_said(told: dict[str, object]) -> str:
    """Of what there is a copy: `the recording`, `part 2`."""
    what = WHAT.get(str(told.get("what")), str(told.get("what", "something")))
    return f"{what} {told['number']}" if told.get("number") is not None else what
