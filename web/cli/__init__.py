"""`holdfast` on the command line (docs/operate.md)."""

from web.cli.root import app, main

__all__ = ["app", "main"]
