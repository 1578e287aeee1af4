"""Three simple readers, run and scored as the product is: what its figures have to be held against.

They get the product's own reading of the raw message and its training corpora, never a labelled set. They state no
fields and propose the usual action of an intent.
"""

from __future__ import annotations

import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from agent.intents import NONE
from agent.proposal import Action, Candidate, Proposal, RecordRef, Triage
from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from evals.engines import records_of
from evals.intent_training import Example, load_corpora
from evals.labelled import LabelledSet
from evals.predict import predict_with
from evals.score import Score, score
from tools.message import Message
from tools.records import RecordReader

USUAL_ACTION = {
    "order_confirmation": "confirm_order",
    "delivery_date_change": "update_delivery_date",
    "partial_shipment": "split_delivery",
    "quantity_change": "update_quantity",
    "price_change": "update_price",
    "item_unavailable": "find_alternative_supplier",
    "order_rejection": "find_alternative_supplier",
    "shipment_notice": "record_shipment",
    "supplier_invoice_issue": "review_invoice",
    "information_request": "reply_to_sender",
    "delivery_failed": "reschedule_delivery",
    "transit_delay": "notify_customer",
    "customs_hold": "provide_documents",
    "goods_damaged": "file_carrier_claim",
    "goods_lost": "file_carrier_claim",
    "delivery_discrepancy": "file_carrier_claim",
    "returned_to_sender": "receive_back",
    "delivery_update": "no_action",
    "return_request": "create_return",
    "order_change": "update_sales_order",
    "address_change": "correct_address",
    "order_cancellation": "cancel_sales_order",
    "order_status_query": "send_status",
    "billing_query": "review_invoice",
    "complaint": "escalate",
    "auto_reply": "no_action",
    "not_actionable": "no_action",
    "unclear": "escalate",
}

KEYWORDS = {
    "auto_reply": r"out of office|automatic reply|abwesen|undeliverable|ticket.{0,20}(opened|received)",
    "order_cancellation": r"cancel|storn|annul|anula",
    "returned_to_sender": r"return(ed)? to (sender|shipper)|rücksendung an",
    "goods_damaged": r"damage|beschädig|endommag|danneggiat|uszkodz|dañad",
    "goods_lost": r"\blost\b|verloren|perdu|zagubion|perdid",
    "customs_hold": r"customs|zoll|douane|dogana|aduana",
    "delivery_failed": r"failed attempt|could not be delivered|not home|nicht zugestellt|delivery attempt",
    "transit_delay": r"transit|hub|weather",
    "price_change": r"price|preis|prix|prezzo|cena|precio|prijs",
    "partial_shipment": r"partial|split|teilliefer|rest(menge)?\b|balance",
    "item_unavailable": r"discontinued|no longer available|nicht mehr lieferbar|out of stock",
    "delivery_date_change": r"delay|later|new (delivery )?date|verspät|verzöger|retard|ritardo|opóźni|retras|vertrag",
    "shipment_notice": r"dispatched|shipped|tracking|versandt|expédi|spedit",
    "order_confirmation": r"order confirmation|confirm|auftragsbestätigung|bestätig",
    "supplier_invoice_issue": r"statement|overdue|mahnung|payment reminder",
    "billing_query": r"invoice|rechnung|facture|fattura|faktur|factura",
    "return_request": r"return|send back|retoure|zurückschicken|reso\b",
    "address_change": r"address|adresse|indirizzo|adres|dirección",
    "order_status_query": r"where is|status|when (will|can)|wann",
    "complaint": r"complain|unacceptable|beschwerde|reclam",
    "not_actionable": r"newsletter|unsubscribe|thank you|danke",
}


class Baseline(ABC):
    """An engine that says one thing of a message: an intent, and the record that it takes the message to be about."""

    name: str

    @abstractmethod
    def intent(self, text: str) -> tuple[str, float]:
        """The taxonomy key and how sure the reader is (0..1)."""

    @abstractmethod
    def records(self, text: str, model: str | None) -> list[Candidate]:
        """What the text may be about, best first."""

    def triage(self, message: Message) -> Triage:
        text = "\n".join([message.subject, message.new_text or message.body, *(p.text for p in message.parts)])
        intent, sure = self.intent(text)
        if intent == "unclear":
            return Triage(message_id=message.id, manual=True, manual_reason="The reader cannot tell.")
        model = taxonomy().intents[intent].record
        candidates = [] if intent in INTENTS_WITHOUT_RECORD else self.records(text, model)[:5]
        record = candidates[0] if candidates else None
        proposal = Proposal(
            intent=intent,
            record=RecordRef(model=record.model, id=record.id, name=record.name) if record else None,
            candidates=candidates,
            actions=[Action(name=USUAL_ACTION[intent])],
            confidence=sure,
        )
        return Triage(message_id=message.id, proposals=[proposal], engine=self.name)


class ExactReferences:
    """Every number by which an order or delivery may be named, as it stands in Odoo; no tolerance for spelling."""

    NUMBERS: ClassVar = {
        "purchase.order": ("name", "partner_ref"),
        "sale.order": ("name", "client_order_ref"),
        "stock.picking": ("name", "carrier_tracking_ref"),
    }
    _TOKEN = re.compile(r"[\w/.\-]*\d[\w/\-]*")

    def __init__(self, reader: RecordReader) -> None:
        self._known: dict[str, list[Candidate]] = {}
        for model, fields in self.NUMBERS.items():
            for row in reader.search_read(model, (), ["name", *fields]):
                for number in {str(row[f]).casefold() for f in fields if row.get(f)}:
                    found = Candidate(model=model, id=row["id"], name=row["name"], score=1.0)
                    self._known.setdefault(number, []).append(found)

    def find(self, text: str, model: str | None) -> list[Candidate]:
        """The records named in the text, those of the wanted model first, then in the order of mention."""
        found = [c for token in self._TOKEN.findall(text) for c in self._known.get(token.casefold(), [])]
        distinct = {(c.model, c.id): c for c in found}
        return sorted(distinct.values(), key=lambda c: c.model != model)


class KeywordRules(Baseline):
    name = "keyword rules + exact reference"

    def __init__(self, reader: RecordReader) -> None:
        self._references = ExactReferences(reader)
        self._rules = [(intent, re.compile(pattern, re.IGNORECASE)) for intent, pattern in KEYWORDS.items()]

    def intent(self, text: str) -> tuple[str, float]:
        return next(((intent, 0.5) for intent, rule in self._rules if rule.search(text)), ("not_actionable", 0.2))

    def records(self, text: str, model: str | None) -> list[Candidate]:
        return self._references.find(text, model)


class WordClassifier(Baseline):
    name = "TF-IDF + logistic regression + exact reference"

    def __init__(self, reader: RecordReader) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        self._references = ExactReferences(reader)
        examples = training_examples()
        self._model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=20_000),
            LogisticRegression(C=10, tol=1e-3),
        ).fit([e.text for e in examples], [e.intent for e in examples])

    def intent(self, text: str) -> tuple[str, float]:
        chances = self._model.predict_proba([text])[0]
        best = chances.argmax()
        return str(self._model.classes_[best]), float(chances[best])

    def records(self, text: str, model: str | None) -> list[Candidate]:
        return self._references.find(text, model)


class NearestNeighbour(Baseline):
    """Both the intent and the record are those of the nearest vector in Chroma."""

    name = "embedding nearest neighbour, Chroma alone"

    def __init__(self, reader: RecordReader, vectors: Path | None = None) -> None:
        import chromadb
        from chromadb.config import Settings

        from tools.embedding import Embedder

        self._embedder = Embedder(vectors)
        self._folder = tempfile.TemporaryDirectory(prefix="baseline-")
        client = chromadb.PersistentClient(self._folder.name, Settings(anonymized_telemetry=False))
        space = {"hnsw:space": "cosine"}
        self._intents: Any = client.create_collection("intents", metadata=space, embedding_function=None)
        self._records: Any = client.create_collection("records", metadata=space, embedding_function=None)
        messages = [e for e in training_examples() if e.unit == "message"]
        self._fill(self._intents, [(e.text[:240], {"intent": e.intent}) for e in messages])
        self._fill(self._records, list(record_cards(reader)))

    def _fill(self, collection: Any, rows: list[tuple[str, dict[str, str | int]]]) -> None:
        for start in range(0, len(rows), 500):
            batch = rows[start : start + 500]
            collection.add(
                ids=[str(start + i) for i in range(len(batch))],
                embeddings=self._embedder.passages([text for text, _ in batch]),
                metadatas=[about for _, about in batch],
            )

    def intent(self, text: str) -> tuple[str, float]:
        found = self._intents.query(query_embeddings=[self._embedder.query(text[:240])], n_results=1)
        return str(found["metadatas"][0][0]["intent"]), min(1.0, max(0.0, 1 - found["distances"][0][0]))

    def records(self, text: str, model: str | None) -> list[Candidate]:
        if model is None or not self._records.count():
            return []
        found = self._records.query(query_embeddings=[self._embedder.query(text)], n_results=5, where={"model": model})
        return [
            Candidate(model=m["model"], id=m["id"], name=m["name"], score=min(1.0, max(0.0, 1 - distance)))
            for m, distance in zip(found["metadatas"][0], found["distances"][0], strict=True)
        ]


def record_cards(reader: RecordReader) -> Iterator[tuple[str, dict[str, str | int]]]:
    """Each order and delivery as a short text to be found by."""
    lines = {"purchase.order": "purchase.order.line", "sale.order": "sale.order.line", "stock.picking": "stock.move"}
    owner = {"purchase.order": "order_id", "sale.order": "order_id", "stock.picking": "picking_id"}
    for model, line_model in lines.items():
        goods: dict[int, list[str]] = {}
        for line in reader.search_read(line_model, (), [owner[model], "product_id"]):
            if line.get(owner[model]) and line.get("product_id"):
                goods.setdefault(line[owner[model]][0], []).append(line["product_id"][1])
        for row in reader.search_read(model, (), ["name", "partner_id", "partner_ref", "client_order_ref", "origin"]):
            partner = row["partner_id"][1] if row.get("partner_id") else ""
            references = [str(row[f]) for f in ("partner_ref", "client_order_ref", "origin") if row.get(f)]
            text = " · ".join([row["name"], *references, partner, *goods.get(row["id"], [])])
            yield text[:240], {"model": model, "id": row["id"], "name": row["name"]}


def training_examples() -> list[Example]:
    return [e for e in load_corpora() if e.intent != NONE]


def score_all(labelled: LabelledSet, *, vectors: Path | None = None) -> dict[str, Score]:
    """Each baseline's score on a set, by name. `vectors` is a file that keeps embeddings between runs."""
    reader = records_of(labelled)
    scores = {}
    with tempfile.TemporaryDirectory() as folder:
        for baseline in (KeywordRules(reader), WordClassifier(reader), NearestNeighbour(reader, vectors)):
            predictions = predict_with(baseline, labelled, Path(folder) / "predictions.jsonl")
            scores[baseline.name] = score(labelled, predictions)
    return scores
