"""The target guard: the one named host, never the origin, and nothing that does not answer."""

import asyncio

import pytest

from replay.model.errors import TargetError, UsageError
from replay.model.origin import origin_mark
from replay.wire.target import refuse_origin, require_reachable, resolve_target


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://127.0.0.1/path", "http://u:p@127.0.0.1"]
)
def test_a_bad_url_is_one_sentence_without_the_url_in_it(url):
    with pytest.raises(UsageError, match="--target takes"):
        resolve_target(url)


@pytest.mark.parametrize(
    ("recorded", "target", "is_refused"),
    [
        (("127.0.0.1", 8080), "http://127.0.0.1:8080", True),
        (("localhost", 8080), "http://127.0.0.1:8080", True),
        (("127.0.0.1", 8080), "http://localhost:8080", True),
        (("127.0.0.1", 8080), "http://127.0.0.1:8081", False),
        (("10.0.0.1", 8080), "http://127.0.0.1:8080", False),
    ],
)
def test_the_origin_is_refused_by_name_and_by_address(recorded, target, is_refused):
    origins = (origin_mark(*recorded, "capture-1"),)
    if not is_refused:
        refuse_origin(resolve_target(target), origins, "capture-1")
        return
    with pytest.raises(TargetError, match="is where this capture was recorded"):
        refuse_origin(resolve_target(target), origins, "capture-1")


async def test_a_silent_target_is_refused_before_anything_is_sent():
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await require_reachable(resolve_target(f"http://127.0.0.1:{port}"))
    await asyncio.sleep(0.05)  # let the accepted side close its socket
    server.close()
    await server.wait_closed()
    with pytest.raises(TargetError, match="Nothing answers"):
        await require_reachable(resolve_target(f"http://127.0.0.1:{port}"))
