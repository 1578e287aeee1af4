"""The file of mailboxes: what is wrong is named by line and field, and secrets stay out of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.mailbox.accounts import AccountsError, AfterTriage, FolderDrop, ImapAccount, OAuth, load_accounts, secret
from tools.mailbox.errors import LoginRefused

GOOD = """\
mailboxes:
  orders:
    host: imap.supplier.example
    user: orders@us.example
    password_file: /run/secrets/orders
    folders: [INBOX, Lieferanten/Bestätigungen]
    after_triage: {seen: true}
  scans:
    kind: folder
    path: /srv/drop
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mailboxes.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_said_has_careful_defaults(tmp_path):
    orders, scans = load_accounts(written(tmp_path, GOOD)).values()
    assert isinstance(orders, ImapAccount)
    assert (orders.at_port, orders.security, orders.first_load_days) == (993, "tls", 30)
    assert orders.folders == ["INBOX", "Lieferanten/Bestätigungen"]
    assert bool(orders.after_triage)
    assert not ImapAccount(host="h", user="u", password_env="P").after_triage
    assert isinstance(scans, FolderDrop)
    assert scans.move_to is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("    user: orders@us.example\n", "", "line 2: mailboxes.orders.user: Field required"),
        ("host:", "hots:", "line 3: mailboxes.orders.hots: no such field"),
        ("password_file: /run/secrets/orders", "password: x", "line 5: mailboxes.orders.password: a secret goes into"),
        ("INBOX,", "INBOX, '',", "line 6: mailboxes.orders.folders.1: String should have at least 1 character"),
        ("{seen: true}", "{seen: perhaps}", "line 7: mailboxes.orders.after_triage.seen: Input should be a valid bool"),
        ("{seen: true}", "{move_to: INBOX}", "line 2: mailboxes.orders: `after_triage.move_to` is one of `folders`"),
        ("INBOX,", '"IN\\nBOX",', "line 6: mailboxes.orders.folders.0: String should match"),
        ("kind: folder", "kind: pop3", "line 8: mailboxes.scans: Input tag 'pop3'"),
        ("  scans:", "  orders:", "line 8: mailboxes.orders stands there twice"),
        ("user: orders", "user: [orders", "line 5: not YAML"),
        ("    password_file: /run/secrets/orders\n", "", "line 2: mailboxes.orders: give exactly one of"),
        ("    password_file", "    security: none\n    password_file", "would send the password in the clear"),
    ],
)
def test_an_error_names_its_line_and_field(tmp_path, before, after, said):
    with pytest.raises(AccountsError) as error:
        load_accounts(written(tmp_path, GOOD.replace(before, after, 1)))
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "mailboxes: 3", "mailboxes: {a: b}", "- a\n- b", "mailboxes: {'': {}}"])
def test_a_file_of_another_shape_is_refused(tmp_path, text):
    with pytest.raises(AccountsError, match=r"mailboxes\.yaml"):
        load_accounts(written(tmp_path, text))


@pytest.mark.parametrize(
    ("oauth", "said"),
    [
        ("{provider: microsoft, client_id: a, client_secret_env: S}", "`tenant` is missing"),
        ("{provider: microsoft, client_id: a, tenant: t}", "`client_secret_file`"),
        ("{provider: google, client_id: a, client_secret_env: S}", "`refresh_token_file`"),
        ("{provider: other, client_id: a, client_secret_env: S}", "`token_url` is missing"),
        ("{provider: other, client_id: a, client_secret_env: S, token_url: 'http://x.example/'}", "https"),
    ],
)
def test_an_incomplete_oauth_says_what_is_missing(tmp_path, oauth, said):
    with pytest.raises(AccountsError) as error:
        load_accounts(written(tmp_path, GOOD.replace("password_file: /run/secrets/orders", f"oauth: {oauth}")))
    assert said in str(error.value)


def test_the_examples_in_the_documentation_are_accepted(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "mailbox.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 5
    for example in examples:
        assert load_accounts(written(tmp_path, example))


def test_the_documentation_names_every_field_of_an_account():
    page = (Path(__file__).parents[3] / "docs" / "mailbox.md").read_text(encoding="utf-8")
    fields = {*ImapAccount.model_fields, *OAuth.model_fields, *AfterTriage.model_fields, *FolderDrop.model_fields}
    assert [f for f in sorted(fields) if f not in page] == []


def test_secrets_are_read_anew_and_keep_their_spaces(tmp_path):
    path = tmp_path / "secret"
    path.write_text(" first \n")
    assert secret(path, None) == " first "
    path.write_text("second")
    assert secret(path, None) == "second"


def test_a_secret_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LoginRefused, match=r"gone cannot be read \(No such file"):
        secret(tmp_path / "gone", None)
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(LoginRefused, match="is empty"):
        secret(tmp_path / "empty", None)
    with pytest.raises(LoginRefused, match="NOT_SET is not set"):
        secret(None, "NOT_SET")
