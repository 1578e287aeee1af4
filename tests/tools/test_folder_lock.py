"""An index folder is one process's alone, for as long as that process lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.folder_lock import FolderInUse, hold

HOLDS = "import sys; from pathlib import Path; from tools.folder_lock import hold; hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"


def test_a_folder_in_which_another_process_works_is_refused_until_that_one_ends(tmp_path: Path):
    folder = tmp_path / "index"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUse, match=rf"process \(number {other.pid}\).* {folder}\. Stop it"):
            hold(folder)
        other.stdin.close()
    hold(folder)


def test_the_process_that_holds_a_folder_may_go_on_using_it(tmp_path: Path):
    hold(tmp_path)
    hold(tmp_path / ".." / tmp_path.name)
