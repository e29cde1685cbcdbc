"""Bad usage and bad luck get one clear line that says what to do, and the right exit status."""
import base64
import hmac
import json
import os
import socket
import subprocess
import tempfile
import time
import unittest

from program import PROGRAM, run, serving

FAILED = 1
BAD_USAGE = 2

# Arguments, exit status, and what the line must say.
CASES = [
    (['--bogus'], BAD_USAGE, '--bogus'),
    (['frobnicate'], BAD_USAGE, 'frobnicate'),
    (['--port', 'abc'], BAD_USAGE, '--port'),
    (['--port', '70000'], BAD_USAGE, '65535'),
    (['--log-level', 'loud'], BAD_USAGE, '--log-level'),
    (['--max-viewers', '0'], BAD_USAGE, '--max-viewers'),
    (['--max-delay', '500'], BAD_USAGE, '--max-delay'),
    (['--max-delay', '5ms'], BAD_USAGE, '--max-delay'),
    (['--max-delay', '2 weeks'], BAD_USAGE, '--max-delay'),
    (['--source', 'film'], BAD_USAGE, 'NAME=URL'),
    (['--source', '=film.mp4'], BAD_USAGE, 'NAME=URL'),
    (['--source', 'a=test-pattern:', '--source', 'a=test-pattern:'], BAD_USAGE, 'used twice'),
    (['--source', 'a b=test-pattern:'], BAD_USAGE, 'letters, digits'),
    (['--source', 'whep=test-pattern:'], BAD_USAGE, 'choose another'),
    (['--listen', 'example'], BAD_USAGE, 'no IP address'),
    (['--listen', '192.0.2.99'], FAILED, 'not on this machine'),
    (['--advertise', 'no-such-host.invalid'], BAD_USAGE, 'does not resolve'),
    (['--advertise', '192.0.2.1:99999'], BAD_USAGE, 'HOST:PORT'),
    (['--secret-file', '/no/such/file'], BAD_USAGE, 'cannot read'),
    (['--config', '/no/such/file'], BAD_USAGE, '/no/such/file'),
    (['--source', 'film=/no/such/film.mp4'], FAILED, 'No such file'),
    (['--source', 'film=/dev/null'], FAILED, 'film: '),
    (['--source', 'door=rtsp://127.0.0.1:1/door'], FAILED, 'Connection refused'),
]


# The same of sub-commands; SECRET stands for a file with a secret.
SECRET = object()
FORWARD_CASES = [
    ([], BAD_USAGE, '--to 127.0.0.1'),
    (['--to', '127.0.0.1:5000'], BAD_USAGE, 'openssl rand -base64 32'),
    (['--to', '127.0.0.1', '--secret-file', SECRET], BAD_USAGE, 'ADDR:PORT-PORT'),
    (['--to', '127.0.0.1:0', '--secret-file', SECRET], BAD_USAGE, 'ADDR:PORT-PORT'),
    (['--to', '127.0.0.1:9-8', '--secret-file', SECRET], BAD_USAGE, 'ADDR:PORT-PORT'),
    (['--to', '192.0.2.1:5000', '--secret-file', SECRET], BAD_USAGE, '--allow-remote-peers'),
    (['--to', '[::ffff:127.0.0.1]:5000', '--secret-file', SECRET], BAD_USAGE, 'this is no peer'),
    (['--to', '0.0.0.0:5000', '--allow-remote-peers', '--secret-file', SECRET], BAD_USAGE, 'this is no peer'),
    (['--to', '127.0.0.1:5000', '--secret-file', '/no/such/file'], BAD_USAGE, 'cannot read'),
    (['--to', '127.0.0.1:5000', '--secret-file', '/dev/zero'], BAD_USAGE, 'too long'),
    (['--to', '127.0.0.1:5000', '--secret-file', '/'], BAD_USAGE, 'holds no secret'),
    (['--to', '127.0.0.1:5000', '--secret-file', SECRET, '--listen', '127.0.0.1', '--listen', '127.0.0.1'], BAD_USAGE,
     'the same'),
    (['--to', '127.0.0.1:5000', '--secret-file', SECRET, '--listen', '127.0.0.1', '--listen', '::'], BAD_USAGE,
     'the same'),
    (['--to', '127.0.0.1:5000', '--secret-file', SECRET, '--max-allocations', '0'], BAD_USAGE, '--max-allocations'),
    (['--to', '127.0.0.1:5000', '--secret-file', SECRET, '--source', 'a=b'], BAD_USAGE, '--source'),
    (['--to', '127.0.0.1:5000', '--secret-file', SECRET, '--listen', '192.0.2.99'], FAILED, 'not on this machine'),
]
ICE_SERVERS_CASES = [
    (['--url', 'turn:cam.example:8443'], BAD_USAGE, '--secret-file'),
    (['--secret-file', SECRET], BAD_USAGE, '--url'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example'], BAD_USAGE, 'turn:HOST:PORT'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--ttl', '5 moons'], BAD_USAGE, '--ttl'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--ttl', '0s'], BAD_USAGE, '--ttl'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--ttl', '-1h'], BAD_USAGE, '--ttl'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--ttl', '9999999999999999d'], BAD_USAGE, '--ttl'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--ttl', '366d'], BAD_USAGE, '--ttl'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--user', 'a\nb'], BAD_USAGE, '--user'),
    (['--secret-file', SECRET, '--url', 'turn:cam.example:1', '--user', 'a b'], BAD_USAGE, '--user'),
]


class CommandLine(unittest.TestCase):
    def test_bad_input_gets_one_line_and_the_right_status(self):
        for arguments, status, fragment in CASES:
            with self.subTest(arguments=arguments):
                # A port of its own, so that only what is tested can be wrong.
                own_port = [] if '--port' in arguments else ['--port', '0']
                got, output, error = run(*own_port, *arguments)
                self.assertEqual(got, status, error)
                self.assertEqual(output, '')
                self.assertEqual(error.count('\n'), 1, error)
                self.assertTrue(error.startswith('porthole: '), error)
                self.assertIn(fragment, error)

    def test_sub_commands_say_what_is_wrong_in_one_line_as_well(self):
        port = ['--port', '0']
        cases = [(['forward', *port, *arguments], *rest) for arguments, *rest in FORWARD_CASES]
        cases += [(['ice-servers', *arguments], *rest) for arguments, *rest in ICE_SERVERS_CASES]
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('a secret\n')
            file.flush()
            for arguments, status, fragment in cases:
                with self.subTest(arguments=arguments):
                    got, output, error = run(*[file.name if part is SECRET else part for part in arguments])
                    self.assertEqual(got, status, error)
                    self.assertEqual(output, '')
                    self.assertEqual(error.count('\n'), 1, error)
                    self.assertTrue(error.startswith('porthole: '), error)
                    self.assertIn(fragment, error)

    def test_ice_servers_prints_what_a_page_needs(self):
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('a secret\nthe one before\n')
            file.flush()
            url = 'turn:cam.example:8443?transport=tcp'
            status, output, error = run('ice-servers', '--secret-file', file.name, '--url', url, '--ttl', '8h',
                                        '--user', 'alice')
        self.assertEqual((status, error), (0, ''))
        (server,) = json.loads(output)
        self.assertEqual(server['urls'], [url])
        expiry, user = server['username'].split(':')
        self.assertEqual(user, 'alice')
        self.assertAlmostEqual(int(expiry), time.time() + 8 * 3600, delta=60)
        digest = hmac.new(b'a secret', server['username'].encode(), 'sha1').digest()
        self.assertEqual(server['credential'], base64.b64encode(digest).decode())

    def test_a_secret_is_what_its_line_says_without_what_editors_add(self):
        for text in ('# made in May\r\n\r\na secret \t\r\nthe one before\r\n', 'a secret', '\n\n#\n#x\na secret\n\n'):
            with self.subTest(text=text), tempfile.NamedTemporaryFile('w', newline='') as file:
                file.write(text)
                file.flush()
                _, output, _ = run('ice-servers', '--secret-file', file.name, '--url', 'turn:cam.example:1')
                (server,) = json.loads(output)
                digest = hmac.new(b'a secret', server['username'].encode(), 'sha1').digest()
                self.assertEqual(server['credential'], base64.b64encode(digest).decode())

    def test_an_empty_secret_file_is_said_so(self):
        for text in ('', '\r\n \t\n', '# a secret goes here\n'):
            with self.subTest(text=text), tempfile.NamedTemporaryFile('w') as file:
                file.write(text)
                file.flush()
                status, _, error = run('--port', '0', '--secret-file', file.name)
                self.assertEqual(status, BAD_USAGE)
                self.assertIn('holds no secret', error)

    def test_a_configuration_file_with_an_unknown_key_is_refused(self):
        with tempfile.NamedTemporaryFile('w', suffix='.toml') as file:
            file.write('prot = 9555\n')
            file.flush()
            status, output, error = run('--config', file.name)
        self.assertEqual((status, output), (BAD_USAGE, ''))
        self.assertIn('prot', error)

    def test_a_port_in_use_is_said_so(self):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with self.subTest(kind=kind), socket.socket(socket.AF_INET, kind) as taken:
                taken.bind(('127.0.0.1', 0))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                port = str(taken.getsockname()[1])
                status, _, error = run('--port', port)
                self.assertEqual(status, FAILED)
                self.assertIn(f'port {port} is in use', error)
                self.assertIn('--port', error)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can give its rights up')
    def test_a_forbidden_port_is_said_so(self):
        with open('/proc/sys/net/ipv4/ip_unprivileged_port_start', encoding='ascii') as limit:
            if int(limit.read()) <= 443:
                self.skipTest('every port is allowed to everybody on this machine')
        done = subprocess.run(['setpriv', '--reuid=65534', '--clear-groups', '--bounding-set=-all',
                               PROGRAM, '--port', '443'],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertIn('port 443', done.stderr)
        self.assertIn('CAP_NET_BIND_SERVICE', done.stderr)

    def test_help_and_version_are_no_errors(self):
        for arguments in (['--help'], ['serve', '--help']):
            status, output, error = run(*arguments)
            self.assertEqual((status, error), (0, ''))
            self.assertIn('--advertise', output)
            self.assertIn('--max-allocations', output)
            self.assertIn('--max-delay TIME [500ms]', output)
        self.assertIn('--to ADDR:PORT', run('forward', '--help')[1])
        self.assertIn('--ttl', run('ice-servers', '--help')[1])
        self.assertRegex(run('--version')[1], r'^porthole \d+\.\d+\.\d+\n$')

    def test_a_configuration_file_says_what_the_command_line_does_not(self):
        with tempfile.NamedTemporaryFile('w', suffix='.toml') as file:
            file.write('source = ["garden=test-pattern:"]\nlog-level = "off"\n')
            file.flush()
            with serving('--config', file.name) as server:
                self.assertTrue(server.url.endswith('/garden'), server.url)
                self.assertEqual(server.log(), '')


if __name__ == '__main__':
    unittest.main()
