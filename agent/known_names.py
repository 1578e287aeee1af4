"""Names that are known everywhere: free mail providers, carriers, and the words of legal forms."""

from __future__ import annotations

# Mail providers whose domain says nothing about the company behind an address; any country's ending.
FREE_MAIL = frozenset((
    "gmail", "googlemail", "outlook", "hotmail", "live", "msn", "yahoo", "ymail", "icloud", "me", "mac",
    "aol", "gmx", "web", "freenet", "t-online", "aon", "chello", "orange", "wanadoo", "free", "laposte",
    "sfr", "libero", "virgilio", "tiscali", "alice", "tin", "wp", "onet", "o2", "interia", "poczta", "op",
    "seznam", "centrum", "email", "post", "proton", "protonmail", "pm", "mail", "inbox", "yandex", "qq",
    "163", "126", "ziggo", "kpnmail", "planet", "hetnet", "telenet", "skynet", "bluewin", "terra",
    "telefonica", "zoho", "fastmail", "hey", "gmx-topmail", "arcor", "vodafone", "kabelmail", "a1",
    "utanet",
))  # fmt: skip
# Names that are a provider only under these endings (elsewhere they may be somebody's own domain).
FREE_MAIL_ENDINGS = {
    "web": {"de"}, "free": {"fr"}, "orange": {"fr"}, "post": {"cz", "sk"}, "email": {"cz", "it", "com"}, "op": {"pl"},
    "me": {"com"}, "mac": {"com"}, "live": {"com", "de", "fr", "it", "nl", "at", "be", "co.uk"}, "o2": {"pl"},
    "mail": {"com", "de", "ru"}, "inbox": {"lv", "com"}, "planet": {"nl"}, "centrum": {"cz", "sk"}, "a1": {"net"},
    "terra": {"es", "com"}, "alice": {"it"}, "tin": {"it"}, "pm": {"me"}, "hey": {"com"}, "vodafone": {"de"},
    "zoho": {"com", "eu"}, "126": {"com"}, "163": {"com"}, "qq": {"com"}, "wp": {"pl"},
}  # fmt: skip

CARRIERS = (
    "DHL", "DPD", "GLS", "UPS", "FedEx", "TNT", "Hermes", "Evri", "PostNL", "bpost", "Chronopost",
    "Colissimo", "La Poste", "Poste Italiane", "BRT", "Bartolini", "SDA Express", "Correos", "SEUR", "MRW",
    "InPost", "Poczta Polska", "Raben", "Schenker", "DB Schenker", "Kuehne + Nagel", "Kühne + Nagel", "DSV",
    "Dachser", "Gebrüder Weiss", "Geodis", "Rhenus", "Österreichische Post", "Deutsche Post", "Swiss Post",
    "Die Schweizerische Post", "Royal Mail", "Parcelforce", "USPS", "Purolator", "Canada Post", "Aramex",
    "SF Express", "Maersk", "Hapag-Lloyd", "MSC", "CMA CGM", "Expeditors", "XPO", "Heppner", "Hellmann",
    "Packeta", "Zásilkovna", "PPL", "Česká pošta", "Magyar Posta", "Yodel", "Amazon Logistics",
)  # fmt: skip

LEGAL_FORMS = frozenset((
    "gmbh", "mbh", "ag", "kg", "ohg", "ug", "eu", "ek", "co", "cie", "sa", "sas", "sarl", "srl", "spa",
    "sp", "zoo", "oo", "z", "o", "sro", "as", "kft", "zrt", "bt", "bv", "nv", "vof", "ltd", "limited",
    "plc", "llc", "llp", "inc", "corp", "corporation", "company", "sl", "slu", "sc", "scs", "snc", "eurl",
    "aps", "ab", "oy", "oyj", "doo", "dd", "ad", "sagl", "fils", "soehne", "sohne", "und", "and", "et", "y",
    "i", "e", "the", "group", "holding",
))  # fmt: skip

# Words that name a service of a firm, not another firm: "acme-payments" is no name of its own.
SERVICE_WORDS = frozenset((
    "pay", "payment", "payments", "billing", "invoice", "invoices", "accounts", "accounting", "finance", "bank", "mail",
    "email", "support", "help", "helpdesk", "it", "security", "secure", "login", "portal", "online", "web", "info",
    "office", "orders", "sales", "service", "services", "team", "zahlung", "rechnung", "buchhaltung", "paiement",
    "facturation", "compta", "pagos", "facturas", "pagamenti", "fatture", "betaling", "facturen", "platnosci", "faktury",
))  # fmt: skip
