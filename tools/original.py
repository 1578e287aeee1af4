"""A message as its sender laid it out, made harmless, and its files as they were sent.

What is left of the HTML loads nothing, runs nothing and leads nowhere: an allow-list keeps elements and properties that
set text, the address of a link becomes its title, and of pictures only those that came with the mail are shown. Whoever
serves it adds a policy that would stop the rest (`api/originals.py`).
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html import escape
from typing import NamedTuple

from tools.html_text import nested_too_deeply
from tools.limits import ReadingLimits
from tools.mail import MailFile, mail_content
from tools.message import Channel
from tools.portal import posted_files, read_json_object, text_of

_PICTURES = {"png": b"\x89PNG", "gif": b"GIF8", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF"}
_SHOWN_PICTURE = re.compile(r"data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_LOADS = re.compile(r"url|image|[\\@]", re.IGNORECASE)
_SHOWN_TAGS = """
a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s samp section small
span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr
"""
_UNSEEN_TAGS = "script style title template textarea select iframe noscript object"
_EVERYWHERE = "align valign bgcolor width height dir lang title style"
_ATTRIBUTES = {
    "*": set(_EVERYWHERE.split()),
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap"},
    "font": {"color", "size", "face"},
    "img": {"src", "alt"},
    "ol": {"start", "type"},
}
_SHOWN_PROPERTIES = """
background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse
border-color border-left border-right border-spacing border-style border-top border-width color direction display font
font-family font-size font-style font-weight height letter-spacing line-height list-style-type margin margin-bottom
margin-left margin-right margin-top max-width min-width opacity overflow padding padding-bottom padding-left
padding-right padding-top text-align text-decoration text-indent text-transform vertical-align visibility white-space
width word-break word-spacing
"""


class OriginalFile(NamedTuple):
    """A file that came with a message, byte for byte."""

    name: str
    mimetype: str
    data: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


class LaidOut(NamedTuple):
    """A harmless HTML fragment, and how many pictures it would have had to ask other servers for."""

    html: str
    left_out: int


def laid_out(raw: bytes, channel: Channel, limits: ReadingLimits | None = None) -> LaidOut:
    """What a mail or a post shows; its plain text where it has no HTML, the bytes as text where it is neither."""
    limits = limits or ReadingLimits()
    if channel is Channel.email:
        mail = mail_content(raw, limits)
        pictures = {file.content_id: file for file in mail.files if file.content_id}
        if any(html.strip() for html in mail.html):
            return harmless("\n<br>\n".join(mail.html), pictures, limits)
        return LaidOut(_plain("\n\n".join(mail.plain), limits), 0)
    if channel is Channel.portal:
        post = read_json_object(raw, limits, [])
        return harmless(text_of(post.get("body_html") or post.get("body")), {}, limits)
    return LaidOut(_plain(raw.decode("utf-8", "replace"), limits), 0)


def files(raw: bytes, channel: Channel, limits: ReadingLimits | None = None) -> list[OriginalFile]:
    """The files that came with a mail or a post, in their order."""
    limits = limits or ReadingLimits()
    if channel is Channel.email:
        return [OriginalFile(file.name, file.mimetype, file.data) for file in mail_content(raw, limits).files]
    if channel is Channel.portal:
        posted = posted_files(read_json_object(raw, limits, []).get("attachments"), limits, [])
        return [OriginalFile(*file) for file in posted]
    return []


def harmless(source: str, pictures: dict[str, MailFile], limits: ReadingLimits) -> LaidOut:
    """HTML of a stranger without anything that loads, runs or leads somewhere. `pictures` are named by `cid:`."""
    import nh3
    from selectolax.lexbor import LexborHTMLParser

    source = source[: limits.html_bytes]
    if nested_too_deeply(source, limits.html_depth):
        return LaidOut(_plain(re.sub(r"<[^<>]*>", " ", source), limits), 0)
    tree = LexborHTMLParser(source)
    left_out = 0
    for link in tree.css("a[href]"):
        # What a link says and where it leads may differ: the reader sees both.
        link.attrs["title"] = link.attributes.get("href") or ""
    for picture in tree.css("img"):
        address = (picture.attributes.get("src") or "").strip()
        if address[:4].lower() == "cid:":
            address = _data(pictures.get(address[4:]))
            picture.attrs["src"] = address
        left_out += not _SHOWN_PICTURE.fullmatch(address)
    html = nh3.clean(
        tree.html or "",
        tags=set(_SHOWN_TAGS.split()),
        clean_content_tags=set(_UNSEEN_TAGS.split()),
        attributes=_ATTRIBUTES,
        attribute_filter=_nothing_that_loads,
        filter_style_properties=set(_SHOWN_PROPERTIES.split()),
        url_schemes={"data"},
        link_rel=None,
    )
    return LaidOut(html, left_out)


def _nothing_that_loads(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if _SHOWN_PICTURE.fullmatch(value.strip()) else None
    if name == "style":
        return ";".join(said for said in value.split(";") if not _LOADS.search(said))
    return value


def _data(file: MailFile | None) -> str:
    """A picture of the mail as an address that asks nobody. What it is, is told by its first bytes."""
    kind = next((kind for kind, start in _PICTURES.items() if file and file.data.startswith(start)), None)
    return f"data:image/{kind};base64,{base64.b64encode(file.data).decode()}" if file and kind else ""


def _plain(text: str, limits: ReadingLimits) -> str:
    return f"<pre>{escape(text[: limits.text_chars])}</pre>"
