"""The one error that reading a peer's RTP payload can raise."""


class PayloadError(ValueError):
    """The payload is not what its RFC describes: cut short, or with a value that is not allowed. The peer's fault."""
