"""The requests of docs/intake.md work as they stand there, against a served desk."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from api.app import create_app
from review.api_keys import DOORS, add_key
from review.schema import MessageRow
from tests.api.serving import serving
from tests.review.desk import Desk

PAGE = Path(__file__).parents[1] / "docs" / "intake.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
REQUESTS = [block for block in BLOCKS if "curl" in block]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl are not installed")
def test_the_requests_of_the_page_are_taken(tmp_path):
    """In their order, each once; the address and the key alone are the reader's own."""
    desk = Desk(tmp_path / "data")
    folder = tmp_path / "secrets"
    folder.mkdir()
    secret = re.search(r"^SECRET=(\S+)$", PAGE.read_text(), re.MULTILINE)
    (folder / "generic").write_text(f"whsec_{secret[1]}\n")
    app = create_app(desk.settings.model_copy(update={"webhook_secrets": folder}), database=desk.database)
    _, key = add_key(desk.database, "docs", list(DOORS), days=1)
    assert len(REQUESTS) >= 5
    with serving(app) as address:
        for block in REQUESTS:
            script = f"set -euo pipefail\nDESK={address}\nKEY={key}\n{block}"
            done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
            assert re.search(r'\{"id":"[0-9a-f]{64}"\}', done.stdout)
    with desk.database.read() as session:
        channels = session.scalars(select(MessageRow.channel).order_by(MessageRow.channel)).all()
    desk.database.close()
    assert channels == ["carrier", "carrier", "edi", "email", "portal"]  # the form holds the same mail
