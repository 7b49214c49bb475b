"""The suite's end of a connection: does what a case asks for, and keeps the verdict.

A case knows its connection as `p`: it calls the methods and reads the attributes of `CaseProtocol`, and those
of the protocols of the autobahn package below it.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autobahn.twisted.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from octets import raw, text
from twisted.internet import reactor
from twisted.python import log


@dataclass(frozen=True)
class Verdict:
    """What the suite thinks of one case."""

    behavior: str
    close: str
    explanation: str
    frames: list[str]

    @property
    def passed(self) -> bool:
        """Strictly: `NON-STRICT` and a wrong close code are failures."""
        return {self.behavior, self.close} <= {"OK", "INFORMATIONAL"}

    def __str__(self) -> str:
        lines = [f"{self.behavior}, close {self.close}: {self.explanation}", *self.frames]
        return "\n    ".join(lines)


class Run:
    """The cases of one run, and the verdicts as they come."""

    def __init__(self, cases: dict[str, type]) -> None:
        self.cases = cases
        self.verdicts: dict[str, Verdict] = {}


class CaseProtocol:
    """What both roles have in common."""

    # RFC 6455 section 7.1.7: whoever fails a connection sends a close frame first.
    failByDrop = False
    logFrames = True
    # For the suite's own reports, of which we make none.
    createWirelog = False

    case: Any = None
    case_id = ""
    connectionWasOpen = False

    def start_case(self, case_id: str) -> None:
        self.txFrameStats = Counter()
        self.frames: deque[str] = deque(maxlen=FRAMES_KEPT)
        self.case_id = case_id
        self.case = self.factory.run.cases[case_id](self)
        # The compressed cases compare the octets themselves.
        self.wants_octets = hasattr(self.case, "TESTDATA")

    # What the connection tells the case.

    def onOpen(self) -> None:
        self.connectionWasOpen = True
        if self.case:
            self.case.onOpen()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self.case:
            self.case.onMessage(payload if self.wants_octets else text(payload), isBinary)

    def onPong(self, payload: bytes) -> None:
        if self.case:
            self.case.onPong(text(payload))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if self.case:
            self.case.onClose(wasClean, code, reason)

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        if self.case:
            self.case.onConnectionLost(self.failedByMe)
            self.factory.run.verdicts[self.case_id] = self.verdict()

    def verdict(self) -> Verdict:
        case = self.case
        explanation = f"{case.result} {case.resultClose} (close code {self.remoteCloseCode})"
        return Verdict(case.behavior, case.behaviorClose, explanation, list(self.frames))

    # What the case tells the connection.

    def sendFrame(self, opcode: int, payload: str | bytes = b"", *args: Any, **options: Any) -> None:
        octets = raw(payload)
        # So many octets of the payload, over and over.
        length = options.pop("payload_len", None)
        if length is not None:
            octets = (octets * (length // len(octets) + 1))[:length]
        super().sendFrame(opcode, octets, *args, **options)

    def sendMessage(self, payload: str | bytes, *args: Any, **options: Any) -> None:
        super().sendMessage(raw(payload), *args, **options)

    def sendMessageFrameData(self, payload: str | bytes, *args: Any, **options: Any) -> int | None:
        return super().sendMessageFrameData(raw(payload), *args, **options)

    def sendCloseFrame(
        self, code: int | None = None, reasonUtf8: str | bytes | None = None, isReply: bool = False
    ) -> None:
        reason = None if reasonUtf8 is None else raw(reasonUtf8)
        super().sendCloseFrame(code, reason, isReply)

    def continueLater(self, delay: float, function: Callable[[], None], tag: str | None = None) -> None:
        self.unless_closed(delay, function)

    def killAfter(self, delay: float) -> None:
        self.unless_closed(delay, self.failConnection)

    def closeAfter(self, delay: float) -> None:
        self.unless_closed(delay, self.sendClose)

    def unless_closed(self, delay: float, function: Callable[[], None]) -> None:
        reactor.callLater(delay, lambda: self.state != self.STATE_CLOSED and function())

    def enableWirelog(self, enable: bool) -> None:
        self.createWirelog = enable

    # What both have said, for whoever looks for the cause of a failure.

    def logRxFrame(self, frameHeader: Any, payload: list[bytes]) -> None:
        self.keep("they sent", frameHeader, b"".join(payload))

    def logTxFrame(self, frameHeader: Any, payload: bytes, *_: Any) -> None:
        if self.case:
            self.txFrameStats[frameHeader.opcode] += 1
        self.keep("we sent", frameHeader, payload)

    def keep(self, who: str, header: Any, payload: bytes) -> None:
        if self.case:
            self.frames.append(
                f"{who} opcode={header.opcode} fin={int(header.fin)} rsv={header.rsv} "
                f"length={header.length} {payload[:PAYLOAD_SHOWN]!r}"
            )


class ClientProtocol(CaseProtocol, WebSocketClientProtocol):
    """The suite's end when a server is under test."""


class ClientFactory(WebSocketClientFactory):
    """Connects once per case."""

    def __init__(self, url: str, run: Run) -> None:
        super().__init__(url)
        self.run = run
        self.waiting = list(run.cases)

    def buildProtocol(self, address: Any) -> ClientProtocol:
        protocol = ClientProtocol()
        protocol.factory = self
        protocol.start_case(self.waiting.pop(0))
        return protocol

    def clientConnectionLost(self, connector: Any, reason: Any) -> None:
        if self.waiting:
            connector.connect()
        else:
            reactor.stop()

    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:
        log.err(reason, "the server cannot be reached")
        reactor.stop()


class ServerProtocol(CaseProtocol, WebSocketServerProtocol):
    """The suite's end when a client is under test.

    The client asks for `/getCaseCount`, then for one case after the other: `/runCase?case=N`, counted from 1.
    """

    def onConnect(self, request: Any) -> None:
        self.path = request.path
        if self.path == "/runCase":
            number = int(request.params["case"][0])
            self.start_case(list(self.factory.run.cases)[number - 1])

    def onOpen(self) -> None:
        super().onOpen()
        if self.path == "/getCaseCount":
            self.sendMessage(str(len(self.factory.run.cases)))
            self.sendClose()


class ServerFactory(WebSocketServerFactory):
    """Waits for the client."""

    protocol = ServerProtocol

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


FRAMES_KEPT = 20
PAYLOAD_SHOWN = 32
