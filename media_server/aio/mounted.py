"""Whether the disk that holds the uploads is mounted, before anybody takes what is out of sight for lost."""

import asyncio

from db import deletion
from db.engine import Database
from media_server.aio.data_folder import MARK, DataFolder, DataFolderUnusable


async def check_mounted(database: Database, data_folder: DataFolder) -> None:
    """An empty mount point in place of the uploads would make every recording seem lost. Raises DataFolderUnusable."""
    async with database.reading() as db_session:
        known = await deletion.known_paths(db_session)
    is_bare = await asyncio.to_thread(data_folder.looks_unmounted)
    if known and is_bare:
        raise DataFolderUnusable(
            f"{data_folder.uploads_path} is empty, and the database names {len(known)} files in it. Mount the disk that "
            f"holds them and start again. If they are gone for good: mkdir {data_folder.uploads_path / MARK}"
        )
    await asyncio.to_thread(data_folder.mark_uploads)
