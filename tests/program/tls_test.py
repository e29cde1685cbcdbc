"""TLS on the one port: certificates from files and the program's own, beside plain HTTP, with hostile clients."""
import contextlib
import pathlib
import socket
import ssl
import struct
import tempfile
import time
import unittest

from program import run, serving
from tls_client import REQUEST, connected, healthz, make_certificates, read_all, trusting_all

BAD_USAGE = 2
# An Allocate request without attributes (RFC 8489 section 5); it is answered with 401 and a challenge.
ALLOCATE = b'\x00\x03\x00\x00\x21\x12\xa4\x42transaction!'
ALLOCATE_ERROR = b'\x01\x13'
IDLE_CONNECTIONS = 400


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls._folder.name)
        make_certificates(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def options(self, cert, key):
        return ['--tls-cert', str(self.folder / cert), '--tls-key', str(self.folder / key)]

    def test_a_chain_from_files_convinces_whoever_trusts_its_root(self):
        context = ssl.create_default_context(cafile=str(self.folder / 'root.crt'))
        with serving(*self.options('leaf-chain.crt', 'leaf.key')) as server:
            with connected(server, context, 'camera.example') as tls:
                self.assertIn(b'"ok"', healthz(tls))
            with self.assertRaises(ssl.SSLCertVerificationError), connected(server, context, 'other.example'):
                pass
            self.assertEqual(server.request('GET', '/healthz')[0], 200)
            self.assertNotIn('warning', server.log())

    def test_an_expired_certificate_is_a_warning_with_its_date(self):
        with serving(*self.options('old-chain.crt', 'old.key')) as server:
            self.assertRegex(server.log(), r'warning .*old-chain\.crt \(--tls-cert\) expired on \d{4}-\d\d-\d\d')
            self.assertEqual(server.log().count('\n'), server.log().count(' info ') + 1)
            with connected(server, trusting_all()) as tls:
                self.assertIn(b'"ok"', healthz(tls))

    def test_bad_files_get_one_line_and_the_status_of_bad_usage(self):
        leaf = self.options('leaf-chain.crt', 'leaf.key')
        cases = [(leaf[:2], '--tls-key'), (leaf[2:], '--tls-cert'),
                 (self.options('none.crt', 'leaf.key'), 'cannot read'),
                 (self.options('leaf.crt', 'none.key'), 'cannot read'),
                 (self.options('.', 'leaf.key'), 'cannot read'),
                 (self.options('leaf.key', 'leaf.key'), 'holds no certificate'),
                 (self.options('leaf.crt', 'leaf.crt'), 'holds no private key'),
                 (self.options('leaf.crt', 'encrypted.key'), 'encrypted'),
                 (self.options('leaf.crt', 'middle.key'), 'does not belong')]
        for arguments, words in cases:
            with self.subTest(arguments=arguments):
                status, output, error = run('--port', '0', *arguments)
                self.assertEqual((status, output), (BAD_USAGE, ''), error)
                self.assertEqual(error.count('\n'), 1, error)
                self.assertTrue(error.startswith('porthole: '), error)
                self.assertIn(words, error)


class OnePort(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._serving = serving()
        cls.server = cls._serving.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls._serving.__exit__(None, None, None)

    def assert_well(self):
        self.assertTrue(self.server.is_running())
        self.assertEqual(self.server.request('GET', '/healthz')[0], 200)

    def test_https_answers_as_http_does(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting_all()
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols(['h2', 'http/1.1'])
            with connected(self.server, context) as tls:
                self.assertEqual(tls.selected_alpn_protocol(), 'http/1.1')
                tls.sendall(REQUEST.replace(b'/healthz', b'/test-pattern'))
                self.assertTrue(read_all(tls).startswith(b'HTTP/1.1 200'))
        self.assert_well()

    def test_its_own_certificate_names_what_it_is_reached_by(self):
        pem = ssl.get_server_certificate(('127.0.0.1', self.server.port))
        for name in ('localhost', '127.0.0.1'):
            with connected(self.server, ssl.create_default_context(cadata=pem), name) as tls:
                self.assertIn(b'"ok"', healthz(tls))

    def test_turn_answers_with_and_without_tls(self):
        with connected(self.server, trusting_all()) as tls:
            tls.sendall(ALLOCATE)
            self.assertEqual(tls.recv(2048)[:2], ALLOCATE_ERROR)
        with socket.create_connection(('127.0.0.1', self.server.port), timeout=5) as tcp:
            tcp.sendall(ALLOCATE)
            self.assertEqual(tcp.recv(2048)[:2], ALLOCATE_ERROR)

    def test_clients_that_stall_are_closed_in_time(self):
        """Silence, half a header, half a ClientHello, a stalled handshake, and one byte a second."""
        hello = client_hello()
        openings = [b'', b'GET', ALLOCATE[:5], hello[:1], hello[:100], hello]
        begun = time.monotonic()
        clients = [socket.create_connection(('127.0.0.1', self.server.port), timeout=20) for _ in openings]
        slow = socket.create_connection(('127.0.0.1', self.server.port), timeout=20)
        for client, opening in zip(clients, openings):
            client.sendall(opening)
        with contextlib.suppress(ConnectionError):
            for byte in hello[:30]:
                slow.sendall(bytes([byte]))
                time.sleep(1)
        self.assertLess(time.monotonic() - begun, 20)
        for client in [*clients, slow]:
            with client, contextlib.suppress(ConnectionError):
                read_all(client)
        self.assertLess(time.monotonic() - begun, 20)
        self.assert_well()

    def test_resets_in_the_middle_of_anything_change_nothing(self):
        hello = client_hello()
        for opening in (ALLOCATE[:10], ALLOCATE + ALLOCATE[:10], hello[:50], hello, b'\x16', b'POST /whep/x HTTP/1.1\r\n'):
            for _ in range(20):
                with socket.create_connection(('127.0.0.1', self.server.port), timeout=5) as client:
                    client.sendall(opening)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.assert_well()

    def test_idle_connections_cost_little(self):
        context = trusting_all()
        before = self.server.resident_kilobytes()
        with contextlib.ExitStack() as idle:
            for _ in range(IDLE_CONNECTIONS):
                tls = idle.enter_context(connected(self.server, context))
                tls.sendall(ALLOCATE)
                tls.recv(2048)
            grown = self.server.resident_kilobytes() - before
            self.assertLess(grown / IDLE_CONNECTIONS, 40, 'kilobytes for each connection')
            self.assert_well()


def client_hello():
    outgoing = ssl.MemoryBIO()
    client = trusting_all().wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


if __name__ == '__main__':
    unittest.main()
