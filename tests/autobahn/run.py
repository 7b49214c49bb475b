"""Runs the Autobahn suite against a WebSocket server or client on this machine.

    python run.py [--all] server PORT             a server that listens on this port and echoes every message
    python run.py [--all] client COMMAND [ARG…]   a client, which gets `--port PORT` behind its arguments

The last line is `N passed, N failed`; above it is every case that failed, and why. The exit code is 0 only
when nothing failed.
"""

import argparse
import subprocess
import sys

from peer import ClientFactory, Run, ServerFactory
from translate import load_cases
from twisted.internet import reactor, threads
from twisted.python import log


def main() -> int:
    arguments = parse_arguments()
    cases = load_cases()
    run = Run({case_id: case for case_id, case in cases.items() if arguments.all or is_fast(case_id)})
    if arguments.role == "server":
        faults = test_server(run, arguments.port)
    else:
        faults = test_client(run, arguments.command)

    missing = [case_id for case_id in run.cases if case_id not in run.verdicts]
    if missing:
        print(f"\nFAILED because they never ran: {' '.join(missing)}")
    for case_id, verdict in run.verdicts.items():
        if not verdict.passed:
            print(f"\nFAILED {case_id}: {verdict}")
    for fault in faults:
        print(f"\nFAILED suite: {fault}")
    passed = sum(verdict.passed for verdict in run.verdicts.values())
    # A fault of the suite itself counts too: such a run proves nothing.
    failed = len(run.cases) - passed + len(faults)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="every case, which takes a quarter of an hour")
    roles = parser.add_subparsers(dest="role", required=True)
    roles.add_parser("server").add_argument("port", type=int)
    roles.add_parser("client").add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def test_server(run: Run, port: int) -> list[str]:
    """Connects to the server for each case; gives back what went wrong beside the cases."""
    reactor.connectTCP("127.0.0.1", port, ClientFactory(f"ws://127.0.0.1:{port}", run))
    return run_reactor()


def test_client(run: Run, command: list[str]) -> list[str]:
    """Listens while the client asks for its cases; gives back what went wrong beside the cases."""
    factory = ServerFactory(run)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
    # The factory compares it with the Host of the requests.
    factory.setSessionParameters(f"ws://127.0.0.1:{port}")
    client_faults = []
    client = threads.deferToThread(subprocess.run, [*command, "--port", str(port)], check=True)
    client.addErrback(lambda failure: client_faults.append(failure.getErrorMessage()))
    # By then the connections that the client has dropped are seen as lost.
    client.addCallback(lambda _: reactor.callLater(1, reactor.stop))
    return run_reactor() + client_faults


def run_reactor() -> list[str]:
    """Runs until it is stopped; gives back the errors of the suite."""
    faults = []
    log.addObserver(lambda event: event["isError"] and faults.append(log.textFromEventDict(event)))
    reactor.run()
    return faults


def is_fast(case_id: str) -> bool:
    """All but most of the compressed cases: groups of eighteen message sizes, a thousand messages each."""
    if not is_compressed(case_id):
        return True
    return case_id.split(".")[2] in FAST_SIZES or case_id in FAST_LARGE


def is_compressed(case_id: str) -> bool:
    return case_id.startswith(("12.", "13."))


# 16, 256 and 8192 octets, and 8192 in fragments of 256.
FAST_SIZES = {"1", "3", "6", "11"}
# 64 KiB, twice the window: text, binary, and with a window of 9 bits.
FAST_LARGE = {"12.1.9", "12.5.9", "13.3.9"}

if __name__ == "__main__":
    sys.exit(main())
