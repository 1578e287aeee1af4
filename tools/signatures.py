"""Signatures and legal disclaimers at the end of what somebody wrote, in seven languages.

Careful by design: what could be content stays new. A closing phrase makes itself and following lines of contact data a
signature; sentences, dates and quantities after it, and a postscript, are new again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tools.message import PassageKind

NEW, SIGNATURE, DISCLAIMER = PassageKind.new, PassageKind.signature, PassageKind.disclaimer

_DELIMITER = re.compile(r"^(?:--|––|—)\s*$")
_CLOSING = re.compile(
    r"^(?:"
    # English
    r"(?:(?:many |with |thanks (?:and|&) |thank you (?:and|&) )?(?:best|kind|kindest|warm|warmest|friendly) (?:wishes|greetings|regards)|regards|rgds|"
    r"best|b\.?r\.?|k\.?r\.?|cheers|sincerely|yours (?:sincerely|faithfully|truly)|sincerely yours|respectfully|cordially|greetings|all the best|have a (?:nice|good|great) \w+)"
    # German
    r"|(?:mit )?(?:(?:vielen|herzlichen|besten|lieben|schönen|freundlichen|sonnigen|kollegialen|vorzüglichen?) )*(?:dank (?:und|u\.|&) )?(?:(?:freundliche[nmr]?|beste[nr]?|viele[nr]?|liebe[nr]?|schöne[nr]?|herzliche[nr]?|freundl\.) )*(?:und )?(?:gr(?:ü|ue)(?:ß|ss)(?:en|e|le)?|gru(?:ß|ss))"
    r"|danke (?:und|u\.|&) (?:\w+ )?gru(?:ß|ss)|mfg|m\.f\.g\.|lg|vg|bg|hochachtungsvoll|servus|schöne[ns]? (?:tag|woche|wochenende|abend)"
    # French
    r"|(?:bien |très |sincèrement |amicalement )?cordialement|bien à (?:vous|toi)|cdt|cdlt|(?:meilleures|sincères|cordiales|respectueuses|sincère) salutations|salutations(?: distinguées| cordiales)?|amicalement|bonne (?:journée|réception|semaine|soirée)|belle journée"
    r"|(?:je vous prie|nous vous prions|veuillez) (?:d['’])?(?:agréer|recevoir|croire)\b.{0,80}"
    # Spanish
    r"|(?:un |muchos |reciba un |reciban un )?(?:cordial(?:es)? )?salud[oa]s?(?: cordial(?:es)?)?|atentamente|atte|(?:muy )?cordialmente|un abrazo|saludos cordiales|quedo a la espera de .{0,50}"
    # Italian
    r"|(?:distinti|cordiali|cordialissimi|migliori|tanti|un caro|cari) salut[oi]|saluti(?: cordiali)?|un saluto|cordialmente|cordialità|buon(?:a)? (?:lavoro|giornata|serata)|grazie e (?:cordiali |distinti )?saluti"
    # Dutch
    r"|(?:met )?(?:vriendelijke|hartelijke|beste|warme) groet(?:en|jes)?|(?:de )?groet(?:en|jes)?|mvg|m\.v\.g\.|gr\.?|hoogachtend|fijne dag"
    # Polish
    r"|(?:serdecznie )?pozdrawia(?:m|my)(?: serdecznie)?|(?:serdeczne )?pozdrowienia|z (?:poważaniem|wyrazami szacunku|pozdrowieniami)|łączę (?:pozdrowienia|wyrazy szacunku)|pozdr\.?|miłego dnia|udanego dnia"
    r")(?P<rest>(?:[ ,.!;:–/&+-].{0,45})?)$",
    re.I,
)  # fmt: skip
_THANKS = re.compile(
    r"^(?:many |thanks a lot|thank you(?: very much)?|thanks|thx|tnx|danke(?: (?:schön|sehr|dir|ihnen))?|vielen dank|besten dank|herzlichen dank|merci(?: (?:beaucoup|d['’]avance))?|"
    r"(?:muchas )?gracias(?: de antemano)?|(?:mille |molte )?grazie(?: mille)?|(?:alvast )?(?:dank je|dank u|bedankt|hartelijk dank)(?: wel)?|(?:bardzo )?dziękuj[ęe](?:my)?|dzięki|z góry dziękuję)"
    r"(?: (?:in advance|im voraus|vorab|and .{0,30}))?[ ,.!]*$",
    re.I,
)
_DEVICE = re.compile(
    r"^(?:sent from my .{2,40}|sent (?:with|via|from) .{2,40}|get outlook for .{2,20}|von meinem .{2,30} gesendet|gesendet (?:von|mit) .{2,40}|envoyé (?:de|depuis) (?:mon|ma) .{2,40}|"
    r"télécharger outlook .{0,20}|enviado (?:desde|de) mi .{2,40}|inviato da(?:l mio)? .{2,40}|verzonden (?:vanaf|met) mijn .{2,40}|wysłano z .{2,40}|wysłane z .{2,40}|outlook für .{2,20} (?:herunterladen|beziehen)|enviado do meu .{2,40})$",
    re.I,
)
_POSTSCRIPT = re.compile(r"^\s*(?:p\.? ?p?\.?s\b\.?|nb\b|n\.b\.|ps:|pd:|p\.d\.)[\s:.–-]", re.I)
_CONTACT = re.compile(
    r"@|https?://|www\.|\b(?:tel|telefon|phone|fon|mob|mobile|mobil|fax|handy|cell|gsm|tél|téléphone|teléfono|tfno|móvil|cellulare|cell|kom|direct|office|t|m|f|e)\b\.?\s?:?\s*[+(]?\d|"
    r"\+\d{1,3}[\s(./-]?\d|\b(?:iban|bic|swift|ust|uid|vat|atu|nip|regon|krs|siret|siren|rcs|cif|nif|p\.? ?iva|partita iva|kvk|btw|fn|hrb|hra|amtsgericht|handelsregister|"
    r"geschäftsführer|geschäftsführung|managing director|registered|firmenbuch|gerichtsstand|sitz|rea|cap\. ?soc|capital|eori|ein)\b|"
    r"\b(?:gmbh|ag|kg|ohg|ltd|limited|inc|llc|plc|s\.?a\.?s?|sarl|s\.?l\.?u?|s\.?p\.?a|s\.?r\.?l|b\.?v|n\.?v|sp\. ?z ?o\. ?o|d\.o\.o|s\.r\.o|e\.u|kft|co)\b\.?(?:[\s,·|]|$)|"
    r"\b(?:str|straße|strasse|street|road|rd|avenue|ave|rue|calle|via|viale|weg|laan|straat|ul|al|plaza|piazza|platz|gasse|allee|bd|boulevard|park|po box|postfach)\b\.?",
    re.I,
)
_DATA = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?(?=\D|$)|\b\d{4}-\d{2}-\d{2}\b|\b\d+([.,]\d+)?\s?(?:pcs|pc|pieces|units|stk|stück|st|szt|pz|pzs|uds|ud|ve|kg|eur|usd|gbp|chf|pln|€|\$|pallets?|paletten|cartons?|kartons?|boxes)\b|[€$£]\s?\d",
    re.I,
)
_LEGAL = re.compile(
    r"confidential|privileged|intended (?:solely |only )?(?:for|recipient)|intended recipient|unauthori[sz]ed|received (?:this|it) (?:\w+ ){0,4}in error|liabilit|virus|scanned|before printing|environment|disclaimer|"
    r"registered (?:office|in)|vertraulich|rechtlich geschützt|irrtümlich|bestimmungsgemäß|empfänger|unbefugt|datenschutz|dsgvo|gdpr|haftung|agb|geschäftsbedingungen|umwelt|"
    r"confidentiel|destinataire|par erreur|imprimer|environnement|rgpd|responsabilité|confidencial|destinatari|por error|medio ambiente|imprimir|protección de datos|lopd|"
    r"riservat|per errore|2016/679|trattamento dei dati|privacy|vertrouwelijk|geadresseerde|abusievelijk|aansprakelijk|uitsluitend bestemd|poufn|adresat|omyłkow|rodo|przez pomyłkę|administrator\w* danych|drukowa|środowisk",
    re.I,
)
_STRONG_LEGAL = re.compile(
    r"intended recipient|received (?:this|it) (?:\w+ ){0,4}in error|confidential(?:ity)? (?:notice|information)|diese (?:e-?mail|nachricht) (?:\w+ ){0,6}(?:enthält|ist) (?:\w+ ){0,4}vertraulich|"
    r"vertrauliche (?:und|oder|informationen)|ce (?:message|courriel|mail) (?:\w+ ){0,8}confidentiel|(?:este|esta) (?:mensaje|correo|e-?mail) (?:.{0,60})(?:confidencial|dirig)|"
    r"informazioni contenute in quest[oa]|(?:dit|deze) (?:e-?mail|bericht)\w* .{0,60}vertrouwelijk|(?:ta|niniejsza) wiadomość .{0,60}(?:poufn|przeznaczon)|please consider the environment|"
    r"denken sie an die umwelt|pensez à l['’]environnement|general terms and conditions apply|es gelten unsere (?:allgemeinen|agb)|has been scanned|scanned (?:by|for)",
    re.I,
)
_BANNER = re.compile(
    r"^\W*(?:caution|warning|achtung|external(?: e-?mail| sender)?|externe (?:e-?mail|nachricht)|attention|\[ext(?:ern|ernal)?\])\b.{0,40}(?:external|extern|outside|außerhalb|originated|externe)|^\W*\[?external(?: e-?mail)?\]?\W*$|"
    r"^you don['’]t often get (?:e-?mail|mail) from|^sie erhalten nicht (?:oft|häufig) e-?mails? von",
    re.I,
)


def mark_endings(lines: Sequence[str]) -> list[PassageKind]:
    """The kind of each line of what one person wrote. If nothing new would be left, all of it is new."""
    kinds = [NEW] * len(lines)
    stripped = [line.strip() for line in lines]
    filled = [index for index, line in enumerate(stripped) if line]
    if not filled:
        return kinds
    for index in filled[:4]:
        if _BANNER.search(stripped[index][:200]):
            kinds[index] = DISCLAIMER
    closing = _closing_line(stripped, filled)
    if closing is not None:
        _mark_after(stripped, kinds, closing)
    else:
        _mark_bare_contacts(stripped, kinds)
    _mark_disclaimers(stripped, kinds, filled)
    for index in filled:
        if _DEVICE.match(stripped[index]):
            kinds[index] = SIGNATURE
    if not any(kinds[index] == NEW for index in filled):
        return [NEW] * len(lines)
    return kinds


def _closing_line(stripped: list[str], filled: list[int]) -> int | None:
    """The line that begins the signature: the first closing phrase after which no long content comes."""
    content = 0
    for position, index in enumerate(filled):
        line = stripped[index]
        if _DELIMITER.match(line) and content:
            return index
        if content and _is_closing(line, stripped, filled, position) and _ends_soon(stripped, filled, position):
            return index
        content += 1
    return None


def _is_closing(line: str, stripped: list[str], filled: list[int], position: int) -> bool:
    if len(line) > 110:
        return False
    match = _CLOSING.match(line)
    if match:
        rest = match["rest"].strip(" ,.!;:–-/&+")
        if not rest:
            return True
        words = rest.split()
        # "Best, Tom" closes; "Best price is 4.20" and "Greetings from the plant, we have bad news" do not.
        return len(words) <= 5 and not re.search(r"\d", rest) and _like_name(rest)
    if _THANKS.match(line):
        after = [stripped[i] for i in filled[position + 1 : position + 3]]
        return bool(after) and _like_name(after[0])
    return False


def _like_name(text: str) -> bool:
    """Up to five words, mostly capitalised, without a verb's punctuation; "aus Linz", "und Dank" count too."""
    words = re.findall(r"[^\W\d_][\w'’.-]*", text)
    if not words or len(words) > 5 or text.rstrip().endswith(("?", ":")) or len(text) > 50:
        return False
    small = [
        w
        for w in words
        if w[0].islower()
        and w
        not in {
            "und",
            "and",
            "von",
            "van",
            "de",
            "der",
            "den",
            "da",
            "di",
            "aus",
            "from",
            "ihr",
            "ihre",
            "i.v.",
            "i.a.",
            "ppa.",
            "your",
            "et",
            "y",
            "e",
            "en",
            "i",
            "z",
            "uit",
        }
    ]
    return len(small) <= (1 if len(words) == 1 else 0) and not re.search(r"\d", text)


def _ends_soon(stripped: list[str], filled: list[int], position: int) -> bool:
    after = filled[position + 1 :]
    if len(after) <= 14:
        return True
    contacts = sum(bool(_CONTACT.search(stripped[i][:300]) or _LEGAL.search(stripped[i][:2_000])) for i in after[:40])
    return contacts * 3 >= min(len(after), 40)


def _mark_after(stripped: list[str], kinds: list[PassageKind], closing: int) -> None:
    kinds[closing] = SIGNATURE
    delimiter = bool(_DELIMITER.match(stripped[closing]))
    in_new = False
    fresh = True
    seen = 0
    for index in range(closing + 1, len(stripped)):
        line = stripped[index]
        if not line:
            kinds[index] = NEW if in_new else SIGNATURE
            fresh = True
            continue
        if _POSTSCRIPT.match(line):
            in_new = True
        elif (
            fresh and in_new and (_CONTACT.search(line[:300]) or _LEGAL.search(line[:1_000])) and not _DATA.search(line)
        ):
            in_new = False
        elif not in_new and not delimiter and _is_content(line, seen):
            in_new = True
        fresh = False
        seen += 1
        kinds[index] = NEW if in_new else SIGNATURE


def _is_content(line: str, seen: int) -> bool:
    """A line below a closing phrase that says something: a sentence, or dates and quantities."""
    if _CONTACT.search(line[:300]) or _LEGAL.search(line[:1_000]):
        return False
    if _DATA.search(line):
        return True
    words = line.split()
    return (len(words) >= 6 and line.endswith((".", "!", "?", ":"))) or len(words) >= 14


def _mark_bare_contacts(stripped: list[str], kinds: list[PassageKind]) -> None:
    """A last paragraph of contact data without a closing phrase."""
    end = len(stripped)
    while end and not stripped[end - 1]:
        end -= 1
    start = end
    while start and stripped[start - 1]:
        start -= 1
    block = stripped[start:end]
    contacts = sum(bool(_CONTACT.search(line[:300])) for line in block)
    if start and 2 <= len(block) <= 10 and contacts >= 2 and contacts * 2 >= len(block):
        sentences = any(_is_content(line, 0) for line in block)
        reach = any(re.search(r"@|www\.|https?://|\+\d|\btel|\bphone|\bmob|\bfax", line, re.I) for line in block)
        if not sentences and reach and not any(_DATA.search(line) for line in block):
            kinds[start:end] = [SIGNATURE] * len(block)


def _mark_disclaimers(stripped: list[str], kinds: list[PassageKind], filled: list[int]) -> None:
    """Paragraphs of legal text below the first content; a rule above them goes with them."""
    start = 0
    first = filled[0]
    while start < len(stripped):
        if not stripped[start] or start <= first:
            start += 1
            continue
        end = start
        while end < len(stripped) and stripped[end] and end - start < 60:
            end += 1
        begin = start
        while begin < end and re.fullmatch(r"[-_=*~#–—]{3,}", stripped[begin]):
            begin += 1
        for a, b in ((begin, end),) if kinds[begin : begin + 1] == kinds[end - 1 : end] else _runs(kinds, begin, end):
            text = " ".join(stripped[a:b])[:6_000]
            hits = len({m.lower() for m in _LEGAL.findall(text)})
            if (
                len(text) >= 40
                and (_STRONG_LEGAL.search(text) or (hits >= 3 and len(text) >= 120))
                and not _POSTSCRIPT.match(text)
            ):
                if _DATA.search(text) and hits < 3:
                    continue
                kinds[(start if a == begin else a) : b] = [DISCLAIMER] * (b - (start if a == begin else a))
        start = end


def _runs(kinds: list[PassageKind], start: int, end: int) -> list[tuple[int, int]]:
    out = []
    a = start
    for index in range(start + 1, end + 1):
        if index == end or kinds[index] != kinds[a]:
            out.append((a, index))
            a = index
    return out
