"""porthole check from the outside: what it says of networks and servers, good and bad."""
import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import issue, make_authority
from program import PROGRAM, run, serving
from strangers import ConnectProxy, Hop, Stranger

NOTHING = 1
BAD_USAGE = 2
# Where all is well nobody waits for it; where something is dropped the test does, each time.
TIMEOUT = '5s'
SHORT = '1s'
# The page, the session, the rungs, and the session's end; and a slow machine.
LIMIT_S = 20
# Whatever network the tests run in.
NO_PROXIES = {name: value for name, value in os.environ.items() if not name.lower().endswith('_proxy')}
HTTP_METHODS = (b'GET ', b'POST', b'DELE', b'HEAD')


def check(*arguments, env=None, timeout=TIMEOUT):
    """Exit status, the report, and what was said on standard error."""
    done = subprocess.run([PROGRAM, 'check', '--json', '--timeout', timeout, *arguments], capture_output=True, text=True,
                          timeout=LIMIT_S, check=False, env={**NO_PROXIES, **(env or {})})
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def rung(report, name):
    return next(each for each in report['rungs'] if each['name'] == name)


def reply(body, status='200 OK', headers=''):
    return f'HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n{headers}\r\n{body}'.encode()


def porthole_like(whep, streams='[{"name":"garden","state":"live"}]'):
    """A server that passes for a Porthole until it is asked for a session."""
    def answer(asked):
        if asked.startswith(b'GET /healthz'):
            return reply('{"status":"ok"}')
        if asked.startswith(b'GET /api'):
            return reply(streams)
        return whep if asked.startswith(b'POST') else reply('', '404 Not Found')
    return answer


def socket_answering(*frames):
    """The same, with a WebSocket (RFC 6455) on which it says these frames."""
    def answer(asked):
        if not asked.startswith(b'GET /websocket/garden '):
            return porthole_like(reply('', '503 Full'))(asked)
        key = re.search(rb'(?im)^Sec-WebSocket-Key: (\S+)', asked)[1]
        accept = base64.b64encode(hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
        return (b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                b'Sec-WebSocket-Accept: ' + accept + b'\r\n\r\n' + b''.join(frames))
    return answer


def frame(opcode, payload):
    return bytes([0x80 | opcode, len(payload)]) + payload


class Check(unittest.TestCase):
    def assert_works(self, report, name):
        found = rung(report, name)
        self.assertEqual(found['state'], 'works', found)
        self.assertGreater(found['connect'], 0)
        self.assertGreater(found['round_trip'], 0)
        self.assertEqual(found['reason'], '')

    def assert_fails(self, report, name, reason, words):
        found = rung(report, name)
        self.assertEqual((found['state'], found['reason']), ('fails', reason), found)
        self.assertIn(words, found['explanation'] + found['advice'])

    def stranger(self, answer, **options):
        made = Stranger(answer, **options)
        self.addCleanup(made.close)
        return made

    def closed_port(self):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            return free.getsockname()[1]


class Networks(Check):
    @contextlib.contextmanager
    def behind(self, judge=lambda first: 'pass', udp='refused'):
        """A server that is reached through a hop for TCP only."""
        own_port = self.closed_port()
        hop = Hop(own_port, judge)
        self.addCleanup(hop.close)
        with contextlib.ExitStack() as stack:
            if udp == 'swallowed':
                silent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                silent.bind(('127.0.0.1', hop.port))
            stack.enter_context(serving('--advertise', f'127.0.0.1:{hop.port}', port=own_port))
            yield hop

    def test_every_rung_works_on_an_open_network(self):
        with serving() as server:
            status, report, error = check(f'http://127.0.0.1:{server.port}')
            self.assertEqual((status, error), (0, ''))
            self.assertEqual(report['stream'], 'test-pattern')
            self.assertEqual(report['page']['state'], 'works')
            for name in ('direct', 'ice-tcp', 'turn-udp', 'turn-tcp'):
                self.assert_works(report, name)
                self.assertTrue(rung(report, name)['seen_as'].startswith('127.0.0.1:'), report)
            self.assert_works(report, 'websocket')
            self.assertEqual(rung(report, 'turn-tls')['state'], 'not-offered')
            self.assertNotIn('error', server.log())

    def test_it_leaves_no_session_behind(self):
        # Room for its session and its WebSocket.
        with serving('--max-viewers', '2') as server:
            for _ in range(3):
                _, report, _ = check(f'http://127.0.0.1:{server.port}')
                self.assert_works(report, 'direct')
                self.assertEqual(report['notes'], [])

    def test_people_get_a_table_and_no_colours_in_a_file(self):
        with serving() as server:
            status, output, _ = run('check', f'127.0.0.1:{server.port}', '--timeout', TIMEOUT)
            self.assertEqual(status, 0)
            self.assertRegex(output, r'(?m)^  direct +works +[0-9.]+ ms +[0-9.]+ ms +udp 127\.0\.0\.1:\d+$')
            self.assertIn('the best way is direct', output)
            self.assertNotIn('\033', output)

    def test_udp_that_nobody_carries_is_told_from_udp_that_is_dropped(self):
        for udp, reason, words in (('refused', 'refused', 'port mapping'),
                                   ('swallowed', 'timeout', 'a firewall drops UDP')):
            with self.subTest(udp=udp), self.behind(udp=udp) as hop:
                status, report, _ = check(f'http://127.0.0.1:{hop.port}', timeout='2s')
                self.assertEqual(status, 0)
                for name in ('direct', 'turn-udp'):
                    self.assert_fails(report, name, reason, words)
                    self.assertIn(f'UDP to 127.0.0.1 port {hop.port}', rung(report, name)['advice'])
                for name in ('ice-tcp', 'turn-tcp'):
                    self.assert_works(report, name)

    def test_inspection_shows_by_how_it_ends_what_it_does_not_know(self):
        for verdict, reason, words in (('reset', 'reset', 'Cut off at its first bytes'),
                                       ('swallow', 'timeout', 'swallows what it does not know')):
            def judge(first, verdict=verdict):
                return 'pass' if first.startswith(HTTP_METHODS) else verdict
            with self.subTest(verdict=verdict), self.behind(judge, udp='swallowed') as hop:
                _, report, _ = check(f'http://127.0.0.1:{hop.port}', timeout='2s')
                for name in ('ice-tcp', 'turn-tcp'):
                    self.assert_fails(report, name, reason, words)

    def proxy(self, refusal=None):
        made = ConnectProxy(refusal)
        self.addCleanup(made.close)
        return made

    def test_a_proxy_carries_tcp_and_says_so(self):
        proxy = self.proxy()
        with serving() as server:
            status, report, _ = check(f'http://127.0.0.1:{server.port}', env={'HTTPS_PROXY': proxy.url})
            self.assertEqual(status, 0)
            self.assertIn('HTTPS_PROXY', report['notes'][0])
            for found in (report['page'], rung(report, 'ice-tcp'), rung(report, 'turn-tcp')):
                self.assertEqual(found['state'], 'works', found)
                self.assertIn(f'127.0.0.1:{server.port} by proxy 127.0.0.1:', found['target'])
            self.assert_works(report, 'direct')
        self.assertTrue(all(f'CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n' in head for head in proxy.asked))
        self.assertIn('Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n', proxy.asked[0])

    def test_a_proxy_that_refuses_is_named_as_what_refuses(self):
        for refusal in ('403 Forbidden', '407 Proxy Authentication Required'):
            with self.subTest(refusal=refusal):
                proxy = self.proxy(refusal)
                _, report, _ = check('http://cam.example:8443', env={'http_proxy': proxy.url})
                self.assertEqual(report['page']['reason'], 'proxy')
                self.assertIn(refusal, report['page']['explanation'])
                self.assertIn('CONNECT to cam.example:8443', report['page']['advice'])

    def test_no_proxy_means_none(self):
        with serving() as server:
            env = {'HTTPS_PROXY': f'http://127.0.0.1:{self.closed_port()}', 'NO_PROXY': 'a.example, 127.0.0.1'}
            self.assertEqual(check(f'http://127.0.0.1:{server.port}', env=env)[0], 0)
            del env['NO_PROXY']
            _, report, _ = check(f'http://127.0.0.1:{server.port}', env=env)
            self.assertIn('proxy itself does not answer', report['page']['explanation'])

    def test_a_closed_port_refuses(self):
        status, report, _ = check(f'http://127.0.0.1:{self.closed_port()}')
        self.assertEqual(status, NOTHING)
        self.assertEqual(report['page']['reason'], 'refused')
        self.assertEqual({each['state'] for each in report['rungs']}, {'not-tried'})

    def test_a_name_without_an_address_is_said_so(self):
        status, report, _ = check('http://no-such-host.invalid:8443')
        self.assertEqual((status, report['page']['reason']), (NOTHING, 'no-such-name'))

    def test_a_stream_that_is_not_there_is_answered_with_those_that_are(self):
        with serving() as server:
            status, report, _ = check(f'http://127.0.0.1:{server.port}/attic')
            self.assertEqual((status, report['page']['reason']), (NOTHING, 'no-stream'))
            self.assertIn('test-pattern', report['page']['explanation'])

    def test_without_a_scheme_https_is_tried_as_well(self):
        with self.behind(lambda first: 'pass' if first[:1] == b'\x16' else 'reset', udp='swallowed') as hop:
            status, report, _ = check(f'127.0.0.1:{hop.port}', '--insecure', timeout='2s')
            self.assertEqual(report['url'], f'https://127.0.0.1:{hop.port}/test-pattern')
            self.assertEqual(len(report['tried']), 2)

    def test_a_redirect_on_the_same_host_is_followed(self):
        with serving() as server:
            def answer(asked):
                if asked.startswith(b'GET /healthz'):
                    return reply('{"status":"ok"}')
                return reply('', '308 Permanent Redirect', f'Location: http://127.0.0.1:{server.port}/api/v1/streams\r\n')
            status, report, _ = check(f'http://127.0.0.1:{self.stranger(answer).port}')
            self.assertEqual((status, report['url']), (0, f'http://127.0.0.1:{server.port}/test-pattern'))

    def test_bad_usage_is_said_in_one_line(self):
        for arguments in ([], ['ftp://x'], ['http://x/a b'], ['x', '--timeout', '1h'], ['x', '--timeout', '0s'], ['--no', 'x']):
            with self.subTest(arguments=arguments):
                status, output, error = run('check', *arguments)
                self.assertEqual((status, output), (BAD_USAGE, ''))
                self.assertEqual(error.count('\n'), 1, error)


class Certificates(Check):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls._folder.name)
        make_authority(cls.folder)
        issue(cls.folder, 'leaf', 'DNS:localhost')
        issue(cls.folder, 'old', 'DNS:localhost', days='-1')
        cls.trust = {'SSL_CERT_FILE': str(cls.folder / 'root.crt')}

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def serving(self, name):
        return serving('--tls-cert', str(self.folder / f'{name}.crt'), '--tls-key', str(self.folder / f'{name}.key'))

    def assert_refused(self, url, words, env):
        status, report, _ = check(url, env=env)
        self.assertEqual((status, report['page']['reason']), (NOTHING, 'certificate'), report['page'])
        self.assertIn(words, report['page']['explanation'])
        self.assertFalse(report['certificate']['is_valid'])
        status, report, _ = check('--insecure', url, env=env)
        self.assertEqual((status, report['page']['state']), (0, 'works'))
        self.assertIn(words, report['certificate']['problem'])

    def test_one_that_holds_is_shown(self):
        with self.serving('leaf') as server:
            status, report, _ = check(f'https://localhost:{server.port}', env=self.trust)
            self.assertEqual((status, report['page']['state']), (0, 'works'), report['page'])
            self.assertEqual((report['certificate']['names'], report['certificate']['is_valid']), ('localhost', True))

    def test_turn_over_tls_is_there_with_one_that_holds(self):
        with self.serving('leaf') as server:
            _, report, _ = check(f'http://localhost:{server.port}', env=self.trust)
            self.assert_works(report, 'turn-tls')
            _, report, _ = check(f'http://localhost:{server.port}')
            self.assert_fails(report, 'turn-tls', 'certificate', 'whom this machine does not know')
            self.assert_works(report, 'turn-tcp')

    def test_one_that_does_not_says_why(self):
        with self.serving('leaf') as server:
            self.assert_refused(f'https://127.0.0.1:{server.port}', 'It is for localhost, not for 127.0.0.1', self.trust)
            self.assert_refused(f'https://localhost:{server.port}', 'whom this machine does not know', {})
        with self.serving('old') as server:
            self.assert_refused(f'https://localhost:{server.port}', 'It expired on 20', self.trust)
        with serving() as server:
            self.assert_refused(f'https://localhost:{server.port}', 'signed by itself', self.trust)

    def test_a_server_without_tls_is_said_so(self):
        stranger = self.stranger(reply('hello'))
        _, report, _ = check(f'https://127.0.0.1:{stranger.port}')
        self.assertEqual(report['page']['reason'], 'no-tls')


class Strangers(Check):
    def page_of(self, answer, **options):
        stranger = self.stranger(answer, **options)
        status, report, _ = check(f'http://127.0.0.1:{stranger.port}', timeout=SHORT)
        self.assertEqual(status, NOTHING)
        return report['page']

    def test_another_server_is_no_porthole(self):
        handler = http.server.SimpleHTTPRequestHandler
        handler.log_message = lambda *_: None
        with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            _, report, _ = check(f'http://127.0.0.1:{server.server_address[1]}')
            server.shutdown()
        self.assertEqual(report['page']['reason'], 'not-porthole')
        self.assertIn('SimpleHTTP', report['page']['explanation'])

    def test_pages_of_proxies_are_known_as_such(self):
        for answer in (reply('', '302 Found', 'Location: http://login.example/\r\n'),
                       reply('<html>', '407 Proxy Authentication Required', 'Proxy-Authenticate: Basic\r\n'),
                       reply('<html>', '511 Network Authentication Required'),
                       reply('<html>', '403 Forbidden', 'Via: 1.1 squid\r\n')):
            with self.subTest(answer=answer):
                self.assertEqual(self.page_of(answer)['reason'], 'proxy')

    def test_a_circle_of_redirects_has_an_end(self):
        stranger = self.stranger(lambda asked: reply('', '302 Found', f'Location: http://127.0.0.1:{stranger.port}/\r\n'))
        _, report, _ = check(f'http://127.0.0.1:{stranger.port}')
        self.assertEqual(report['page']['reason'], 'bad-answer')

    def test_silence_drips_and_floods_end_in_time(self):
        for answer, reason, options in ((b'', 'closed', {}),
                                        (reply('{"status":"ok"}'), 'timeout', {'drip': True}),
                                        (b'HTTP/1.1 200 OK\r\n' + b'X: ' + b'x' * (1 << 20), 'bad-answer', {}),
                                        (b'HTTP/1.1 200 OK\r\n\r\n' + b'x' * (4 << 20), 'bad-answer', {}),
                                        (os.urandom(4096), 'bad-answer', {})):
            with self.subTest(reason=reason, start=answer[:20]):
                begun = time.monotonic()
                self.assertEqual(self.page_of(answer, **options)['reason'], reason)
                self.assertLess(time.monotonic() - begun, LIMIT_S / 2)

    def test_sessions_that_make_no_sense_are_survived(self):
        ice = 'a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n'
        head = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n'
        mirror = self.stranger(lambda asked: asked)
        here = f'127.0.0.1 {mirror.port}'
        candidates = f'a=candidate:1 1 udp 1 {here} typ host\r\na=candidate:1 1 tcp 1 {here} typ host tcptype passive\r\n'
        link = f'Link: <turn:127.0.0.1:{mirror.port}?transport=tcp>; rel="ice-server"; username="u"; credential="c"\r\n'
        for whep in (reply('<html>', '201 Created', 'Location: //elsewhere.example/x\r\n'),
                     reply('', '500 Oops'), reply('a\x1b[2Jb', '503 Full'), b'\x00' * 100,
                     reply(head + ice, '201 Created'), reply(head + ice + candidates, '201 Created', link),
                     reply('v=0\r\n' + 'a=x\r\n' * 5000, '201 Created')):
            with self.subTest(whep=whep[:60]):
                stranger = self.stranger(porthole_like(whep))
                status, output, error = run('check', '--timeout', SHORT, f'http://127.0.0.1:{stranger.port}')
                self.assertEqual((status, error), (NOTHING, ''), output)
                self.assertNotIn('\x1b', output)
                self.assertIn('No media would arrive here', output)

    def test_a_websocket_is_proved_by_media_alone(self):
        text, media, goodbye = frame(1, b'{}'), frame(2, b'media'), frame(8, b'\x03\xe8no\x1b[2J')
        for frames, reason, words in (((text,), 'closed', ''), ((text, goodbye), 'closed', 'no?[2J'),
                                      ((text,) * 9, 'bad-answer', 'no media'),
                                      ((b'\x82\x7f' + b'\xff' * 8,), 'bad-answer', '')):
            with self.subTest(frames=frames[-1]):
                stranger = self.stranger(socket_answering(*frames))
                status, report, _ = check(f'http://127.0.0.1:{stranger.port}')
                self.assertEqual(status, NOTHING)
                self.assert_fails(report, 'websocket', reason, words)
        stranger = self.stranger(socket_answering(text, media))
        status, report, _ = check(f'http://127.0.0.1:{stranger.port}')
        self.assertEqual(status, 0)
        self.assert_works(report, 'websocket')

    def test_a_websocket_that_is_refused_tells_who_refuses(self):
        for status, state, reason in (('404 Not Found', 'not-offered', 'not-offered'),
                                      ('426 Upgrade Required', 'fails', 'proxy'), ('403 Forbidden', 'fails', 'forbidden'),
                                      ('503 Full', 'fails', 'busy')):
            with self.subTest(status=status):
                whole = porthole_like(reply('', '503 Full'))
                stranger = self.stranger(lambda asked, whole=whole, status=status:
                                         reply('', status) if asked.startswith(b'GET /websocket') else whole(asked))
                found = rung(check(f'http://127.0.0.1:{stranger.port}')[1], 'websocket')
                self.assertEqual((found['state'], found['reason']), (state, reason), found)

    def test_what_is_not_the_server_proves_nothing(self):
        """Binding responses that anybody could write, since they are not signed."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
            liar.bind(('127.0.0.1', 0))
            port = liar.getsockname()[1]

            def lie():
                with contextlib.suppress(OSError):
                    while True:
                        asked, sender = liar.recvfrom(2048)
                        mapped = bytes.fromhex('002000080001') + b'\x00\x00' + b'\x00' * 4
                        liar.sendto(b'\x01\x01\x00\x0c' + asked[4:20] + mapped, sender)

            threading.Thread(target=lie, daemon=True).start()
            answer = ('v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\n'
                      f'a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 127.0.0.1 {port} typ host\r\n')
            stranger = self.stranger(porthole_like(reply(answer, '201 Created')))
            _, report, _ = check(f'http://127.0.0.1:{stranger.port}')
            self.assert_fails(report, 'direct', 'bad-answer', 'who is not the server')


if __name__ == '__main__':
    unittest.main()
