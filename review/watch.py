"""What has to be looked at every few seconds while the service runs: files that may have changed, times that are up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from review.background import Background

logger = logging.getLogger(__name__)


class Watch(Background):
    """Does each duty in turn every `every` seconds while the `with` block runs. One that fails keeps no other from being
    done, and is done again the next time."""

    def __init__(self, duties: Sequence[Callable[[], object]], every: float = 5.0) -> None:
        super().__init__("watch")
        self._duties, self._every = duties, every

    def step(self) -> None:
        """Does each duty once."""
        for duty in self._duties:
            try:
                duty()
            except Exception:
                logger.exception("A regular duty failed; it is done again in %s s.", self._every)

    def _run(self) -> None:
        while not self.stopping.is_set():
            self.step()
            self.stopping.wait(self._every)
