"""Files with several transport statuses, cut into one file for each: every shipment's event is a message of its own."""

from __future__ import annotations

import re

_X12 = re.compile(rb"ISA([^\w\s]).{101}(.)", re.S)
_UNA = re.compile(rb"UNA..(?:.)(.).(.)", re.S)


def split_statuses(raw: bytes) -> list[bytes]:
    """The file itself, but for interchanges of nothing but 214 or IFTSTA: each of these within the same envelope."""
    head = raw.lstrip(b"\xef\xbb\xbf \r\n\t")
    if x12 := _X12.match(head):
        element, end = re.escape(x12[1]), re.escape(x12[2])
        begin, status = rb"ST" + element, rb"ST" + element + rb"214" + element
        last = rb"(?:GE|IEA)" + element
    elif head[:3] in (b"UNA", b"UNB"):
        una = _UNA.match(head)
        end = re.escape(una[2]) if una else b"'"
        begin, status, last = rb"UNH\W", rb"UNH\W[^:]{1,20}\WIFTSTA\W", rb"UN[EZ]\W"
    else:
        return [raw]
    border = rb"(?<=" + end + rb")\s*(?=" + begin + rb")"
    starts = [found.end() for found in re.finditer(border, head)]
    if len(starts) < 2 or not all(re.match(status, head[start : start + 60]) for start in starts):
        return [raw]
    trailer = re.search(rb"(?<=" + end + rb")\s*" + last, head[starts[-1] :])
    stop = starts[-1] + trailer.start() if trailer else len(head)
    ends = [*starts[1:], stop]
    return [head[: starts[0]] + head[a:b] + head[stop:] for a, b in zip(starts, ends, strict=True)]
