"""Dropped files and Maildirs: each message once, never half of one, and files stay where they are unless asked."""

from __future__ import annotations

import mailbox
import os
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from review import file_loop
from review.file_loop import FileLoop
from review.mail_loops import MailLoops
from review.mail_rows import SourceRows
from review.schema import MailboxCursor, MessageRow
from tests.review.desk import mail
from tests.tools.edi.writing import x12
from tools.mailbox.accounts import FolderDrop, Maildir
from tools.mailbox.errors import FolderRefused


@pytest.fixture
def drop(tmp_path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def look(desk, settings: FolderDrop | Maildir) -> str | None:
    """One look by a process that has just started."""
    return FileLoop(SourceRows(desk.database, desk.store, "scans", str(settings.path)), settings).look()


def dropped(path: Path, **given: object) -> FolderDrop:
    return FolderDrop.model_validate({"kind": "folder", "path": path, "quiet_seconds": 1e-6, **given})


def raws(desk) -> list[bytes]:
    with desk.database.read() as session:
        return sorted(desk.store.get(i) for i in session.scalars(select(MessageRow.id)))


def test_files_are_kept_once_and_left_where_they_are(desk, drop):
    (drop / "a.eml").write_bytes(mail(text="a"))
    (drop / "b.json").write_text('{"document": "P00041", "body": "late"}')
    for _ in range(2):
        assert look(desk, dropped(drop)) is None
    assert len(raws(desk)) == 2
    assert sorted(p.name for p in drop.iterdir()) == ["a.eml", "b.json"]


def test_edi_files_are_taken_and_transport_statuses_cut_apart(desk, drop):
    (drop / "response.EDI").write_bytes(x12("855", "BAK*00*AD*P00041"))
    (drop / "statuses.x12").write_bytes(x12("214", "B10*PRO77**ABCD", "AT7*X6*NS", sets=3))
    assert look(desk, dropped(drop)) is None
    assert look(desk, dropped(drop)) is None
    assert sorted(raw.count(b"AT7") for raw in raws(desk)) == [0, 1, 1, 1]
    with desk.database.read() as session:
        assert set(session.scalars(select(MessageRow.channel))) == {"edi"}


def test_a_file_that_comes_again_under_its_name_is_another_message(desk, drop):
    (drop / "order.eml").write_bytes(mail(text="first"))
    look(desk, dropped(drop))
    (drop / "order.eml").write_bytes(mail(text="second, longer"))
    look(desk, dropped(drop))
    assert len(raws(desk)) == 2


def test_a_file_that_is_still_being_written_waits(desk, drop):
    """A hidden or temporary name, or a change a moment ago: none is taken."""
    for name in (".a.eml", "a.eml.part", "a.eml~", "a.tmp"):
        (drop / name).write_bytes(mail())
    growing = drop / "b.eml"
    growing.write_bytes(mail()[:20])
    os.utime(growing, (1, 1))  # an old time does not help a file that is new here
    assert look(desk, dropped(drop, quiet_seconds=3600)) is None
    assert raws(desk) == []
    growing.rename(drop / "c.eml")
    growing = drop / "c.eml"
    growing.write_bytes(mail())
    assert look(desk, dropped(drop)) is None
    assert raws(desk) == [mail()]


def test_kept_files_are_moved_where_that_is_asked(desk, drop, tmp_path):
    """A name that is taken there gets a number; nothing is overwritten."""
    done = tmp_path / "done"
    for text in ("one", "two"):
        (drop / "a.eml").write_bytes(mail(text=text))
        look(desk, dropped(drop, move_to=done))
    assert list(drop.iterdir()) == []
    assert sorted(p.name for p in done.iterdir()) == ["a-1.eml", "a.eml"]
    assert raws(desk) == sorted(p.read_bytes() for p in done.iterdir())


def test_a_move_that_was_cut_off_is_made_up_for(desk, drop, tmp_path):
    """Killed between keeping and moving: the next look moves it and takes nothing twice."""
    (drop / "a.eml").write_bytes(mail())
    look(desk, dropped(drop))
    look(desk, dropped(drop, move_to=tmp_path / "done"))
    assert list(drop.iterdir()) == []
    assert raws(desk) == [mail()]


def test_an_mbox_is_as_many_messages_and_a_cut_off_one_goes_on(desk, drop, monkeypatch):
    """The file counts as kept only with its last message."""
    box = mailbox.mbox(drop / "old.mbox")
    for number in range(5):
        box.add(mail(text=f"number {number}"))
    box.close()
    monkeypatch.setattr(file_loop, "BATCH_MESSAGES", 2)
    keep = SourceRows.keep

    def dies(self, arrivals, **given):
        if any(a.place.endswith("#3") for a in arrivals):
            raise KeyboardInterrupt
        keep(self, arrivals, **given)

    with monkeypatch.context() as cut:
        cut.setattr(SourceRows, "keep", dies)
        with pytest.raises(KeyboardInterrupt):
            look(desk, dropped(drop))
    assert len(raws(desk)) == 2
    for _ in range(2):
        look(desk, dropped(drop))
    assert len(raws(desk)) == 5


def test_a_link_is_not_followed(desk, drop, tmp_path):
    """Who may drop files may not make us read others."""
    secret = tmp_path / "secret.eml"
    secret.write_bytes(mail(text="secret"))
    (drop / "a.eml").symlink_to(secret)
    look(desk, dropped(drop))
    assert raws(desk) == []


def test_strange_files_are_said_and_stop_nothing(desk, drop):
    (drop / "a.eml").write_bytes(mail())
    (drop / "scan.tiff").write_bytes(b"II*")
    assert "1 files are of no known kind and stay, such as scan.tiff" in str(look(desk, dropped(drop)))
    assert len(raws(desk)) == 1


def test_a_file_that_cannot_be_read_is_said_and_stops_nothing(desk, drop, monkeypatch):
    for name in ("a.eml", "b.eml"):
        (drop / name).write_bytes(mail(text=name))
    read = Path.read_bytes

    def refused(self):
        if self.name == "a.eml":
            raise PermissionError(13, "Permission denied", str(self))
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert look(desk, dropped(drop)) == "a.eml cannot be taken (Permission denied)."
    monkeypatch.undo()
    assert raws(desk) == [mail(text="b.eml")]


def test_a_file_beyond_the_limit_reaches_a_person_with_its_header(desk, drop):
    (drop / "large.eml").write_bytes(mail(text="x" * 50_000))
    look(desk, dropped(drop, message_megabytes=0.01))
    with desk.database.read() as session:
        row = session.scalars(select(MessageRow)).one()
    assert (row.state, row.subject, row.sender) == ("held", "P00041: later", "ann@supplier.example")
    assert "large.eml" in str(row.error)


def test_a_folder_that_is_not_there_is_refused(desk, tmp_path):
    with pytest.raises(FolderRefused, match=r"gone cannot be read \(No such file"):
        look(desk, dropped(tmp_path / "gone"))


def test_a_maildir_is_read_and_left_alone(desk, tmp_path):
    """New and read mail; a flag that a reader sets later does not make it another message."""
    box = mailbox.Maildir(tmp_path / "mail")
    keys = [box.add(mail(text=text)) for text in ("one", "two")]
    (tmp_path / "mail" / "tmp" / "1.half").write_bytes(mail(text="half"))
    settings = Maildir(kind="maildir", path=tmp_path / "mail")
    look(desk, settings)
    message = box[keys[0]]
    message.set_subdir("cur")
    message.set_flags("S")
    box[keys[0]] = message
    look(desk, settings)
    assert raws(desk) == sorted([mail(text="one"), mail(text="two")])
    assert [len(list((tmp_path / "mail" / part).iterdir())) for part in ("new", "cur")] == [1, 1]


def test_a_maildirs_mail_is_moved_to_another_where_that_is_asked(desk, tmp_path):
    box = mailbox.Maildir(tmp_path / "mail")
    box.add(mail())
    look(desk, Maildir(kind="maildir", path=tmp_path / "mail", move_to=tmp_path / "done"))
    assert len(box) == 0
    assert [m.get_payload() for m in mailbox.Maildir(tmp_path / "done")] == ["New date: 14 December.\n"]


def test_the_loop_takes_what_comes_while_it_runs(desk, drop):
    settings = dropped(drop, poll_seconds=0.05)
    with MailLoops(desk.database, desk.store, {"scans": settings}):
        (drop / ".a").write_bytes(mail())
        (drop / ".a").rename(drop / "a.eml")
        end = time.monotonic() + 20
        while not raws(desk) and time.monotonic() < end:
            time.sleep(0.02)
    assert raws(desk) == [mail()]
    with desk.database.read() as session:
        row = session.scalars(select(MailboxCursor)).one()
    assert (row.account, row.folder, row.problem) == ("scans", str(drop), None)
