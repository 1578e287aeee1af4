"""Personal data and bank details are replaced before they leave, and can be put back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.llm.redaction import KINDS, Redaction

SIGNED = "Wiebke Harms\nTel.: 0421 / 555 12-34\nMobile +49 171 5551234\nw.harms@trosse-tau.example\nIBAN: DE02 1203 0000 0000 2020 51"


def test_each_kind_is_replaced_by_its_own_placeholders():
    redaction = Redaction(KINDS, ["Wiebke Harms"])
    assert redaction.hide(SIGNED) == ("[NAME_1]\nTel.: [PHONE_2]\nMobile [PHONE_1]\n[MAIL_1]\nIBAN: [BANK_1]")


def test_only_what_the_settings_name_is_replaced():
    assert Redaction(["mail"]).hide(SIGNED) == SIGNED.replace("w.harms@trosse-tau.example", "[MAIL_1]")


def test_the_same_value_has_the_same_placeholder():
    redaction = Redaction(["mail"])
    assert redaction.hide("a@b.example, c@d.example, a@b.example") == "[MAIL_1], [MAIL_2], [MAIL_1]"


def test_order_numbers_quantities_and_dates_stay():
    text = "P00041 / 4500771200: 40 pcs on 2026-06-03 at 31,50, GD700330042, 12.06.2026, KW 24, 1Z999AA10123456784"
    assert Redaction(KINDS).hide(text) == text


@given(st.text(max_size=200))
def test_what_was_hidden_comes_back(text):
    redaction = Redaction(KINDS, ["Wiebke Harms"])
    given_text = f"{SIGNED} {text}"
    if "[" not in text:
        assert redaction.reveal(redaction.hide(given_text)) == given_text
