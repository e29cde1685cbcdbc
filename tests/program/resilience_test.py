"""Junk is dropped without a word and without a trace; signals end the program in good order."""
import random
import signal
import socket
import time
import unittest

from program import serving

PACKETS = 20000
CONNECTIONS = 300
# A second round of some 6 MB of junk; what it leaves behind is noise in the allocator's pools.
MAX_GROWTH_KILOBYTES = 2 * 1024


def junk(source):
    """Noise, half of it dressed up as one of the protocols that share the port."""
    body = source.randbytes(source.randrange(0, 600))
    dress = source.choice([b'', b'', b'', b'\x00\x01\x00\x08\x21\x12\xa4\x42', b'\x00\x03\x00\x00\x21\x12\xa4\x42',
                           b'\x16\xfe\xfd', b'\x80\xc8', b'\x40\x00\x00\x10', b'GET ', b'\x16\x03\x01'])
    return dress + body


def pelt(server, source):
    address = ('127.0.0.1', server.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for _ in range(PACKETS):
            udp.sendto(junk(source), address)
    for _ in range(CONNECTIONS):
        with socket.create_connection(address, timeout=5) as tcp:
            tcp.sendall(junk(source) or b'\x00')


class Resilience(unittest.TestCase):
    def test_junk_changes_nothing(self):
        source = random.Random(1)
        with serving() as server:
            # The first round fills the allocator's pools, and lets the source come to its stride.
            pelt(server, source)
            time.sleep(2)
            before, log = server.resident_kilobytes(), server.log()
            pelt(server, source)
            self.assertTrue(server.is_running())
            self.assertEqual(server.request('GET', '/healthz')[0], 200)
            self.assertLess(server.resident_kilobytes() - before, MAX_GROWTH_KILOBYTES)
            self.assertEqual(server.log(), log)

    def test_signals_end_it_in_good_order(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number), serving() as server:
                status, seconds = server.stop(number)
                self.assertEqual(status, 0)
                self.assertLess(seconds, 2)

    def test_a_port_is_free_again_at_once(self):
        with serving() as server:
            with socket.create_connection(('127.0.0.1', server.port)):
                time.sleep(0.1)
                server.stop()
            with serving(port=server.port) as again:
                self.assertEqual(again.port, server.port)


if __name__ == '__main__':
    unittest.main()
