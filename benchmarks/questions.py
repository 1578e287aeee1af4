"""What is asked of a matcher over an invented company, with the answer: numbers, descriptions of products, whole mails."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from agent.orders import PURCHASE, SALE, RecordKey
from benchmarks.large_company import OPEN_SHARE, LargeCompany


@dataclass(frozen=True)
class Question:
    """Something asked with what answers it: the order (or, for descriptions, the product)."""

    text: str
    order: RecordKey
    product: int
    sender: str = ""


def questions(company: LargeCompany, kind: str, count: int, seed: int) -> list[Question]:
    """`references`: a number in a sentence, half of them respelled or with a slip; `descriptions`: a product in the words
    of a mail; `messages`: mails of partners, half with a number, half with product and quantity of an open order."""
    random = Random(f"{kind}-{seed}-{company.lines}")
    return [_question(company, kind, random, n) for n in range(count)]


def _question(company: LargeCompany, kind: str, random: Random, number: int) -> Question:
    side = company.sides()[number % 2]
    oldest = int(side.orders * (1 - OPEN_SHARE)) + 1 if kind != "references" else 0
    order = random.randrange(oldest, side.orders)
    products = side.products(order)
    place = random.randrange(len(products))
    key, product = (side.model, order + 1), products[place]
    sender = company.address(int(side.partner[order]))
    if kind == "references" or (kind == "messages" and number % 4 < 2):
        named = company.numbers(side, order)
        reference = named[random.choice(("name", "theirs", "tracking" if side.model == SALE else "picking", "invoice"))]
        text = f"Regarding order {_spelled(reference, random)}: it will leave our house one week later."
        return Question(text, key, product, sender)
    said = _shortened(company.words_of(product)[side.model == PURCHASE], random)
    if kind == "descriptions":
        return Question(f"The {said} will be late, we are sorry.", key, product, sender)
    qty = side.qty[int(side.first[order]) + place]
    return Question(f"The {qty} pcs {said} that you ordered will be late, we are sorry.", key, product, sender)


def _spelled(reference: str, random: Random) -> str:
    """As on record (half of the time), with other separators and case, or with two neighbouring digits swapped."""
    way = random.randrange(4)
    if way < 2:
        return reference
    if way == 2:
        return reference.replace("/", "-").lower()
    places = [
        i for i in range(len(reference) - 1) if reference[i : i + 2].isdigit() and reference[i] != reference[i + 1]
    ]
    if not places:
        return reference
    i = random.choice(places)
    return reference[:i] + reference[i + 1] + reference[i] + reference[i + 2 :]


def _shortened(name: str, random: Random) -> str:
    words = name.replace(",", "").split()
    words.remove("mm")
    dropped = random.choice(words[1:])
    return " ".join(word for word in words if word != dropped or random.random() < 0.5)
