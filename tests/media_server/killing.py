"""A process that kills itself at a step of its choosing: the beginning of the programs that such tests run."""

KILL_AT = """
import asyncio, os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import event
from db.clock import SystemClock
from db.engine import Database
from media_server.aio.data_folder import DataFolder
from media_server.aio.recordings import Recordings

def kill_at(step):
    # Every change of the disk, the start of a process that works for us, and every commit counts as a step; the kill
    # comes just before it.
    count = 0
    def count_down(*_):
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
    def hook(name, arguments):
        made = name == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if name in {"os.link", "os.remove", "os.rmdir", "os.mkdir", "subprocess.Popen"}:
            count_down()
        elif made and str(arguments[0]).endswith(".partial"):
            count_down()
    sys.addaudithook(hook)
    return count_down
"""
"Defines `kill_at(step)`, whose result is called at every commit, and imports what those programs need."
