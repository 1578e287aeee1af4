"""The language of a text, with a confidence that is low where the text is short or mostly codes."""

from __future__ import annotations

import re
from copy import copy
from functools import cache
from typing import Any

SUPPORTED = ("en", "de", "fr", "es", "it", "nl", "pl")
_NOISE = re.compile(r"https?://\S+|\S+@\S+|\S*\d\S*|\b[A-Z]{2,}(?:[-_/][A-Z]+)*\b")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_ENOUGH_WORDS = 12
_SAMPLE = 4_000
# Frequent small words decide short texts, on which statistics of letters fail.
_SMALL_WORDS = {
    "en": "the and is are we you our your will be for of to with please have has not this that can from they were was in it on",
    "de": "der die das und ist sind wir sie ihr ihre ihren wird werden nicht bitte mit für von zu auf den dem ein eine im am können haben noch leider auch aus bei ich es",
    "fr": "le la les et est sont nous vous votre vos notre nos pas pour avec de du des une un ce cette sera seront dans sur au aux que qui il merci bonjour",
    "es": "el la los las y es son nos usted su sus nuestro no para con de del una un este esta será por que se en al lo les pedido gracias buenos hola",
    "it": "il lo la gli le e è sono noi voi vostro vostra nostro non per con di del della una un questo questa sarà che si in al dei delle ordine grazie buongiorno",
    "nl": "de het een en is zijn wij we u uw jullie onze niet voor met van op dit dat wordt worden kunnen naar bij ook te er maar nog graag",
    "pl": "i w na do z że się nie jest są dla od po za przez oraz będzie prosimy proszę państwa naszego dzień dobry o jak to tym już te ze zamówienie",
}
_WORD_SETS = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}


def detect(text: str) -> tuple[str, float]:
    """ISO 639-1 code and a confidence in 0..1; (`und`, 0) where there are no words.

    Among the seven supported languages the restricted model and small words decide together; another language is
    named only when the unrestricted model is sure of it on a text of some length.
    """
    words = _WORDS.findall(_NOISE.sub(" ", text[:_SAMPLE]))
    if not words:
        return "und", 0.0
    sample = " ".join(words).lower()
    restricted, free = _models()
    scores = {code: float(p) for code, p in restricted.rank(sample)}
    small = {code: sum(word.lower() in known for word in words) / len(words) for code, known in _WORD_SETS.items()}
    total = {code: 0.5 * scores.get(code, 0.0) + min(1.0, 2.5 * small[code]) for code in SUPPORTED}
    best = max(SUPPORTED, key=total.__getitem__)
    other, sure = free.classify(sample)
    if other not in SUPPORTED and sure > 0.95 and len(words) >= 5 and small[best] < 0.12:
        return str(other), round(min(float(sure), 0.4 + 0.05 * len(words)), 3)
    second = max(total[code] for code in SUPPORTED if code != best)
    margin = min(1.0, max(0.0, (total[best] - second) / max(total[best], 1e-9)) * 1.5)
    length = min(1.0, 0.3 + 0.7 * len(words) / _ENOUGH_WORDS)
    return best, round(margin * length, 3)


@cache
def _models() -> tuple[Any, Any]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    free = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    restricted = copy(free)  # loading takes a second; restricting replaces arrays and leaves the original as it is
    restricted.set_languages(list(SUPPORTED))
    return restricted, free
