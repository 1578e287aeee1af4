"""Prompts are files that say what they take, are rendered strictly and are known by their content."""

from __future__ import annotations

import pytest

from prompts.library import PromptError, all_prompts, load_prompt, read_prompt

HEAD = "---\npurpose: greets\ninputs: {name: who}\nversions: ['1: first']\n---\n"


def test_every_prompt_that_ships_is_whole():
    assert {p.name for p in all_prompts()} == {"read_message", "the_message"}
    assert all(p.purpose and p.versions for p in all_prompts())


def test_a_prompt_is_known_by_the_hash_of_its_file(tmp_path):
    file = tmp_path / "greeting.md"
    file.write_text(f"{HEAD}Hello {{{{ name }}}}")
    first = read_prompt(file)
    assert first.render(name="Robin") == "Hello Robin"
    file.write_text(f"{HEAD}Hi {{{{ name }}}}")
    assert read_prompt(file).digest != first.digest


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Hello", "greeting.md"),
        (f"{HEAD}Hello {{{{ surname }}}}", "name, surname"),
        (f"{HEAD}Hello {{{{ name", "greeting.md"),
        (f"before\n{HEAD}Hello {{{{ name }}}}", "before the front matter"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, text, why):
    file = tmp_path / "greeting.md"
    file.write_text(text)
    with pytest.raises(PromptError, match=why):
        read_prompt(file)


def test_a_value_too_few_or_too_many_is_refused():
    prompt = load_prompt("read_message")
    with pytest.raises(PromptError, match="intents"):
        prompt.render()
    with pytest.raises(PromptError, match="more"):
        prompt.render(intents=[], more=1)


def test_a_value_is_never_a_template(tmp_path):
    file = tmp_path / "greeting.md"
    file.write_text(f"{HEAD}Hello {{{{ name }}}}")
    assert read_prompt(file).render(name="{{ 7 * 7 }}") == "Hello {{ 7 * 7 }}"
