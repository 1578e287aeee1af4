"""The file of targets: careful defaults, errors with line and field, secrets in files of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from review.targets import TargetError, load_targets, rotate, signing_secrets
from tools.operator_file import OperatorFileError

GOOD = """\
targets:
  n8n:
    kind: n8n
    url: https://n8n.example/webhook/exception-desk
    secret_file: /run/secrets/n8n
  erp:
    url: http://erp.internal:8069/hook
    secret_file: /run/secrets/erp
    allow_private: true
    actions: [update_price]
"""
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def written(folder, text):
    path = folder / "handoff.yaml"
    path.write_text(text)
    return path


def test_targets_have_names_kinds_and_careful_defaults(tmp_path):
    n8n, erp = load_targets(written(tmp_path, GOOD)).targets.values()
    assert (n8n.kind, n8n.allow_private, n8n.actions, n8n.timeout_seconds) == ("n8n", False, frozenset(), 10)
    assert (erp.kind, erp.actions) == ("generic", {"update_price"})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("https://n8n", "ftp://n8n", "line 4: targets.n8n.url: give an address"),
        ("https://n8n.", "https://user:pass@n8n.", "line 4: targets.n8n.url: leave user, password"),
        ("https://n8n", "http://n8n", "line 2: targets.n8n: http is for private networks alone"),
        ("kind: n8n", "kind: odoo", "line 2: targets.n8n: `token_file` and `kind: odoo` belong together"),
        ("update_price", "pay_invoice", "line 10: targets.erp.actions: the catalogue has no action 'pay_invoice'"),
        ("secret_file: /run/secrets/n8n", "secret: whsec_x", "line 5: targets.n8n.secret: a secret goes into a file"),
        ("    secret_file: /run/secrets/n8n\n", "", "line 2: targets.n8n.secret_file: Field required"),
        ("  erp:", "  n8n:", "line 6: targets.n8n stands there twice"),
    ],
)
def test_an_error_names_its_line_and_field(tmp_path, before, after, said):
    with pytest.raises(OperatorFileError) as error:
        load_targets(written(tmp_path, GOOD.replace(before, after, 1)))
    assert said in str(error.value)


def test_a_rotation_keeps_the_former_secrets_for_the_overlap_and_no_longer(tmp_path):
    path = tmp_path / "secret"
    first = rotate(path, NOW, timedelta(hours=24))
    assert path.stat().st_mode & 0o077 == 0
    second = rotate(path, NOW, timedelta(hours=24))
    third = rotate(path, NOW + timedelta(hours=23), timedelta(hours=24))
    assert signing_secrets(path, NOW + timedelta(hours=23)) == [third, second, first]
    assert signing_secrets(path, NOW + timedelta(hours=25)) == [third, second]
    rotate(path, NOW + timedelta(hours=30), timedelta(hours=1))
    assert first not in path.read_text()


def test_secrets_that_all_ended_sign_nothing(tmp_path):
    path = tmp_path / "secret"
    path.write_text("# the old one\nwhsec_c2VjcmV0 until 2026-01-01\n\n")
    with pytest.raises(TargetError, match="holds no secret that has not ended"):
        signing_secrets(path, NOW)
