"""Quantities in the order line's own unit: a line that counts boxes of 200 holds 90 when the sender writes 18,000 pieces."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache

from agent.lexicon import any_of, fold, lookup, words
from agent.orders import OrderLine
from agent.quantities import PACK_SIZES, QuantityMention

_COUNT = re.compile(r"(?<![0-9.,])([1-9][0-9]{0,4})(?![0-9.,])(?!\s?(?:mm|cm|m|ml|l|kg|g|w|v)\b)")
WHOLE = 1e-6


@cache
def pieces_in(uom: str) -> float | None:
    """How many pieces one unit of measure holds, by its name: 12 for "Dozen", 200 for "Box of 200", else None."""
    name = fold(uom).text
    units = lookup(words("quantities")["units"], "", 3)
    found = re.findall(rf"(?<![a-z0-9])({any_of(units)})(?![a-z0-9])", name)
    kinds = [units[" ".join(word.split())] for word in found]
    count = _COUNT.search(name)
    if count:
        return float(count[1])
    return next((PACK_SIZES[kind] for kind in kinds if kind in PACK_SIZES), None)


def in_units_of(line: OrderLine, stated: QuantityMention) -> QuantityMention:
    """`stated` in the unit of `line`, with `converted` saying how; unchanged where both count alike or nobody can know.

    Where the words leave two readings ("84" of a line in dozens), the one nearer to the line's own quantity counts."""
    per_unit = pieces_in(line.uom)
    readings = [(stated.qty, "")]
    if stated.pack_size and stated.pack_size > 1 and stated.pack_size != per_unit:
        pieces = stated.qty * stated.pack_size
        if per_unit is None:
            readings.append((pieces, f"{stated.qty:g} packs of {stated.pack_size:g} are {pieces:g} {line.uom}"))
        else:
            readings.append(
                (
                    pieces / per_unit,
                    f"{stated.qty:g} packs of {stated.pack_size:g} are {pieces / per_unit:g} {line.uom}",
                )
            )
    elif per_unit and per_unit > 1 and stated.unit in (None, "piece"):
        packs = stated.qty / per_unit
        if abs(packs - round(packs)) < WHOLE:
            readings.append((packs, f"{stated.qty:g} pieces are {packs:g} {line.uom}"))
    qty, how = min(readings, key=lambda reading: distance(reading[0], line.qty))
    return replace(stated, qty=qty, converted=how) if how else stated


def distance(stated: float, held: float) -> float:
    """How far apart two quantities are in order of size: 0 where equal, symmetric, no unit."""
    return abs(math.log(max(stated, 1e-3) / max(held, 1e-3)))
