"""Who is who: partners, their people, addresses and domains, carriers, and the company's own side.

It answers "whose address is this", says when an address only looks like a partner's, and finds company names in text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.known_names import CARRIERS, FREE_MAIL, FREE_MAIL_ENDINGS, LEGAL_FORMS, SERVICE_WORDS
from agent.lexicon import fold
from agent.lookalikes import SHORTEST_IMITATED, name_of, one_letter_off, parts_of
from agent.order_rows import record_id
from tools.records import RecordReader, Row

PARTNER_MODELS = frozenset(("res.partner", "res.company", "res.users", "delivery.carrier"))
_TWO_PART_ENDINGS = frozenset({"co", "com", "org", "net", "ac", "gov", "or"})


@dataclass(slots=True)
class Partner:
    """A row of `res.partner`; `commercial_id` is the company that it belongs to (itself for a company)."""

    id: int
    name: str
    commercial_id: int
    emails: list[str]
    is_company: bool
    supplier_rank: int
    customer_rank: int
    ref: str
    lang: str


@dataclass(frozen=True, slots=True)
class PartnerMatch:
    """`partner_id` is a company. `how`: email, domain, taught, name, or mentioned; `score` in 0..1."""

    partner_id: int
    how: str
    score: float
    contact_id: int | None = None


@dataclass(slots=True)
class NameMention:
    start: int
    end: int
    partner_id: int
    score: float


@dataclass(slots=True)
class Directory:
    """Built from `res.partner`, `res.company`, `res.users` and `delivery.carrier`; any of them may be empty."""

    reader: RecordReader
    partners: dict[int, Partner] = field(default_factory=dict)
    own_partners: set[int] = field(default_factory=set)
    own_domains: set[str] = field(default_factory=set)
    own_emails: set[str] = field(default_factory=set)
    carriers: list[str] = field(default_factory=list)
    _members: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_email: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_domain: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _by_word: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _words: dict[int, list[str]] = field(default_factory=dict)
    _skeletons: dict[str, str] = field(default_factory=dict)
    _carrier_words: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = self.reader.search_read("res.partner", fields=PARTNER_FIELDS)
        parents = {row["id"]: record_id(row.get("parent_id")) for row in rows}
        for row in rows:
            partner = self.partners[row["id"]] = _partner(row, parents)
            self._members[partner.commercial_id].append(partner.id)
        for company in self.reader.search_read("res.company", fields=("name", "partner_id", "email")):
            own = record_id(company.get("partner_id"))
            if own:
                self.own_partners.add(own)
        users = self.reader.search_read("res.users", fields=("name", "login", "email", "partner_id", "share"))
        self.own_emails = {
            str(value).lower()
            for row in users
            if not row.get("share")
            for value in (row.get("login"), row.get("email"))
            if value and "@" in str(value)
        }
        for partner in self.partners.values():
            if partner.commercial_id in self.own_partners:
                self.own_emails.update(partner.emails)
        self.own_domains = {d for e in self.own_emails if not is_free_mail(d := registrable(e))} - {""}
        for partner in self.partners.values():
            self._index(partner)
        for domain in [*self._by_domain, *self.own_domains]:
            self._skeletons.setdefault(name_of(domain), domain)
        rows = self.reader.search_read("delivery.carrier", fields=("name",))
        named = [str(row["name"]) for row in rows if row.get("name")]
        self.carriers = list(dict.fromkeys([*named, *CARRIERS]))
        self._carrier_words = [(name, " ".join(re.findall(r"[a-z0-9]+", fold(name).text))) for name in CARRIERS]

    def commercial(self, partner_id: int | None) -> int | None:
        """The company behind a partner; the id itself when the partner is not known."""
        partner = self.partners.get(partner_id or 0)
        return partner.commercial_id if partner else partner_id

    def members(self, commercial_id: int) -> list[int]:
        """The ids whose company this is: the inverse of `commercial`."""
        return self._members.get(commercial_id) or ([] if commercial_id in self.partners else [commercial_id])

    def name(self, partner_id: int | None) -> str:
        partner = self.partners.get(partner_id or 0)
        return partner.name if partner else ""

    def is_internal(self, email: str) -> bool:
        return email.lower() in self.own_emails or registrable(email) in self.own_domains

    def by_email(self, email: str) -> list[PartnerMatch]:
        """Companies that own the address: exactly, or else by its domain (never a free-mail domain)."""
        exact = dict.fromkeys(self._by_email.get(email.lower(), ()))
        matches = {
            commercial: PartnerMatch(commercial, "email", 1.0, contact)
            for contact in exact
            if (commercial := self.partners[contact].commercial_id) not in self.own_partners
        }
        if matches:
            return list(matches.values())
        owners = self._by_domain.get(registrable(email), set())
        return [PartnerMatch(i, "domain", 0.9 if len(owners) == 1 else 0.6) for i in sorted(owners)]

    def by_name(self, name: str) -> list[PartnerMatch]:
        """Companies and people with a name like this one, best first."""
        found = [m for m in self.mentioned(name) if m.score >= 0.6]
        return [PartnerMatch(m.partner_id, "name", m.score) for m in sorted(found, key=lambda m: -m.score)[:5]]

    def mentioned(self, text: str) -> list[NameMention]:
        """Company and contact names in a text. The score is the share of the name's distinctive words found there."""
        words = [(m.start(), m.end(), fold(m[0]).text) for m in re.finditer(r"[^\W_]+", text)]
        hits: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
        for start, end, word in words:
            for partner_id in self._by_word.get(word, ()):
                hits[partner_id].setdefault(word, (start, end))
        best: dict[int, NameMention] = {}
        for partner_id, found in hits.items():
            wanted = self._words[partner_id]
            total = sum(self._weight(w) for w in wanted)
            share = sum(self._weight(w) for w in wanted if w in found) / total
            spans = sorted(found.values())
            if len(found) > 1 and spans[-1][1] - spans[0][0] > 60 + 10 * len(wanted):
                share *= 0.6
            if len(found) == 1 and len(wanted) > 1:
                share *= 0.9
            partner = self.partners[partner_id]
            if share < 0.5 or (not partner.is_company and len(found) < 2):
                continue
            mention = NameMention(spans[0][0], spans[-1][1], partner.commercial_id, round(share, 3))
            if partner.commercial_id not in best or best[partner.commercial_id].score < share:
                best[partner.commercial_id] = mention
        return sorted(best.values(), key=lambda m: (-m.score, m.start))

    def lookalike_of(self, email: str) -> str | None:
        """The known domain that this address imitates without being it: confusable letters, one letter off, the same
        name under another ending or with other hyphens."""
        name = name_of(registrable(email))
        return self._imitated([name, *one_letter_off(name)]) if self._is_foreign(email) else None

    def extended_by(self, email: str) -> str | None:
        """The known domain whose name this address bears with words added ("acme-payments.example"). Honest firms
        share words, too: whether it poses as the other is for what it says to show."""
        return self._imitated(parts_of(registrable(email))) if self._is_foreign(email) else None

    def is_of(self, domain: str, partner_id: int | None) -> bool:
        """Whether a known domain belongs to a partner's company, or is ours and the partner is one of us."""
        company = self.commercial(partner_id)
        return company in (self.own_partners if domain in self.own_domains else self._by_domain.get(domain, ()))

    def poses_as(self, domain: str, email: str, name: str) -> bool:
        """Whether the display name of a foreign address is that of a known domain's company or people, or holds the
        domain's word. A firm whose whole domain is in its name bears its own: "Acme Castings", acme-castings.example."""
        words = _words(name)
        theirs = (_words(p.name) - LEGAL_FORMS for p in self.partners.values() if self.is_of(domain, p.id))
        people = ({word for word in each if len(word) > 1} for each in theirs)
        if any(len(known) > 1 and known <= words for known in people):
            return True
        shared, own = _words(domain.partition(".")[0]), _words(registrable(email).partition(".")[0])
        bears_own = own <= words and bool(own - shared - SERVICE_WORDS - LEGAL_FORMS)
        return not bears_own and any(len(word) >= SHORTEST_IMITATED and word in words for word in shared)

    def _is_foreign(self, email: str) -> bool:
        domain = registrable(email)
        known = domain in self._by_domain or domain in self.own_domains
        return bool(domain) and not known and not is_free_mail(domain)

    def _imitated(self, names: Iterable[str]) -> str | None:
        found = (self._skeletons[n] for n in names if len(n) >= SHORTEST_IMITATED and n in self._skeletons)
        return next(found, None)

    def carrier_of_address(self, email: str, name: str) -> str | None:
        """The carrier that a sender's domain or display name names, as this company calls it where it does."""
        domain = email.rpartition("@")[2].rpartition(".")[0]
        for text in (domain, name):
            words = f" {' '.join(re.findall(r'[a-z0-9]+', fold(text).text))} "
            for carrier, folded in self._carrier_words:
                joined = folded.replace(" ", "")
                if f" {folded} " in words or (len(joined) >= 5 and joined in words.replace(" ", "")):
                    return next((c for c in self.carriers if folded in fold(c).text), carrier)
        return None

    def _index(self, partner: Partner) -> None:
        if partner.commercial_id in self.own_partners:
            return
        internal = any(email in self.own_emails for email in partner.emails)
        for email in partner.emails:
            self._by_email[email].append(partner.id)
            domain = registrable(email)
            if domain and not is_free_mail(domain) and domain not in self.own_domains and not internal:
                self._by_domain[domain].add(partner.commercial_id)
        words = [w for w in dict.fromkeys(re.findall(r"[^\W_]+", fold(partner.name).text)) if w not in LEGAL_FORMS]
        words = [w for w in words if len(w) > 1] or words
        if words and not internal:
            self._words[partner.id] = words
            for word in words:
                self._by_word[word].add(partner.id)

    def _weight(self, word: str) -> float:
        """Rare words tell companies apart; one that many share ("metall", "office") says little."""
        return float((1 + len(self._by_word.get(word, ()))) ** -0.7)


PARTNER_FIELDS = (
    "name", "display_name", "email", "email_normalized", "is_company", "parent_id", "commercial_partner_id",
    "supplier_rank", "customer_rank", "ref", "lang",
)  # fmt: skip


def _partner(row: Row, parents: dict[int, int | None]) -> Partner:
    top, seen = row["id"], set[int]()
    while parents.get(top) and top not in seen:
        seen.add(top)
        top = parents[top]
    emails = re.findall(r"[^\s,;<>\"]+@[^\s,;<>\"]+", f"{row.get('email') or ''} {row.get('email_normalized') or ''}")
    return Partner(
        id=row["id"],
        name=str(row.get("name") or row.get("display_name") or ""),
        commercial_id=record_id(row.get("commercial_partner_id")) or top,
        emails=list(dict.fromkeys(email.lower() for email in emails)),
        is_company=bool(row.get("is_company")) or not row.get("parent_id"),
        supplier_rank=int(row.get("supplier_rank") or 0),
        customer_rank=int(row.get("customer_rank") or 0),
        ref=str(row.get("ref") or ""),
        lang=str(row.get("lang") or ""),
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", fold(text).text))


def registrable(email: str) -> str:
    """The part of an address's domain that somebody registered: "mail.acme.co.uk" → "acme.co.uk"."""
    labels = email.rpartition("@")[2].strip().strip(".>").lower().split(".")
    if len(labels) < 2:
        return ""
    keep = 3 if len(labels) > 2 and labels[-2] in _TWO_PART_ENDINGS and len(labels[-1]) == 2 else 2
    return ".".join(labels[-keep:])


def is_free_mail(domain: str) -> bool:
    name, _, ending = domain.partition(".")
    return name in FREE_MAIL and (name not in FREE_MAIL_ENDINGS or ending in FREE_MAIL_ENDINGS[name])
