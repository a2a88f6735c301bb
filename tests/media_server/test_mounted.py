"""Uploads whose disk is not mounted are not taken for lost, at the start and while the server runs."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from media_server.aio.data_folder import UPLOADS, DataFolderUnusable
from media_server.aio.mounted import check_mounted
from tests.media_server.house import House


@contextmanager
def unmounted(house: House) -> Iterator[None]:
    """What lies below a mount point."""
    gone = house.uploads.with_name("gone")
    house.uploads.rename(gone)
    house.uploads.mkdir()
    yield
    house.uploads.rmdir()
    gone.rename(house.uploads)


async def test_a_start_below_an_unmounted_disk_is_refused_until_it_is_there(house: House) -> None:
    await check_mounted(house.database, house.data_folder)
    await house.interview("one")
    with unmounted(house):
        with pytest.raises(DataFolderUnusable, match="Mount the disk"):
            await check_mounted(house.database, house.data_folder)
        assert list(house.uploads.iterdir()) == []
    await check_mounted(house.database, house.data_folder)


async def test_whoever_lost_everything_says_so_with_one_folder(house: House) -> None:
    await house.interview("one")
    with unmounted(house):
        (house.uploads / ".here").mkdir()
        await check_mounted(house.database, house.data_folder)
        (house.uploads / ".here").rmdir()


async def test_a_disk_that_is_unmounted_meanwhile_is_neither_read_nor_written(house: House) -> None:
    await house.interview("one")
    files = house.data_folder.files
    house.data_folder.pin_uploads()
    (path,) = [found.path for found in files.walk(UPLOADS)]
    with unmounted(house):
        for doing in (
            lambda: files.stat(path),
            lambda: files.remove(path),
            lambda: files.create(f"{UPLOADS}/new/file"),
            lambda: files.names_in(UPLOADS),
            house.data_folder.room,
        ):
            with pytest.raises(OSError, match="another disk") as said:
                doing()
            assert said.value.errno == errno.ESTALE
        assert list(house.uploads.iterdir()) == []
    assert files.stat(path) is not None
