"""The migrations, oldest first in `versions/`. `db.migrate` runs them; nothing here is imported by hand."""
