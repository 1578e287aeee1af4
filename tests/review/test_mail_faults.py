"""The demonstration of faults in short: the same command, with a seed, as `benchmarks/mailbox_faults.py` runs in full."""

from __future__ import annotations

import pytest

from benchmarks.mailbox_faults import faults
from tests.mail_server import installed


def test_kills_restarts_and_cuts_lose_and_double_nothing(capsys):
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    faults(faults=6, messages=60, seed=5)  # ends with an error when the counts differ
    said = capsys.readouterr().out
    assert "lost 0, doubled 0, never sent 0, damaged 0" in said
    assert "rows 60, entries of receipt 60" in said
