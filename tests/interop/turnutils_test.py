"""coturn's client in every combination that it has: what is sent through the forwarder all comes back.

usage: turnutils_test.py udp|tcp|tls|dtls|survival [FILE]   FILE gets the table too.
"""
import concurrent.futures
import contextlib
import dataclasses
import itertools
import pathlib
import sys
import time
import unittest

from forwarding import forwarding
from turnutils import PEER_PORTS, TRANSPORTS, by_password, by_secret, client, echoing_peer

MODES = {'channels': (), 'send': ('-s',)}
AUTHENTICATIONS = {'password': by_password, 'secret': by_secret}
PORTS = {'rtp+rtcp': (), 'rtp': ('-c',)}
LENGTHS = (100, 170, 1200)
CLIENTS = (1, 10, 200)
# Almost all of a run is waiting (the client takes 100 ms to begin each session), so that many run at once; the large
# ones send slowly, so that nothing is lost for want of a processor.
SMALL_AT_ONCE, LARGE_AT_ONCE = 10, 12
# Each begins 10 sessions a second and tries DTLS 1.0 before 1.2; the server lets 200 handshakes a second begin, 40 of
# them from one address.
LARGE_AT_ONCE_OVER_DTLS = 6
LARGE = 50
MESSAGES = 5
LARGE_INTERVAL_MS = 500

# Each session binds two channels whose numbers the client draws from 16,384, and draws the same one twice in one of as many
# sessions: then the second bind is refused, as RFC 8656 section 12.2 says, and the client gives up. Such a run is done again,
# once, and marked in the table.
CHOSEN_TWICE = 'channel bind: error 400'

MAX_GROWTH_KILOBYTES = 16 * 1024


def one_run(server, peer, options, length, clients):
    pace = ('-z', str(LARGE_INTERVAL_MS)) if clients >= LARGE else ()
    sizes = ('-n', str(MESSAGES), '-l', str(length), '-m', str(clients))
    outcome = client(server.port, peer, *options, *pace, *sizes)
    if CHOSEN_TWICE not in outcome.words:
        return outcome
    return dataclasses.replace(client(server.port, peer, *options, *pace, *sizes), again=True)


def expected(ports, clients):
    # RTP and RTCP are sessions of their own, two at least.
    return MESSAGES * (clients if ports == 'rtp' else max(clients, 2))


def columns(transport):
    return tuple(itertools.product(LENGTHS, CLIENTS))


def run_matrix(servers, peer, transport):
    """{(mode, authentication, ports): {(length, clients): outcome}}, with a server for each mode."""
    large_at_once = LARGE_AT_ONCE_OVER_DTLS if transport == 'dtls' else LARGE_AT_ONCE
    rows = {key: {} for key in itertools.product(MODES, AUTHENTICATIONS, PORTS)}
    with concurrent.futures.ThreadPoolExecutor(SMALL_AT_ONCE) as small, \
         concurrent.futures.ThreadPoolExecutor(large_at_once) as large:
        for (mode, authentication, ports), row in rows.items():
            name = f'{mode}-{ports}'
            for length, clients in columns(transport):
                options = (*TRANSPORTS[transport], *MODES[mode], *PORTS[ports], *AUTHENTICATIONS[authentication](name))
                pool = large if clients >= LARGE else small
                row[length, clients] = pool.submit(one_run, servers[mode], peer, options, length, clients)
    return {key: {column: run.result() for column, run in row.items()} for key, row in rows.items()}


def table(transport, rows):
    """Sent/received/lost, a line for each way to run it and a column for each size."""
    heads = ''.join(f'-l {length} -m {clients}'.rjust(15) for length, clients in columns(transport))
    lines = ['sent/received/lost'.ljust(34) + heads]
    for (mode, authentication, ports), row in rows.items():
        label = f'{transport:<5}{mode:<10}{authentication:<10}{ports:<9}'
        lines.append(label + ''.join(str(row[column]).rjust(15) for column in row))
    if any(outcome.again for row in rows.values() for outcome in row.values()):
        lines.append('* run again: the client had chosen one channel number for two peers')
    return '\n'.join(lines)


class Matrix(unittest.TestCase):
    transport = 'udp'
    table_file = None

    def test_all_that_is_sent_comes_back(self):
        begun = time.monotonic()
        with echoing_peer() as peer, contextlib.ExitStack() as stack:
            servers = {mode: stack.enter_context(forwarding(peer, PEER_PORTS)) for mode in MODES}
            rows = run_matrix(servers, peer, self.transport)
            text = table(self.transport, rows)
            print(f'{text}\n{sum(map(len, rows.values()))} runs, {time.monotonic() - begun:.0f} s', flush=True)
            if self.table_file:
                pathlib.Path(self.table_file).write_text(text + '\n', encoding='ascii')
            self.assertTrue(all(server.is_running() for server in servers.values()))
            for (mode, authentication, ports), row in rows.items():
                for (length, clients), outcome in row.items():
                    with self.subTest(mode=mode, authentication=authentication, ports=ports, length=length, m=clients):
                        self.assertTrue(outcome.passed(expected(ports, clients)), f'{outcome}\n{outcome.words}')


class Survival(unittest.TestCase):
    """Each test leaves a server that still serves."""

    def setUp(self):
        self.peer = self.enter(echoing_peer())
        self.server = self.enter(forwarding(self.peer, PEER_PORTS))

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def run_client(self, *options, limit=60):
        return client(self.server.port, self.peer, *options, limit=limit)

    def expect_service(self):
        for transport, options in TRANSPORTS.items():
            with self.subTest(after=transport):
                outcome = self.run_client(*options, *by_secret('after'), '-n', '5', '-m', '2')
                self.assertTrue(outcome.passed(10), f'{outcome}\n{outcome.words}')
        self.assertTrue(self.server.is_running())
        self.assertTrue(self.server.is_healthy())

    def expect_survival(self, *options):
        """The tool's own verdict is not asked for: it does wrong on purpose, and may wait for ever."""
        self.expect_service()
        before = self.server.resident_kilobytes()
        with concurrent.futures.ThreadPoolExecutor(len(TRANSPORTS)) as pool:
            runs = {name: pool.submit(self.run_client, *transport, *options, *by_secret(name), limit=20)
                    for name, transport in TRANSPORTS.items()}
            for name, run in runs.items():
                print(' '.join(options), name, run.result(), flush=True)
        self.expect_service()
        self.assertLess(self.server.resident_kilobytes() - before, MAX_GROWTH_KILOBYTES)

    def test_a_wrong_password_gets_nothing(self):
        for transport, options in TRANSPORTS.items():
            for wrong in (('-u', 'viewer', '-W', 'close sesame'), (*by_password('viewer')[:3], 'wrong')):
                with self.subTest(transport=transport, wrong=wrong[2]):
                    outcome = self.run_client(*options, *wrong, limit=20)
                    self.assertNotEqual(outcome.status, 0)
                    self.assertEqual(outcome.received, 0)
                    self.assertIn('Cannot complete Allocation', outcome.words)

    def test_a_peer_that_was_not_named_is_not_reached(self):
        with echoing_peer() as stranger:
            for transport, options in TRANSPORTS.items():
                for mode in MODES.values():
                    with self.subTest(transport=transport, mode=mode):
                        outcome = client(self.server.port, stranger, *options, *mode, *by_secret('viewer'), limit=20)
                        self.assertNotEqual(outcome.status, 0)
                        self.assertEqual(outcome.received, 0)
        self.expect_service()

    def test_further_requests_cost_nothing(self):
        for transport, options in TRANSPORTS.items():
            with self.subTest(transport=transport):
                outcome = self.run_client(*options, *by_secret('viewer'), '-G', '-n', '5', '-m', '10')
                self.assertTrue(outcome.passed(50), f'{outcome}\n{outcome.words}')

    def test_clients_that_leave_in_the_middle_are_survived(self):
        self.expect_survival('-B', '-m', '10', '-n', '10')

    def test_clients_that_come_and_go_in_crowds_are_survived(self):
        self.expect_survival('-O', '-G', '-m', '50')

    def test_wrong_requests_are_survived(self):
        self.expect_survival('-N', '-m', '5')

    def test_broken_messages_are_survived(self):
        self.expect_survival('-R', '-m', '5')


if __name__ == '__main__':
    what = sys.argv[1] if len(sys.argv) > 1 else ''
    if what not in (*TRANSPORTS, 'survival'):
        sys.exit(__doc__)
    Matrix.transport, Matrix.table_file = what, sys.argv[2] if len(sys.argv) > 2 else None
    unittest.main(argv=sys.argv[:1], defaultTest='Survival' if what == 'survival' else 'Matrix', verbosity=2)
