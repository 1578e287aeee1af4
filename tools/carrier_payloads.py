"""The bodies of carriers' tracking webhooks → their facts in one shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tools.layout import clean
from tools.portal import text_of
from tools.x12 import Segment, Status, read_214, segments

Json = dict[str, Any]
_CHECKPOINTS = 50


@dataclass
class Checkpoint:
    """One scan: `when` is ISO text, `codes` most specific first."""

    when: str = ""
    text: str = ""
    place: str = ""
    codes: list[str] = field(default_factory=list)


@dataclass
class Facts:
    """`codes` most specific first; `wording`: the provider's words for them; `checkpoints` newest first; `notes`:
    further lines for a reader, as (label, value)."""

    tracking: str = ""
    carrier: str = ""
    codes: list[str] = field(default_factory=list)
    wording: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    estimated: str = ""
    references: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """What the carrier says of the newest event."""
        newest = [self.checkpoints[0].text] if self.checkpoints else []
        return [text for text in (*newest, *self.remarks) if text]


def read_payload(provider: str, payload: Any) -> Facts:
    """Facts of a payload. Raises ValueError where it has not the provider's shape."""
    if provider == "edi214":
        return read_status(segments(text_of(payload)))
    if not isinstance(payload, dict):
        raise ValueError("the payload is no object")
    facts = _SHAPES.get(provider, _generic)(payload)
    if not facts.tracking and provider in _SHAPES:
        facts = _generic(payload)
    return _in_order(facts)


def read_status(given: Iterable[Segment]) -> Facts:
    """Facts of an X12 214's segments."""
    return _in_order(_edi214(given))


def _in_order(facts: Facts) -> Facts:
    facts.checkpoints = sorted(facts.checkpoints[-_CHECKPOINTS:], key=lambda c: c.when, reverse=True)
    facts.codes = _unique(facts.codes)
    facts.references = [r for r in _unique(facts.references) if r != facts.tracking]
    return facts


def moment(text: str) -> datetime | None:
    """ISO 8601 date or time as an aware datetime; without a zone it counts as UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unique(values: list[str]) -> list[str]:
    return [value for value in dict.fromkeys(v.strip() for v in values) if value]


def _get(value: Any, *path: str) -> str:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return clean(text_of(value)).strip()[:4_000]


def _list(value: Any, key: str) -> list[Json]:
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _object(value: Any, key: str) -> Json:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _place(*names: str) -> str:
    return ", ".join(name for name in names if name)


def _references(*values: str) -> list[str]:
    return [piece for value in values for piece in re.split(r"\s*[,;|]\s*|\s+/\s+", value) if piece]


def _easypost(payload: Json) -> Facts:
    tracker = _object(payload, "result") or payload
    facts = Facts(
        tracking=_get(tracker, "tracking_code"),
        carrier=_get(tracker, "carrier"),
        codes=[_get(tracker, "status_detail"), _get(tracker, "status")],
        estimated=_get(tracker, "est_delivery_date"),
        references=_references(_get(tracker, "reference"), _get(tracker, "shipment_reference")),
        notes=[("Signed by", _get(tracker, "signed_by"))],
    )
    for detail in _list(tracker, "tracking_details"):
        place = _object(detail, "tracking_location")
        facts.checkpoints.append(
            Checkpoint(
                _get(detail, "datetime"),
                ". ".join(filter(None, [_get(detail, "message"), _get(detail, "description")])),
                _place(_get(place, "city"), _get(place, "country")),
                [_get(detail, "status_detail"), _get(detail, "status")],
            )
        )
    return facts


def _aftership(payload: Json) -> Facts:
    tracking = _object(payload, "msg") or _object(_object(payload, "data"), "tracking") or payload
    fields = _object(tracking, "custom_fields")
    facts = Facts(
        tracking=_get(tracking, "tracking_number"),
        carrier=_get(tracking, "slug"),
        codes=[_get(tracking, "subtag"), _get(tracking, "tag")],
        wording=[_get(tracking, "subtag_message")],
        estimated=_get(tracking, "expected_delivery")
        or _get(tracking, "courier_estimated_delivery_date", "estimated_delivery_date"),
        references=_references(
            _get(tracking, "order_number"),
            _get(tracking, "order_id"),
            _get(tracking, "title"),
            *(_get(fields, k) for k in fields),
        ),
        notes=[("Signed by", _get(tracking, "signed_by")), ("Note", _get(tracking, "note"))],
    )
    for point in _list(tracking, "checkpoints"):
        facts.checkpoints.append(
            Checkpoint(
                _get(point, "checkpoint_time"),
                _get(point, "message"),
                _get(point, "location") or _place(_get(point, "city"), _get(point, "country_name")),
                [_get(point, "subtag"), _get(point, "tag")],
            )
        )
    return facts


def _karrio(payload: Json) -> Facts:
    tracker = _object(payload, "data") or payload
    info, meta = _object(tracker, "info"), _object(tracker, "metadata")
    events = _list(tracker, "events")
    facts = Facts(
        tracking=_get(tracker, "tracking_number"),
        carrier=_get(tracker, "carrier_name"),
        codes=[_get(tracker, "status")],
        estimated=_get(tracker, "estimated_delivery"),
        references=_references(
            _get(info, "order_id"),
            _get(info, "customer_reference"),
            _get(tracker, "reference"),
            *(_get(meta, k) for k in meta),
        ),
        remarks=[_get(m, "message") for m in _list(tracker, "messages")],
        notes=[("Customer", _get(info, "customer_name")), ("Signed by", _get(info, "signed_by"))],
    )
    for event in events:
        facts.checkpoints.append(
            Checkpoint(
                f"{_get(event, 'date')} {_get(event, 'time')}".strip(),
                _get(event, "description"),
                _get(event, "location"),
                [_get(event, "reason"), _get(event, "code"), _get(event, "status")],
            )
        )
    if facts.checkpoints:
        newest = max(facts.checkpoints, key=lambda c: c.when)
        facts.codes = [newest.codes[0], *facts.codes, newest.codes[2]]
    return facts


def _shipengine(payload: Json) -> Facts:
    data = _object(payload, "data") or payload
    carrier = _get(data, "carrier_code")
    if not carrier and (found := re.search(r"carrier_code=([\w-]+)", _get(payload, "resource_url"))):
        carrier = found[1]
    facts = Facts(
        tracking=_get(data, "tracking_number"),
        carrier=carrier,
        codes=[_get(data, "status_detail_code"), _get(data, "status_code")],
        wording=[_get(data, "status_detail_description"), _get(data, "exception_description")],
        remarks=[_get(data, "carrier_status_description")],
        estimated=_get(data, "estimated_delivery_date"),
        notes=[
            ("Delivered", _get(data, "actual_delivery_date")),
            ("Carrier's code", _get(data, "carrier_status_code")),
        ],
    )
    for event in _list(data, "events"):
        facts.checkpoints.append(
            Checkpoint(
                _get(event, "occurred_at"),
                _get(event, "description") or _get(event, "carrier_status_description"),
                _place(_get(event, "city_locality"), _get(event, "country_code")),
                [_get(event, "status_detail_code"), _get(event, "status_code")],
            )
        )
        facts.notes.append(("Signed by", _get(event, "signer")))
    return facts


def _shippo(payload: Json) -> Facts:
    """A `track_updated` webhook (docs.goshippo.com, "Track" object)."""
    track = _object(payload, "data") or payload
    status = _object(track, "tracking_status")
    codes = [_get(status, "substatus", "code"), _get(status, "status")]
    facts = Facts(
        tracking=_get(track, "tracking_number"),
        carrier=_get(track, "carrier"),
        codes=codes,
        wording=[_get(status, "substatus", "text")],
        estimated=_get(track, "eta"),
        references=_references(_get(track, "metadata")),
    )
    for point in [*_list(track, "tracking_history"), *([status] if status else [])]:
        place = _object(point, "location")
        facts.checkpoints.append(
            Checkpoint(
                _get(point, "status_date"),
                _get(point, "status_details"),
                _place(_get(place, "city"), _get(place, "country")),
                [_get(point, "substatus", "code"), _get(point, "status")],
            )
        )
    return facts


# --- X12 ---

_TRACKING_QUALIFIERS = (
    "CN",
    "2I",
    "AAO",
    "BM",
    "FN",
)  # carrier's number, tracking, consignee's, bill of lading, forwarder's


def _is_appointment(status: Status) -> bool:
    """A delivery appointment without trouble of its own (element 1652 with reason NS or NA, or none)."""
    return status.appointment and status.reason in {"", "NS", "NA"}


def _edi214(given: Iterable[Segment]) -> Facts:
    shipment = read_214(given)
    numbers = dict(reversed(shipment.references))
    tracking = shipment.reference.strip("- ") or next((numbers[q] for q in _TRACKING_QUALIFIERS if q in numbers), "")
    facts = Facts(
        tracking=tracking,
        carrier=shipment.scac,
        references=[shipment.shipment_id, *(v for _, v in shipment.references)],
        remarks=[remark for remark in shipment.remarks if remark],
        notes=[("Party", party) for party in shipment.parties],
    )
    # G62 date qualifiers: 17 estimated delivery, 67/AAG estimated, 02 requested delivery.
    facts.estimated = next((when for q, when in shipment.dates if q in {"17", "67", "AG"}), "")
    for status in shipment.statuses:
        kind = "appointment" if status.appointment else "status"
        codes = [f"reason {status.reason}" if status.reason else "", f"{kind} {status.status}" if status.status else ""]
        facts.checkpoints.append(Checkpoint(status.when, "", status.place, [c for c in codes if c]))
        if (status.status in {"AG", "X2"} or (status.appointment and status.status == "AB")) and not facts.estimated:
            facts.estimated = status.when
    if facts.checkpoints:
        # An appointment (with reason NA: normal) says when, not what happened: what was reported beside it counts.
        telling = [c for c, s in zip(facts.checkpoints, shipment.statuses, strict=True) if not _is_appointment(s)]
        newest = max(telling or facts.checkpoints, key=lambda c: c.when)
        # Damage, refusal and return outrank the reason given for them; otherwise the reason says more.
        decisive = {"status A3", "status A7", "status A9", "status PR", "status AH"}
        facts.codes = sorted(newest.codes, key=lambda c: c not in decisive)
    return facts


# --- anything else ---

_KEYS = {
    "tracking": r"tracking_?(number|code|no|id)?|waybill(_?(number|no))?|awb(_?(number|no))?|shipment_?(number|no|id)|consignment_?(number|no|id)?|parcel_?(number|no|id)|sendungsnummer|barcode|pro_?(number)?|con_?note|(numero_?(de_?)?)?envio|parcel|paquetnummer|pakketnummer|numero_?spedizione|numer_?przesylki|(nr|numer)_?(listu|przesylki|paczki)|sendung(s_?nr)?|zendingsnummer|num(ero)?_?(de_?)?(suivi|seguimiento|colis)",
    "code": r"(event|status|reason|exception|scan)?_?(code|type|status|event|state|sub_?status)(_?code)?|exception|event_?name|evento|ereignis|evenement|gebeurtenis|zdarzenie|stato|estado|statut|stan|incidencia",
    "text": r"(status_?|event_?|exception_?|reason_?|short_?|long_?)?(description|text|message|remarks?|comments?|notes?|reason|details?|info(rmation)?|bemerkung|grund|motivo|motif|reden|powod)|observaciones|osservazioni|remarques?|opmerking(en)?|uwagi|opis|beschreibung|descrizione|descripcion|libelle|omschrijving|meldung|hinweis|causale|dettagli[o]?|mensaje|messaggio|melding|komunikat",
    "carrier": r"carrier(_?(name|code))?|courier|scac|slug|sender|provider|spediteur|corriere|przewoznik|transporteur|transportista|vervoerder|vettore|frachtfuehrer",
    "reference": r"(customer|shipper|sender|consignee|order|purchase_?order|po|client|your|delivery|external|merchant)_?(reference|ref|number|no|id)s?|references?|ref|order|referenz|auftragsreferenz|riferimento|referencia|referentie|nr_?ref|numer_?ref(erencyjny)?|kundenreferenz|rif",
    "estimated": r"(estimated|expected|new|planned|scheduled)_?(delivery|arrival)?_?(date|time|at|on)?|((new|revised|updated|latest|current)_?)?eta|(est|delivery)_?(delivery)?_?date|nowa_?data|nuova_?data(_?consegna)?|neuer_?(zustell|liefer)?termin|neues_?lieferdatum|nueva_?fecha|nouvelle_?date|nieuwe_?(lever)?datum|data_?prevista|fecha_?prevista|date_?prevue|voraussichtlich",
    "when": r"(event_?)?(time(stamp)?|date(_?time)?|occurred_?(at|on)?|created_?at)|zeit(punkt)?|data_?ora|czas|fecha_?hora|heure|tijd(stip)?",
}
_MATCH = {name: re.compile(f"(?:{pattern})$") for name, pattern in _KEYS.items()}


def _generic(payload: Json) -> Facts:
    """A carrier's own JSON: keys are searched by usual names at any depth; every value becomes a line to read.

    The documented shape is `{"carrier", "tracking_number", "status", "description", "references": [], "estimated_delivery",
    "events": [{"time", "status", "description", "location"}]}`.
    """
    facts = Facts()
    when = ""
    events = next(
        (items for key in ("events", "checkpoints", "history", "scans") if (items := _list(payload, key))), []
    )
    flat = [(key, value) for key, value in _leaves({k: v for k, v in payload.items() if v is not events or not events})]
    for path, value in flat:
        key = _snake(path[-1])
        if not value:
            continue
        if _MATCH["tracking"].match(key):
            facts.tracking = facts.tracking or value
        elif _MATCH["reference"].match(key):
            facts.references.extend(_references(value))
        elif _MATCH["estimated"].match(key) and moment(value):
            facts.estimated = facts.estimated or value
        elif _MATCH["when"].match(key):
            when = when or value
        elif _MATCH["text"].match(key):
            facts.remarks.append(value)
        elif _MATCH["code"].match(key):
            facts.codes.append(value)
        elif _MATCH["carrier"].match(key) and len(path) <= 2:
            facts.carrier = facts.carrier or value
        facts.notes.append((" ".join(_snake(k).replace("_", " ") for k in path), value))
    for event in events:
        found = {
            name: value for path, value in _leaves(event) for name in _MATCH if _MATCH[name].match(_snake(path[-1]))
        }
        facts.checkpoints.append(
            Checkpoint(
                found.get("when", ""),
                found.get("text", ""),
                _get(event, "location"),
                [c for c in [found.get("code", "")] if c],
            )
        )
    if not facts.checkpoints and facts.remarks:
        facts.checkpoints.append(Checkpoint(when, facts.remarks[0], "", facts.codes[:3]))
    elif facts.checkpoints and not facts.codes:
        facts.codes = max(facts.checkpoints, key=lambda c: c.when).codes
    facts.wording = [code.replace("_", " ") for code in facts.codes if len(code) > 4]
    return facts


def _leaves(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, text) of the first 300 leaves. No recursion."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    count = 0
    while stack and count < 300:
        path, item = stack.pop()
        if isinstance(item, dict):
            stack.extend(((*path, str(key)[:60])[-4:], inner) for key, inner in reversed(list(item.items())[:300]))
        elif isinstance(item, list):
            stack.extend((path, inner) for inner in reversed(item[:300]))
        elif path:
            count += 1
            yield path, clean(text_of(item)).strip()[:2_000]


def _snake(key: str) -> str:
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)).lower()


_SHAPES: dict[str, Callable[[Json], Facts]] = {
    "easypost": _easypost, "aftership": _aftership, "karrio": _karrio, "shipengine": _shipengine,
    "shippo": _shippo,
}  # fmt: skip
