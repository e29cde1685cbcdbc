"""A flood from a crowd of strangers: memory stays flat, and who was let in is served on."""
import json
import os
import subprocess
import threading
import unittest

from forwarding import forwarding
from turnutils import PEER_PORTS, TRANSPORTS, by_secret, client, echoing_peer

FLOOD = os.environ.get('PORTHOLE_FLOOD', 'build/release/benchmarks/flood')
PER_SECOND, SECONDS = 100_000, 5
# What the first flood leaves in the allocator's pools is noise; the second must find all the room that it needs.
MAX_GROWTH_KILOBYTES = 1024
# Where the machine cannot send that fast beside all else, what it reached is said, and this much is asked of it.
LEAST_SENT = 20_000
CLIENTS, MESSAGES, INTERVAL_MS = 10, 100, 20
# Datagrams that come while the kernel's queue is full of a flood are lost before anybody sees them.
MOST_LOST_OVER_UDP = CLIENTS * MESSAGES // 20


def flood(server, seconds=SECONDS):
    done = subprocess.run([FLOOD, str(server.port), str(PER_SECOND), str(seconds)], capture_output=True, text=True,
                          timeout=60, check=True)
    return json.loads(done.stdout)


class Flooded:
    """A flood that goes on beside what is done within."""

    def __init__(self, server):
        self.result = None
        self._thread = threading.Thread(target=self._run, args=(server,))

    def _run(self, server):
        self.result = flood(server)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join()


class Flood(unittest.TestCase):
    def test_strangers_take_nothing_from_those_who_were_let_in(self):
        with echoing_peer() as peer, forwarding(peer, PEER_PORTS) as server:
            flood(server, 2)
            for transport in ('udp', 'tcp'):
                with self.subTest(transport=transport):
                    self.serve_beside_a_flood(server, peer, transport)
            self.assertTrue(server.is_healthy())

    def serve_beside_a_flood(self, server, peer, transport):
        before, log = server.resident_kilobytes(), server.log()
        with Flooded(server) as flooded:
            served = client(server.port, peer, *TRANSPORTS[transport], *by_secret(transport), '-c', '-n', str(MESSAGES),
                            '-m', str(CLIENTS), '-z', str(INTERVAL_MS))
        growth = server.resident_kilobytes() - before
        rate = flooded.result['sent'] / flooded.result['seconds']
        print(f'{transport}: {rate:,.0f} strangers/s, {flooded.result["answered"]} of {flooded.result["sent"]} answered, '
              f'memory +{growth} kB, relayed sent/received/lost {served}', flush=True)
        self.assertTrue(server.is_running())
        self.assertGreater(flooded.result['sent'], LEAST_SENT)
        self.assertLess(growth, MAX_GROWTH_KILOBYTES)
        self.assertEqual(server.log(), log)
        self.assertEqual(served.status, 0, served.words)
        self.assertEqual(served.sent, CLIENTS * MESSAGES)
        self.assertLessEqual(served.lost, MOST_LOST_OVER_UDP if transport == 'udp' else 0)


if __name__ == '__main__':
    unittest.main()
