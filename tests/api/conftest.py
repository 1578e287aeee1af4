"""The application over a desk of one's own, with people signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.sign_in import sign_in_link
from review.people import add_person, new_sign_in_token
from tests.api.chromium import CHROMIUM, SWITCHES, opened, served
from tests.review.desk import Desk


class Browser:
    """A person's browser without scripts: follows redirects, keeps cookies, sends forms with the page's token."""

    def __init__(self, app: FastAPI, name: str | None = None) -> None:
        self.client = TestClient(app, base_url="http://desk.test")
        if name is not None:
            token = new_sign_in_token(app.state.database, name, hours=1)
            assert self.client.get(f"/sign-in/{token}").status_code == 200

    def page(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.text

    @property
    def csrf(self) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]+)"', self.page("/desk/ready"))
        assert found
        return found.group(1)

    def decide(self, proposal_id: str, kind: str, version: int = 1, **form: object):
        data = {"csrf": self.csrf, "version": version, "back": "/desk/ready", **form}
        return self.client.post(f"/proposal/{proposal_id}/{kind}", data=data)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "data")
    yield made
    made.database.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    made = create_app(desk.settings, database=desk.database)
    add_person(desk.database, "Robin", "supervisor")
    add_person(desk.database, "Sam", "reviewer")
    return made


@pytest.fixture
def robin(app: FastAPI) -> Browser:
    return Browser(app, "Robin")


@pytest.fixture
def sam(app: FastAPI) -> Browser:
    return Browser(app, "Sam")


@pytest.fixture
def stranger(app: FastAPI) -> Browser:
    return Browser(app)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for all tests of a module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """A served desk with two people."""
    for name in ("Robin", "Sam"):
        add_person(desk.database, name, "supervisor")
    with served(create_app(desk.settings, database=desk.database)) as port:
        desk.settings.port = port
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def link(address: str, desk: Desk) -> str:
    """Robin's sign-in link."""
    return sign_in_link(desk.database, desk.settings, "Robin")


@pytest.fixture
def page(chromium: Any, link: str) -> Iterator[Any]:
    """Robin's page."""
    with opened(chromium, link) as made:
        yield made
