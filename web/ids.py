"""Row ids in paths."""

from aiohttp import web as aioweb

from db.errors import NotFound


def row_id(request: aioweb.Request, name: str) -> int:
    """The number that the path has under this name. Raises NotFound for what no row can be called."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit() or len(text) > len(str(2**31)):
        raise NotFound(f"{text!r} is no id")
    return int(text)
