"""The words that stand in the values of standard header fields (RFC 9110, RFC 9111, Fetch), and small numbers.

Rule: a closed list, not a shape. A client may write anything into `Accept` or `Cache-Control`, a name as well; numbers
of more than four digits stay in fields that count seconds or bytes only.
"""

from __future__ import annotations

import re

from replay.redact.lexicon import Lexicon
from replay.redact.vocabulary import METHODS, is_structural, listed

_WORDS = listed(
    """* text application image audio video font multipart message model json html plain xml xhtml+xml css csv
    javascript ecmascript x-javascript webp avif apng svg+xml png jpeg gif mpeg mp4 ogg webm wav woff woff2
    octet-stream x-www-form-urlencoded form-data mixed event-stream pdf zip gzip problem+json problem+xml ld+json
    hal+json geo+json vnd.api+json json-patch+json merge-patch+json x-ndjson signed-exchange graphql grpc proto
    x-protobuf protobuf msgpack cbor yaml rss+xml atom+xml manifest+json
    q v version level charset b1 b2 b3 utf-8 utf8 us-ascii iso-8859-1 iso-8859-15 windows-1252
    deflate br zstd compress identity chunked x-gzip trailers
    no-cache no-store no-transform only-if-cached max-age max-stale min-fresh s-maxage must-revalidate must-understand
    proxy-revalidate public private immutable stale-while-revalidate stale-if-error
    keep-alive close upgrade websocket h2c h2 http http2-settings timeout max tls
    bytes items none 100-continue
    return minimal representation respond-async wait handling lenient strict odata.maxpagesize count exact planned
    includesubdomains preload deny sameorigin allow-from nosniff mode block report
    no-referrer no-referrer-when-downgrade origin origin-when-cross-origin same-origin strict-origin
    strict-origin-when-cross-origin unsafe-url same-site cross-site cross-origin cors no-cors navigate require-corp
    credentialless same-origin-allow-popups unsafe-none noopener-allow-popups
    document empty iframe script style worker serviceworker sharedworker object embed track report xslt frame
    noindex nofollow noarchive nosnippet noimageindex notranslate all index follow master-only by-content-type
    true false on off null xmlhttprequest https
    accept accept-encoding accept-language authorization content-type content-length content-range
    content-disposition content-encoding content-language content-security-policy cookie set-cookie date etag expires
    host if-match if-none-match if-modified-since if-unmodified-since last-modified link location pragma cache-control
    range referer retry-after user-agent vary www-authenticate x-csrf-token x-xsrf-token x-requested-with
    x-forwarded-for x-forwarded-proto x-forwarded-host x-api-key x-request-id x-correlation-id x-tenant-id x-total-count
    x-auth-token idempotency-key traceparent tracestate accept-charset accept-patch"""
)
PRODUCTS = listed(
    """mozilla curl wget python python-requests python-httpx aiohttp python-urllib okhttp java apache-httpclient go-
    http-client dart axios node node-fetch undici got ruby faraday php guzzlehttp postmanruntime insomnia httpie k6
    locust jmeter kube-probe elb-healthchecker googlehc prometheus dalvik cfnetwork alamofire reactor-netty apache
    nginx openresty uvicorn gunicorn hypercorn daphne werkzeug simplehttp basehttp cpython microsoft-iis kestrel
    jetty tomcat undertow caddy envoy istio-envoy haproxy traefik cloudflare cloudfront akamaighost varnish cowboy
    puma unicorn passenger express litespeed awselb amazons google gws mitmproxy unix debian ubuntu win64 openssl"""
)
_SERVER = frozenset({"server"})
_LANGUAGES = frozenset({"accept-language", "content-language"})
_NAME_LISTS = frozenset(
    {
        "vary",
        "access-control-allow-headers",
        "access-control-expose-headers",
        "access-control-request-headers",
        "connection",
    }
)
_TYPE_LISTS = frozenset({"accept", "accept-patch", "accept-post"})
_COUNTING = frozenset(
    {
        "access-control-max-age",
        "cache-control",
        "content-range",
        "expect",
        "keep-alive",
        "range",
        "retry-after",
        "strict-transport-security",
    }
)
_SMALL_NUMBER = re.compile(r"-?\d{1,4}|\d{1,3}(?:\.\d{1,3}){1,2}|0\.\d{1,4}")
_NUMBER = re.compile(r"-?\d{1,8}|315360000|\d{1,3}(?:\.\d{1,3}){1,2}|0\.\d{1,4}")
_RANGES = frozenset({"range", "content-range"})
_RANGE = re.compile(r"\d{0,8}-\d{0,8}")
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?")  # RFC 5646, without its rare parts
_HEADER_NAME = re.compile(r"[A-Za-z]{1,20}(?:-[A-Za-z]{1,20}){1,5}")  # header names themselves stay, too
_VENDOR = re.compile(r"[a-z][a-z0-9]{1,15}")
_PARTS = re.compile(r"[.+]")
_VENDOR_TYPE = re.compile(r"(?:vnd|x)[.-][a-z0-9.+_-]{1,60}")  # as a Content-Type's essence, see media_types


def is_known(field: str, piece: str, lexicon: Lexicon) -> bool:
    """True when `piece` of the value of `field` (lower case) is a word of the protocol or a small number."""
    if piece.lower() in _WORDS or piece in METHODS:
        return True
    if (_NUMBER if field in _COUNTING or not lexicon.is_strict else _SMALL_NUMBER).fullmatch(piece):
        return True
    if field in _RANGES and _RANGE.fullmatch(piece):
        return True
    if field in _LANGUAGES:
        return _LANGUAGE.fullmatch(piece) is not None
    if field in _NAME_LISTS:
        return _HEADER_NAME.fullmatch(piece) is not None and lexicon.knows_name(piece)
    if field in _TYPE_LISTS:
        return _VENDOR_TYPE.fullmatch(piece) is not None and _is_plain_type(piece, lexicon)
    return field in _SERVER and piece.lower() in PRODUCTS


def _is_plain_type(piece: str, lexicon: Lexicon) -> bool:
    """Known words, and a vendor: its one word names a company, without which no service answers."""
    parts = _PARTS.split(piece)
    if not all(map(is_structural, parts)):
        return False
    if parts[0] == "vnd" and _VENDOR.fullmatch(parts[1]):
        parts = parts[2:]
    return not lexicon.is_strict or all(lexicon.knows_name(part) for part in parts if part)
