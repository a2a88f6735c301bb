"""What reading WebM can raise."""


class WebmError(ValueError):
    """The bytes are not the WebM that was expected: the file's fault, never ours."""


class TruncatedError(WebmError):
    """The bytes end in the middle of an element; what came before is good."""


class UnsupportedError(WebmError):
    """Valid WebM that we do not read."""
