"""`holdfast serve`."""

from pathlib import Path
from typing import Annotated

import typer

from web.cli.common import ConfigOption, DataOption, PublicUrlOption, fail, read_settings
from web.server import CannotServe, serve_until_stopped


def serve(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="The address to listen on; loopback by default.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="The TCP port to listen on.")] = None,
    public_url: PublicUrlOption = None,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate chain (PEM), to speak TLS ourselves.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's private key (PEM).")
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Serve candidates and HR until SIGTERM or Ctrl-C; every part is closed before it ends."""
    settings = read_settings(
        config, data, host=host, port=port, public_url=public_url, tls_cert=tls_cert, tls_key=tls_key
    )
    try:
        serve_until_stopped(settings)
    except CannotServe as error:
        fail(*error.lines)
