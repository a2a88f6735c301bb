"""What links begin with when a command makes them beside the server, which may have been started with other flags."""

from typing import Final

from media_server.aio.data_folder import DataFolder
from web.settings import Settings

_WHERE_IT_LISTENS: Final = frozenset({"host", "port", "tls_cert"})
"Settings that an address follows from where no public one is given."


def link_base(settings: Settings, data_folder: DataFolder) -> str:
    """What a link has to begin with to reach the server, without a slash at its end.

    A public address that was set counts before all. A running server says its own, and so does one that ran here last,
    unless the settings say where the next one will listen.
    """
    web = settings.web
    if web.public_url is not None:
        return web.public_url
    if web.model_fields_set & _WHERE_IT_LISTENS and not data_folder.is_held():
        return web.base_url
    return data_folder.noted_address() or web.base_url
