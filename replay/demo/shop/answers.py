"""How the shop answers: JSON bodies, and one shape for every error.

Rule: a handler that cannot do what was asked raises `ApiError`; nobody else builds an error body.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler


class ApiError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    text = json.dumps(body, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


def page_of(items: list[dict[str, Any]], page: int, per_page: int, total: int) -> web.Response:
    """One page of a longer list."""
    return answer({"items": items, "page": page, "per_page": per_page, "total": total})


def not_found(what: str) -> ApiError:
    """The answer for what is absent and for what another tenant owns: the two must look alike."""
    return ApiError(404, "not_found", f"There is no such {what}.")


def forbidden(message: str) -> ApiError:
    """The answer for a person who may see the thing but not do this to it."""
    return ApiError(403, "forbidden", message)


def invalid(field: str, message: str) -> ApiError:
    """The answer for a value that cannot be accepted."""
    return ApiError(422, "invalid", f"{field}: {message}")


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return answer({"error": {"code": code, "message": message}}, status, headers)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns everything that goes wrong behind it into the error shape."""
    try:
        return await handler(request)
    except ApiError as error:
        return _error(error.status, error.code, error.message, error.headers)
    except web.HTTPException as error:
        code = error.reason.lower().replace(" ", "_")
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return _error(error.status, code, f"{error.reason}.", allow)
    except Exception:  # noqa: BLE001 - the last line of defence: the client gets an answer, the operator the traceback
        traceback.print_exc(file=sys.stderr)
        return _error(500, "internal", "The shop failed to answer.")
