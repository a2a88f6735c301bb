"""The command line, put together."""

import typer

from web.cli import audit, backups, holds, interviews, links, people, tokens
from web.cli.adopt import import_old
from web.cli.doctor import doctor
from web.cli.jobs import jobs
from web.cli.migrate_add_video import migrate_add_video
from web.cli.serve import serve
from web.cli.sweep import sweep
from web.cli.upkeep import mend

app = typer.Typer(
    name="holdfast",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Records interviews in the browser so that nothing is lost.",
)
app.command()(serve)
people.users.add_typer(tokens.app)
app.add_typer(people.users, name="user")
app.add_typer(people.jobs, name="job")
interviews.app.add_typer(links.app)
interviews.app.add_typer(holds.app)
app.add_typer(interviews.app, name="interview")
app.add_typer(audit.app, name="audit")
app.command()(mend)
app.command()(sweep)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(jobs)
app.command()(doctor)
app.command()(migrate_add_video)
app.command("import")(import_old)


def main() -> None:
    """The entry point that pyproject.toml names."""
    app()
