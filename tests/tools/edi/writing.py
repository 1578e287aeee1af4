"""Interchanges written for a test: the envelope counts its segments and numbers as the standards want it."""

from __future__ import annotations


def x12(kind: str, *segments: str, element: str = "*", end: str = "~", sets: int = 1) -> bytes:
    """An X12 interchange of `sets` equal transaction sets of the kind."""
    isa = "ISA*00*          *00*          *ZZ*TROSSE         *ZZ*HAVNEGAARD     *260511*0900*U*00401*000000001*0*P*>"
    lines = [isa, "GS*PR*TROSSE*HAVNEGAARD*20260511*0900*1*X*004010"]
    for number in range(1, sets + 1):
        lines += [f"ST*{kind}*{number:04d}", *segments, f"SE*{len(segments) + 2}*{number:04d}"]
    lines += [f"GE*{sets}*1", "IEA*1*000000001"]
    return "".join(line.replace("*", element) + end for line in lines).encode()


def edifact(kind: str, *segments: str, directory: str = "D:96A", una: str = "UNA:+.? '") -> bytes:
    lines = ["UNB+UNOC:3+TROSSE+HAVNEGAARD+260511:0900+1", f"UNH+1+{kind}:{directory}:UN:EAN005", *segments]
    lines += [f"UNT+{len(segments) + 2}+1", "UNZ+1+1"]
    return (una + "'\n".join(lines) + "'").encode()


_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def ubl(kind: str, *elements: str) -> bytes:
    """A UBL document; in the elements `<b:` and `<a:` are basic and aggregate components."""
    names = f'xmlns:a="{_UBL}CommonAggregateComponents-2" xmlns:b="{_UBL}CommonBasicComponents-2"'
    return f'<?xml version="1.0"?><{kind} xmlns="{_UBL}{kind}-2" {names}>{"".join(elements)}</{kind}>'.encode()
