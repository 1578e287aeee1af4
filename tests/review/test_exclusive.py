"""Work that one process does at a time, and that the next may do as soon as that one is gone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from review.database import open_database
from review.exclusive import Busy, exclusive
from review.settings import Settings

HOLD = """
import sys, time
from pathlib import Path
from review.database import open_database
from review.exclusive import exclusive
from review.settings import Settings
with exclusive(open_database(Settings(data_dir=Path(sys.argv[1]))), "work"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_has_it_and_others_are_told_at_once(desk):
    other = open_database(desk.settings)
    with exclusive(desk.database, "work"):
        with pytest.raises(Busy), exclusive(other, "work"):
            pass
        with exclusive(other, "other work"):
            pass
    with exclusive(other, "work"):
        pass
    other.close()


def test_work_that_fails_gives_it_back(desk):
    with pytest.raises(RuntimeError), exclusive(desk.database, "work"):
        raise RuntimeError
    with exclusive(desk.database, "work"):
        pass


def test_a_process_that_is_killed_gives_it_back(tmp_path):
    database = open_database(Settings(data_dir=tmp_path))
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy), exclusive(database, "work"):
            pass
    finally:
        holder.kill()
        holder.wait()
    with exclusive(database, "work"):
        pass
    database.close()
