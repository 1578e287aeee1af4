"""Where the shared data sets are, when they are there: beside the repository."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared"
