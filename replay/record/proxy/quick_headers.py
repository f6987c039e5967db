"""Header look-ups without detours: a request asks for some twenty headers, and most of them are not there.

Stock: convert the wanted name, call a converter for every field, build a list, raise KeyError, catch it. Quick: compare
the bytes of each field. Same answers, same type, same joining of repeated fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replay.record.proxy.mend import Mend, Undo, replace, undo_all

if TYPE_CHECKING:
    from collections.abc import Callable


def _fits() -> bool:
    from mitmproxy.http import Headers

    return all(hasattr(Headers(), name) for name in ("get", "get_all", "fields"))


def _put() -> Undo:
    from mitmproxy.http import Headers

    return undo_all((replace(Headers, "get_all", get_all), replace(Headers, "get", get)))


def get_all(self: Any, name: str | bytes) -> list[str]:
    """Every value of a field, in order; mitmproxy reads and writes headers as UTF-8 with surrogates."""
    wanted = (name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name).lower()
    return [value.decode("utf-8", "surrogateescape") for key, value in self.fields if key.lower() == wanted]


def get(self: Any, name: str | bytes, default: Any = None) -> Any:
    """All values of a field in one text."""
    values = get_all(self, name)
    return ", ".join(values) if values else default


def _holds() -> bool:
    from mitmproxy.coretypes.multidict import MultiDict
    from mitmproxy.http import Headers

    fields = ((b"Accept", b"a"), (b"X-\xc3\xa9", b"\xff\xc3\xa9"), (b"accept", b"b"), (b"Empty", b""))
    headers = Headers(fields)
    stock: Callable[..., Any] = MultiDict.__getitem__
    known = ("ACCEPT", "x-\xe9", b"Empty", "accept")
    return (
        [headers.get(name) for name in known] == ["a, b", "\udcff\xe9", "", "a, b"]
        and [stock(headers, name) for name in known] == [headers[name] for name in known]
        and (headers.get("none"), headers.get("none", ""), headers.get_all("none")) == (None, "", [])
        and "empty" in headers
        and "none" not in headers
    )


QUICK_HEADERS = Mend("quick-headers", _fits, _put, _holds)
