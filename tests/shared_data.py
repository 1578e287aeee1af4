"""Where the shared data sets are, when they are there: beside the repository."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
DEV_SET = SHARED / "data" / "exceptions-dev"

needs_dev_set = pytest.mark.skipif(not DEV_SET.exists(), reason="the shared data (exceptions-dev) is not here")
