"""WebSockets: the handshake, and frames in both directions, one waited for before the next is sent."""

from __future__ import annotations

from integration.record.transparency.cases_messages import noise, request, response
from integration.record.transparency.stage import Case, Stage
from integration.record.transparency.websocket_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Deflate,
    Frame,
    encode,
    read_frame,
)
from integration.record.transparency.wire import Wire

_UPGRADE = request(
    target=b"/talk?room=1",
    headers=b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\nOrigin: http://shop.example\r\n",
)
_UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
)

_EXTENSION = b"\r\nSec-WebSocket-Extensions: permessage-deflate"

FromClient = bool
Talk = tuple[tuple[FromClient, Frame], ...]


def _talk(name: str, *turns: tuple[FromClient, Frame], is_compressed: bool = False, joins: bool = False) -> Case:
    """Each turn is sent by one side and read by the other; a close frame is answered with the same one.

    `joins`: messages are compared whole. An intermediary may cut them anew (RFC 6455 section 5.4).
    """
    ends = any(frame.opcode == CLOSE for _, frame in turns)

    def side(wire: Wire, *, is_client: bool) -> None:
        deflate = Deflate()
        begun = b""
        for from_client, frame in turns:
            if from_client is is_client:
                sent = deflate.pack(frame) if is_compressed else frame
                wire.send(encode(sent, masked=is_client))
            else:
                got = deflate.unpack(read_frame(wire))
                begun += got.payload
                if joins and got.is_last:
                    wire.note(f"a whole message {begun!r}")
                elif not joins:
                    wire.note(got.shown())
                if got.opcode == CLOSE:
                    wire.send(encode(got, masked=is_client))
        if ends and turns[-1][0] is is_client:
            wire.note(f"answered with: {read_frame(wire).shown()}")

    def client(wire: Wire, stage: Stage) -> None:
        wire.ask(_UPGRADE.replace(b"\r\nOrigin", _EXTENSION + b"\r\nOrigin") if is_compressed else _UPGRADE)
        wire.answer()
        side(wire, is_client=True)
        stage.tell("the client is done")

    def upstream(wire: Wire, stage: Stage) -> None:
        wire.request()
        wire.send(_UPGRADED.replace(b"\r\n\r\n", _EXTENSION + b"\r\n\r\n") if is_compressed else _UPGRADED)
        side(wire, is_client=False)
        stage.wait("the client is done")

    return Case(name, client, upstream)


def _both(*frames: Frame) -> Talk:
    return tuple((from_client, frame) for from_client in (True, False) for frame in frames)


def _close(code: int, reason: str = "") -> Frame:
    return Frame(CLOSE, code.to_bytes(2, "big") + reason.encode())


def _refused_client(wire: Wire, _: Stage) -> None:
    wire.ask(_UPGRADE)
    wire.answer()
    wire.until_closed()


def _refuses(wire: Wire, _: Stage) -> None:
    wire.request()
    wire.send(response(b"403 Forbidden", b"Connection: close\r\n", b"no"))


def _leaves_client(wire: Wire, stage: Stage) -> None:
    wire.ask(_UPGRADE)
    wire.answer()
    wire.send(encode(Frame(TEXT, b"hello"), masked=True))
    stage.wait("hello was read")
    wire.close()


def _is_left(wire: Wire, stage: Stage) -> None:
    wire.request()
    wire.send(_UPGRADED)
    wire.note(read_frame(wire).shown())
    stage.tell("hello was read")
    wire.until_gone()


EURO = "€".encode()  # three bytes

CASES = (
    _talk("text and binary", *_both(Frame(TEXT, b"hello"), Frame(BINARY, b"\x00\xff"), Frame(TEXT, EURO))),
    _talk("empty messages", *_both(Frame(TEXT, b""), Frame(BINARY, b""))),
    _talk("sizes around the length forms", *_both(*[Frame(BINARY, noise(n)) for n in (125, 126, 127, 65535, 65536)])),
    _talk("several megabytes", *_both(Frame(BINARY, noise(4 << 20)), Frame(TEXT, b"x" * (3 << 20)))),
    _talk(
        "a message in fragments",
        *_both(Frame(TEXT, b"one ", False), Frame(CONTINUATION, b"two ", False), Frame(CONTINUATION, b"three")),
    ),
    _talk(
        "binary in uneven fragments",
        *_both(Frame(BINARY, noise(70000), False), Frame(CONTINUATION, b"", False), Frame(CONTINUATION, noise(3))),
    ),
    _talk(
        "a letter cut in two by fragments",  # mitmproxy moves the cut to the letter's end
        *_both(Frame(TEXT, b"1 " + EURO[:1], False), Frame(CONTINUATION, EURO[1:])),
        joins=True,
    ),
    _talk(
        "compressed messages",
        *_both(Frame(TEXT, b"hello " * 500), Frame(TEXT, b"hello " * 500), Frame(BINARY, noise(70000))),
        is_compressed=True,
    ),
    _talk("ping and pong", *((True, Frame(PING, b"are you there")), (False, Frame(PONG, b"are you there")))),
    _talk("ping from upstream", *((False, Frame(PING, b"")), (True, Frame(PONG, b"")), (True, Frame(TEXT, b"go on")))),
    _talk("a pong that nobody asked for", *_both(Frame(PONG, b"beat"))),
    _talk("the client closes with 1000", (True, Frame(TEXT, b"bye")), (True, _close(1000))),
    _talk("the client closes with a reason", (True, _close(1001, "gone away"))),
    _talk("the upstream closes with 4321", (False, Frame(TEXT, b"bye")), (False, _close(4321, "kicked €"))),
    _talk("a close without a code", (False, Frame(CLOSE, b""))),
    Case("the upgrade is refused", _refused_client, _refuses),
    Case("the client leaves without a close frame", _leaves_client, _is_left),
)
