"""One folder of files, or one Maildir, looked at every few seconds: what is new is kept, then put away if configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from review.mail_loops import SourceLoop
from review.mail_rows import Arrival, SourceRows
from tools.mailbox.accounts import FolderDrop, Maildir
from tools.mailbox.files import Waiting, file_source
from tools.message import Channel

BATCH_MESSAGES = 100
MOST_HEADER_BYTES = 256_000


class FileLoop(SourceLoop):
    def __init__(
        self, rows: SourceRows, settings: FolderDrop | Maildir, on_mail: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(rows, on_mail)
        self._settings, self._source = settings, file_source(settings)
        self._known: set[str] | None = None

    def work(self) -> None:
        while not self.stopping.is_set():
            self.went_well(self.look())
            self.stopping.wait(self._settings.poll_seconds)

    def look(self) -> str | None:
        """Takes in what is new. Gives a sentence about files that could not be taken, or None."""
        if self._known is None:
            self._known = self.rows.places()
        problems = []
        for found in self._source.waiting():
            if self.stopping.is_set():
                return None
            try:
                if found.place not in self._known:
                    self._take(found)
                    self._known.add(found.place)
                    self.on_mail()
                self._source.put_away(found)
            except FileNotFoundError:
                continue  # its owner took it back
            except OSError as error:
                problems.append(f"{found.path.name} cannot be taken ({error.strerror}).")
        if strangers := self._source.strangers():
            problems.append(f"{len(strangers)} files are of no known kind and stay, such as {strangers[0].name}.")
        return " ".join(problems) or None

    def _take(self, found: Waiting) -> None:
        """The last message of a file has the file's own place: with it, all of the file is kept."""
        batch: list[Arrival] = []
        for number, arrival in enumerate(self._arrivals(found), start=1):
            if len(batch) == BATCH_MESSAGES:
                self.rows.keep(batch)
                batch = []
            batch.append(arrival._replace(place=f"{found.place}#{number}"))
        if batch:
            self.rows.keep([*batch[:-1], batch[-1]._replace(place=found.place)])

    def _arrivals(self, found: Waiting) -> Iterator[Arrival]:
        most = self._settings.message_bytes
        many = found.path.suffix.lower() == ".mbox"
        if found.size > most and not many:
            with found.path.open("rb") as file:
                start = file.read(MOST_HEADER_BYTES)
            yield self._too_large(found, start, found.size, Channel.email, datetime.now(UTC))
            return
        for inbound in self._source.read(found):
            if len(inbound.raw) > most:
                yield self._too_large(found, inbound.raw, len(inbound.raw), inbound.channel, inbound.received_at)
            else:
                yield Arrival(found.place, inbound.raw, inbound.received_at, inbound.channel)

    def _too_large(self, found: Waiting, start: bytes, size: int, channel: Channel, received_at: datetime) -> Arrival:
        header = start[:MOST_HEADER_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
        reason = f"It has {size / 1e6:.1f} MB, more than `message_megabytes`. The file is {found.path}."
        return Arrival(found.place, header, received_at, channel, held=f"The message was not taken in. {reason}")
