"""The products on file with what suppliers call them, and the texts by which they are found.

There are few beside the orders, so they are held in memory.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from agent.order_rows import record_id, text_of
from agent.orders import Product, SupplierCode
from agent.product_words import product_words
from agent.reference_keys import reference_key
from tools.index import Document
from tools.records import RecordReader

PRODUCT, SUPPLIER_INFO = "product.product", "product.supplierinfo"
PRODUCT_MODELS = frozenset((PRODUCT, SUPPLIER_INFO))
_FIELDS = ("display_name", "name", "default_code", "barcode", "product_tmpl_id")
_SUPPLIER_FIELDS = ("partner_id", "name", "product_id", "product_tmpl_id", "product_code", "product_name")


def read_products(reader: RecordReader) -> dict[int, Product]:
    """Every product by its id; a supplier's code for a template counts for each of its variants."""
    products: dict[int, Product] = {}
    variants: dict[int, list[Product]] = defaultdict(list)
    for row in reader.search_read(PRODUCT, fields=_FIELDS):
        shown = text_of(row.get("display_name"))
        product = Product(
            id=row["id"],
            code=text_of(row.get("default_code")) or bracketed(shown),
            name=text_of(row.get("name")) or unbracketed(shown),
            barcode=text_of(row.get("barcode")),
            template_id=record_id(row.get("product_tmpl_id")),
        )
        products[product.id] = product
        if product.template_id:
            variants[product.template_id].append(product)
    for row in reader.search_read(SUPPLIER_INFO, fields=_SUPPLIER_FIELDS):
        code = SupplierCode(
            record_id(row.get("partner_id")) or record_id(row.get("name")),
            text_of(row.get("product_code")),
            text_of(row.get("product_name")),
        )
        variant = products.get(record_id(row.get("product_id")) or 0)
        for product in [variant] if variant else variants.get(record_id(row.get("product_tmpl_id")) or 0, ()):
            product.supplier_codes.append(code)
    return products


def by_code(products: Iterable[Product]) -> dict[str, list[Product]]:
    """Products by the key of each of their codes, ours and the suppliers'."""
    found: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        for code in {product.code, product.barcode, *(c.code for c in product.supplier_codes)} - {""}:
            found[reference_key(code)].append(product)
    return found


def count_words(products: Iterable[Product]) -> Counter[str]:
    """In how many products' names, ours and the suppliers', each word stands."""
    counts: Counter[str] = Counter()
    for product in products:
        texts = [product.name, *(c.name for c in product.supplier_codes)]
        counts.update({word for text in texts for word in product_words(text)})
    return counts


def product_documents(products: Iterable[Product]) -> list[Document]:
    """One document for each product: its names in all words that are on file, and its codes."""
    documents = []
    for product in products:
        names = [product.name, *(c.name for c in product.supplier_codes)]
        codes = [product.code, product.barcode, *(c.code for c in product.supplier_codes)]
        text = " · ".join(dict.fromkeys(name for name in names if name))
        documents.append(Document(str(product.id), text, tuple(dict.fromkeys(code for code in codes if code))))
    return documents


def bracketed(text: str) -> str:
    """The code of a display name such as "[E-COM07] Large cabinet"."""
    found = re.match(r"\s*\[([^\]]{1,64})\]", text)
    return found[1].strip() if found else ""


def unbracketed(text: str) -> str:
    return re.sub(r"^\s*\[[^\]]{1,64}\]\s*", "", text)
