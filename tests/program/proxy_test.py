"""The PROXY protocol from outside: whom the program takes for its client, in both modes."""
import base64
import hashlib
import hmac
import pathlib
import re
import socket
import struct
import tempfile
import time
import unittest

from program import forwarding, run, serving
from tls_client import make_certificates, trusting_all

BAD_USAGE = 2
COOKIE = 0x2112A442
SECRET = '0123456789abcdef'
REQUEST = b'GET /test-pattern?x=1 HTTP/1.1\r\nHost: camera.example:8443\r\nConnection: close\r\n\r\n'


def line(address='192.0.2.9', port=5000):
    return f'PROXY TCP4 {address} 203.0.113.5 {port} 443\r\n'.encode()


def binary(address='192.0.2.9', port=5000):
    ends = socket.inet_aton(address) + socket.inet_aton('203.0.113.5') + struct.pack('>HH', port, 443)
    extra = b'\x04\x00\x03abc'
    return b'\r\n\r\n\0\r\nQUIT\n\x21\x11' + struct.pack('>H', len(ends + extra)) + ends + extra


def exchange(server, *parts, tls=None):
    with socket.create_connection(('127.0.0.1', server.port), timeout=5) as client:
        client.sendall(parts[0])
        if tls is None:
            return read_all(client)
        with tls.wrap_socket(client) as encrypted:
            for part in parts[1:]:
                encrypted.sendall(part)
            return read_all(encrypted)


def read_all(client):
    answer = b''
    try:
        while part := client.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def attribute(kind, value):
    return struct.pack('>HH', kind, len(value)) + value + bytes(-len(value) % 4)


def allocate(*attributes):
    body = attribute(0x19, b'\x11\0\0\0') + b''.join(attributes)
    return struct.pack('>HHI', 3, len(body), COOKIE) + b'transaction!' + body


def read_message(client):
    head = client.recv(20, socket.MSG_WAITALL)
    body = client.recv(struct.unpack('>H', head[2:4])[0], socket.MSG_WAITALL)
    attributes = {}
    while body:
        kind, size = struct.unpack('>HH', body[:4])
        attributes[kind] = body[4:4 + size]
        body = body[4 + size + (-size % 4):]
    return attributes


def mapped_address(server, header):
    """Where an allocation's answer says that its client is (XOR-MAPPED-ADDRESS)."""
    user = f'{int(time.time()) + 3600}:proxied'
    password = base64.b64encode(hmac.new(SECRET.encode(), user.encode(), 'sha1').digest()).decode()
    with socket.create_connection(('127.0.0.1', server.port), timeout=5) as client:
        client.sendall(header + allocate())
        challenge = read_message(client)
        realm, nonce = challenge[0x14], challenge[0x15]
        signed = allocate(attribute(0x06, user.encode()), attribute(0x14, realm), attribute(0x15, nonce))
        # MESSAGE-INTEGRITY counts itself in the length that it covers.
        signed = signed[:2] + struct.pack('>H', len(signed) - 20 + 24) + signed[4:]
        key = hashlib.md5(f'{user}:{realm.decode()}:{password}'.encode()).digest()
        client.sendall(signed + attribute(0x08, hmac.new(key, signed, 'sha1').digest()))
        value = read_message(client)[0x20]
    port, address = struct.unpack('>HI', value[2:8])
    return socket.inet_ntoa(struct.pack('>I', address ^ COOKIE)), port ^ (COOKIE >> 16)


class Proxied(unittest.TestCase):
    def test_a_turn_client_is_where_the_proxy_says(self):
        with tempfile.NamedTemporaryFile('w') as secret:
            secret.write(SECRET + '\n')
            secret.flush()
            with forwarding('--to', '127.0.0.1:5000', '--secret-file', secret.name, '--trust-proxy',
                            '127.0.0.0/8') as server:
                self.assertEqual(mapped_address(server, line()), ('192.0.2.9', 5000))
                self.assertEqual(mapped_address(server, binary('198.51.100.7', 6000)), ('198.51.100.7', 6000))
                self.assertEqual(mapped_address(server, b'')[0], '127.0.0.1')
                self.assertIn(b'"ok"', exchange(server, line() + REQUEST.replace(b'/test-pattern?x=1', b'/healthz')))

    def test_each_announced_client_has_its_own_share_of_connections(self):
        with serving('--trust-proxy', '127.0.0.1', '--max-connections-per-address', '2') as server:
            def hold(address):
                client = socket.create_connection(('127.0.0.1', server.port), timeout=5)
                self.addCleanup(client.close)
                client.sendall(line(address) + REQUEST.replace(b'close', b'keep-alive'))
                return client.recv(12) == b'HTTP/1.1 200'
            self.assertTrue(hold('192.0.2.1') and hold('192.0.2.1') and hold('192.0.2.2') and hold('192.0.2.2'))
            self.assertEqual(exchange(server, line('192.0.2.1') + REQUEST), b'')
            self.assertIn(b'200 OK', exchange(server, line('192.0.2.3') + REQUEST))

    def test_from_whoever_is_not_trusted_it_closes_the_connection(self):
        for options in ([], ['--trust-proxy', '192.0.2.0/24']):
            with serving(*options, '--log-level', 'debug') as server:
                for header in (line(), binary()):
                    self.assertEqual(exchange(server, header + REQUEST), b'')
                self.assertIn(b'200 OK', exchange(server, REQUEST))
                self.assertNotIn('192.0.2.9', server.log())

    def test_with_a_certificate_the_announced_client_is_sent_to_https(self):
        with tempfile.TemporaryDirectory() as folder:
            make_certificates(pathlib.Path(folder))
            with serving('--trust-proxy', '127.0.0.1', '--tls-cert', f'{folder}/leaf-chain.crt', '--tls-key',
                         f'{folder}/leaf.key') as server:
                self.assertTrue(server.url.startswith('https://'))
                answer = exchange(server, line() + REQUEST)
                self.assertIn(b'308 Permanent Redirect', answer)
                self.assertIn(b'\r\nLocation: https://camera.example:8443/test-pattern?x=1\r\n', answer)
                self.assertIn(b'200 OK', exchange(server, line(), REQUEST, tls=trusting_all()))
                # From this machine itself.
                self.assertIn(b'200 OK', exchange(server, REQUEST))
                self.assertIn(b'200 OK', exchange(server, line('127.0.0.1') + REQUEST))

    def test_networks_that_are_none_are_refused(self):
        for text, words in (('proxy.example', 'write it as a network'), ('192.0.2.0/33', 'write it as a network'),
                            ('192.0.2.7/24', 'write 192.0.2.0/24 for the whole network, or 192.0.2.7')):
            with self.subTest(text=text):
                status, output, error = run('--port', '0', '--trust-proxy', text)
                self.assertEqual((status, output), (BAD_USAGE, ''))
                self.assertRegex(error, rf'^porthole: --trust-proxy {re.escape(text)}: .*{re.escape(words)}.*\n$')


if __name__ == '__main__':
    unittest.main()
