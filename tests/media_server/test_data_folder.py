"""The data folder on a real disk: layout, lock, and that nothing is reached outside it."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.aio.contained_files import ContainedFiles, FoundFile, OutsideFolder
from media_server.aio.data_folder import DataFolder, DataFolderHeld, DataFolderUnusable


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(files: ContainedFiles, path: str, data: bytes = b"data") -> None:
    descriptor = files.create(path)
    os.write(descriptor, data)
    os.close(descriptor)


def read(files: ContainedFiles, path: str) -> bytes:
    with os.fdopen(files.open(path), "rb") as file:
        return file.read()


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder.open(tmp_path / "some" / "data")


# --- layout ----------------------------------------------------------------------------


def test_a_new_folder_is_for_its_owner_alone(folder: DataFolder) -> None:
    assert {path.name for path in folder.path.iterdir()} == {"uploads", "server.key"}
    assert (mode(folder.path), mode(folder.uploads_path), mode(folder.key_path)) == (0o700, 0o700, 0o600)
    assert folder.open_to_others() == []
    folder.key_path.chmod(0o644)
    assert folder.open_to_others() == [folder.key_path]


def test_the_key_stays(folder: DataFolder) -> None:
    key = folder.server_key()
    assert len(key) == 32
    assert DataFolder.open(folder.path).server_key() == key


def test_two_that_start_at_once_share_a_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    begin = threading.Barrier(8)

    def start() -> None:
        begin.wait()
        keys.append(DataFolder.open(tmp_path / "data").server_key())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"uploads", "server.key"}


def test_a_damaged_key_is_named(folder: DataFolder) -> None:
    folder.key_path.write_bytes(b"short")
    with pytest.raises(DataFolderUnusable, match="damaged"):
        folder.server_key()


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataFolderUnusable, match="cannot be used"):
        DataFolder.open(tmp_path / "data")


def test_the_folder_itself_may_be_a_link_but_uploads_may_not(folder: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder.path)
    linked = DataFolder.open(tmp_path / "link")
    write(linked.files, "uploads/a")
    assert (folder.uploads_path / "a").exists()
    (folder.uploads_path / "a").unlink()
    folder.uploads_path.rmdir()
    folder.uploads_path.symlink_to(tmp_path)
    with pytest.raises(DataFolderUnusable, match="is a link"):
        DataFolder.open(folder.path)


def test_the_room_is_that_of_the_disk(folder: DataFolder) -> None:
    room = folder.room()
    assert room.mount_point.is_mount()
    assert room.mount_point.stat().st_dev == folder.path.stat().st_dev
    assert 0 < room.free_bytes <= room.total_bytes


# --- lock ------------------------------------------------------------------------------


def test_one_holder_at_a_time(folder: DataFolder) -> None:
    with folder.held(), pytest.raises(DataFolderHeld, match=f"process {os.getpid()}"), DataFolder(folder.path).held():
        pytest.fail("held twice")
    with folder.held():
        assert mode(folder.path / "lock") == 0o600


def test_a_killed_holder_lets_go(folder: DataFolder) -> None:
    program = (
        "import sys, time; from pathlib import Path; from media_server.aio.data_folder import DataFolder\n"
        "with DataFolder(Path(sys.argv[1])).held():\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, folder.path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataFolderHeld, match=f"process {holder.pid}"), folder.held():
            pytest.fail("held twice")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with folder.held():
        pass


# --- files below the folder -------------------------------------------------------------


def test_files_and_their_folders_are_for_the_owner_alone(folder: DataFolder) -> None:
    write(folder.files, "uploads/John_Doe/.parts/one/0001.webm", b"media")
    file = folder.path / "uploads/John_Doe/.parts/one/0001.webm"
    assert mode(file) == 0o600
    assert {mode(parent) for parent in list(file.parents)[:4]} == {0o700}
    assert read(folder.files, "uploads/John_Doe/.parts/one/0001.webm") == b"media"


def test_nothing_is_ever_replaced(folder: DataFolder) -> None:
    write(folder.files, "uploads/a", b"first")
    write(folder.files, "uploads/b", b"second")
    with pytest.raises(FileExistsError):
        folder.files.create("uploads/a")
    with pytest.raises(FileExistsError):
        folder.files.link("uploads/a", "uploads/b")
    assert (read(folder.files, "uploads/a"), read(folder.files, "uploads/b")) == (b"first", b"second")


def test_a_second_name_and_the_first_removed(folder: DataFolder) -> None:
    write(folder.files, "uploads/a", b"first")
    folder.files.link("uploads/a", "uploads/b")
    assert folder.files.remove("uploads/a")
    assert not folder.files.remove("uploads/a")
    assert not folder.files.remove("uploads/missing/folder")
    assert read(folder.files, "uploads/b") == b"first"
    assert folder.files.stat("uploads/a") is None


def test_only_empty_folders_are_removed(folder: DataFolder) -> None:
    write(folder.files, "uploads/John_Doe/a")
    assert not folder.files.remove_empty_folder("uploads/John_Doe")
    folder.files.remove("uploads/John_Doe/a")
    assert folder.files.remove_empty_folder("uploads/John_Doe")
    assert not folder.files.remove_empty_folder("uploads/John_Doe")
    with pytest.raises(NotADirectoryError):
        folder.files.remove_empty_folder("server.key")


def test_a_walk_meets_everything_but_folders(folder: DataFolder, tmp_path: Path) -> None:
    write(folder.files, "uploads/b/.parts/one/0001.webm", b"12345")
    write(folder.files, "uploads/a", b"1")
    (folder.uploads_path / "link").symlink_to(tmp_path)  # met, not followed
    assert [(found.path, found.size_bytes) for found in folder.files.walk("uploads")] == [
        ("uploads/a", 1),
        ("uploads/b/.parts/one/0001.webm", 5),
        ("uploads/link", len(str(tmp_path))),
    ]
    assert list(folder.files.walk("nowhere")) == []
    assert FoundFile("uploads/a", 1) in list(folder.files.walk("uploads"))


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "..", "../data/server.key", "uploads/../server.key", "uploads//a", "./a", "a/", "a\0b"]
)
def test_paths_that_are_not_below(folder: DataFolder, path: str) -> None:
    for action in (folder.files.open, folder.files.create, folder.files.remove, folder.files.stat):
        with pytest.raises(OutsideFolder):
            action(path)


def test_no_link_is_followed(folder: DataFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (folder.uploads_path / "file").symlink_to(outside / "secret")
    (folder.uploads_path / "folder").symlink_to(outside)
    (folder.uploads_path / "inside").symlink_to(folder.key_path)
    for path in ("uploads/file", "uploads/folder/secret", "uploads/inside"):
        with pytest.raises(OutsideFolder):
            folder.files.open(path)
    for path in ("uploads/folder/new", "uploads/folder/deep/new"):
        with pytest.raises(OutsideFolder):
            folder.files.create(path)
    with pytest.raises(OutsideFolder):
        folder.files.remove("uploads/folder/secret")
    write(folder.files, "uploads/own")
    with pytest.raises(OutsideFolder):
        folder.files.link("uploads/own", "uploads/folder/own")
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert folder.files.remove("uploads/file")  # the link, not what it points to
    assert (outside / "secret").read_text() == "secret"


def test_pipes_and_folders_are_no_files(folder: DataFolder) -> None:
    os.mkfifo(folder.uploads_path / "pipe")
    for path in ("uploads/pipe", "uploads"):
        with pytest.raises(OutsideFolder):
            folder.files.open(path)


@settings(deadline=None, max_examples=200)
@given(path=st.text(st.sampled_from("ab./\0"), max_size=12))
def test_whatever_the_path_it_stays_below(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    around = tmp_path_factory.mktemp("around")
    (around / "root").mkdir()
    files = ContainedFiles(around / "root")
    try:
        write(files, path)
    except (OutsideFolder, OSError):
        pass
    else:
        assert (around / "root" / path).read_bytes() == b"data"
    assert [entry.name for entry in around.iterdir()] == ["root"]


def test_no_descriptor_is_left_open(folder: DataFolder) -> None:
    count = open_descriptors()
    for path in ("uploads/a/b", "uploads/a/b", "../x", "uploads/a/b/c"):
        try:
            os.close(folder.files.create(path))
            os.close(folder.files.open(path))
        except (OSError, OutsideFolder):
            pass
    list(folder.files.walk("uploads"))
    folder.files.stat("uploads/none/such")
    assert open_descriptors() == count
