"""The operator's policy while the service runs: followed when it changes, and kept as it was when it becomes unusable."""

from __future__ import annotations

import logging
from pathlib import Path

from agent.propose import Policy, parse_policy, policy_in_force, put_in_force
from review import log
from review.database import Database
from tools import operator_file

logger = logging.getLogger(__name__)


class PolicyFile:
    """`problem` says what is wrong with the file as it stands now, while the policy before it stays in force."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database, self._path = database, path
        self._seen: str | None = None
        self.problem: str | None = None

    def start(self) -> None:
        """Puts the file's policy in force. Raises OperatorFileError, FileNotFoundError and PermissionError."""
        self._seen = operator_file.read_text(self._path)
        self._follow(parse_policy(self._seen, self._path))

    def look(self) -> None:
        """Follows a change since the last look. Whatever is wrong with the file, nothing is raised."""
        try:
            text = operator_file.read_text(self._path)
            if text == self._seen:
                return
            policy = parse_policy(text, self._path)
        except (OSError, operator_file.OperatorFileError) as error:
            self._refuse(str(error))
            return
        self._seen = text
        self._follow(policy)

    def _follow(self, policy: Policy) -> None:
        before = policy_in_force()
        put_in_force(policy)
        self.problem = None
        if before.sha256 != policy.sha256:
            with self._database.write() as session:
                content = {"before": before.sha256, "after": policy.sha256, "text": self._seen}
                log.append(session, "policy.changed", str(self._path.name), content)

    def _refuse(self, problem: str) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        logger.warning("The policy stays as it was: its file cannot be used. %s", problem)
        with self._database.write() as session:
            content = {"in_force": policy_in_force().sha256, "problem": problem}
            log.append(session, "policy.refused", str(self._path.name), content)
