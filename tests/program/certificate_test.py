"""Certificates that are replaced while everybody watches: nobody is dropped, and files of no use change nothing."""
import asyncio
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest

from aioice import turn

from echo import LIMIT_S, Echo, Inbox
from program import forwarding, run, serving
from tls_client import connected, healthz, make_certificates, trusting_all

VIEWERS = 20
# Two looks at the files, and a machine that is busy.
NOTICED_S = 20


class Replaced(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._made = tempfile.TemporaryDirectory()
        cls.made = pathlib.Path(cls._made.name)
        make_certificates(cls.made)

    @classmethod
    def tearDownClass(cls):
        cls._made.cleanup()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.install('leaf')
        self.options = ['--tls-cert', str(self.folder / 'cert.pem'), '--tls-key', str(self.folder / 'key.pem')]

    def install(self, name, key=None):
        """As most tools do it: new files take the names."""
        for source, target in ((f'{name}-chain.crt', 'cert.pem'), (f'{key or name}.key', 'key.pem')):
            shutil.copy(self.made / source, self.folder / 'new')
            os.rename(self.folder / 'new', self.folder / target)

    def der(self, name):
        return ssl.PEM_cert_to_DER_cert((self.made / f'{name}.crt').read_text())

    def shown(self, server):
        """Which certificate a new connection is shown."""
        with connected(server, trusting_all(), 'camera.example') as tls:
            der = tls.getpeercert(binary_form=True)
        return next((name for name in ('leaf', 'next', 'old') if self.der(name) == der), None)

    def shown_over_dtls(self, server):
        """The same by DTLS, which TURN clients speak on the same port."""
        done = subprocess.run(['openssl', 's_client', '-dtls1_2', '-connect', f'127.0.0.1:{server.port}'], input=b'',
                              capture_output=True, timeout=20, check=False)
        pem = re.search(rb'-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n', done.stdout, re.DOTALL)
        return pem and ssl.PEM_cert_to_DER_cert(pem[0].decode())

    def wait_for(self, condition, what):
        end = time.monotonic() + NOTICED_S
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)

    def test_files_that_change_are_taken_without_a_word_from_anybody(self):
        with serving(*self.options) as server:
            self.assertEqual(self.shown(server), 'leaf')
            self.assertEqual(self.shown_over_dtls(server), self.der('leaf'))
            self.install('next')
            self.wait_for(lambda: self.shown(server) == 'next', 'the new certificate')
            self.assertEqual(self.shown_over_dtls(server), self.der('next'))
            self.assertRegex(server.log(), r' info .*cert\.pem \(--tls-cert\) has a new certificate for '
                                           r'camera\.example, door\.example, until \d{4}-\d\d-\d\d\n')

    def test_files_of_no_use_are_one_line_and_the_old_certificate_stays(self):
        with serving(*self.options) as server:
            certificate = self.folder / 'cert.pem'
            cases = [(lambda: self.install('old'), r'cert\.pem \(--tls-cert\) expired on \d{4}-\d\d-\d\d'),
                     (lambda: self.install('next', key='leaf'), 'the key does not belong to the certificate'),
                     (lambda: certificate.write_text(certificate.read_text()[:300]), 'damaged'),
                     (certificate.unlink, 'cannot read')]
            for spoil, words in cases:
                with self.subTest(words=words):
                    before = server.log()
                    spoil()
                    server.send_signal(signal.SIGHUP)
                    self.wait_for(lambda seen=before: ' error ' in server.log()[len(seen):], 'a line in the log')
                    # Longer than two looks: what was said is not said again.
                    time.sleep(5)
                    added = server.log()[len(before):]
                    self.assertRegex(added, f' error .*{words}.*; the certificate stays the one from before\n')
                    self.assertEqual(added.count(' error '), 1, added)
                    self.assertEqual(self.shown(server), 'leaf')
            self.install('next')
            server.send_signal(signal.SIGHUP)
            self.wait_for(lambda: self.shown(server) == 'next', 'the new certificate')

    def test_a_second_connection_resumes_the_first_until_the_certificate_changes(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.install('leaf')
            with self.subTest(version=version), serving(*self.options) as server:
                context = trusting_all()
                context.minimum_version = context.maximum_version = version
                with connected(server, context) as first:
                    self.assertIn(b'"ok"', healthz(first))
                    ticket = first.session
                with connected(server, context, session=ticket) as again:
                    self.assertTrue(again.session_reused)
                    self.assertIn(b'"ok"', healthz(again))
                self.install('next')
                server.send_signal(signal.SIGHUP)
                self.wait_for(lambda: self.shown(server) == 'next', 'the new certificate')
                with connected(server, context, session=ticket) as later:
                    self.assertFalse(later.session_reused)
                    self.assertIn(b'"ok"', healthz(later))

    def test_without_files_a_hangup_ends_the_program_as_it_ends_others(self):
        with serving() as server:
            self.assertEqual(server.stop(signal.SIGHUP)[0], -signal.SIGHUP)

    def test_twenty_clients_over_tls_do_not_notice(self):
        secret = self.folder / 'secret'
        secret.write_text('0123456789abcdef\n')
        echo = Echo()
        self.addCleanup(echo.close)
        with forwarding('--to', echo.written, '--secret-file', str(secret), *self.options) as server:
            asyncio.run(self.twenty(server, echo, secret))
            self.assertNotIn('error', server.log())

    async def twenty(self, server, echo, secret):
        with contextlib.ExitStack() as open_connections:
            pages = [open_connections.enter_context(contextlib.closing(http.client.HTTPSConnection(
                '127.0.0.1', server.port, timeout=LIMIT_S, context=trusting_all()))) for _ in range(VIEWERS)]
            viewers = [await Viewer.connect(server, secret, f'viewer-{n}') for n in range(VIEWERS)]
            loop = asyncio.get_running_loop()
            talking = [asyncio.create_task(viewer.talk(echo.address)) for viewer in viewers]
            for name, with_signal in (('next', True), ('leaf', False), ('next', True)):
                await loop.run_in_executor(None, self.ask_all, pages)
                self.install(name)
                if with_signal:
                    server.send_signal(signal.SIGHUP)
                await loop.run_in_executor(None, self.wait_for, lambda new=name: self.shown(server) == new, name)
            await loop.run_in_executor(None, self.ask_all, pages)
            counts = [viewer.exchanged for viewer in viewers]
            await asyncio.sleep(0.5)
            for viewer, before in zip(viewers, counts):
                self.assertGreater(viewer.exchanged, before)
            for viewer in viewers:
                viewer.is_leaving = True
            await asyncio.gather(*talking)

    def ask_all(self, pages):
        for page in pages:
            socket_before = page.sock
            page.request('GET', '/healthz')
            answer = page.getresponse()
            self.assertIn(b'"ok"', answer.read())
            self.assertIn(socket_before, (None, page.sock), 'the connection was closed meanwhile')


class Viewer:
    """A TURN client over TLS that sends to the application, and hears it, without pause."""

    def __init__(self, allocation, inbox):
        self._allocation = allocation
        self._inbox = inbox
        self.exchanged = 0
        self.is_leaving = False

    @classmethod
    async def connect(cls, server, secret, user):
        """Each with a user name of its own: there is a quota for each."""
        _, output, _ = run('ice-servers', '--secret-file', str(secret), '--url', 'turns:x:1', '--user', user)
        (own,) = json.loads(output)
        return cls(*await turn.create_turn_endpoint(Inbox, ('127.0.0.1', server.port), own['username'],
                                                    own['credential'], transport='tcp', ssl=trusting_all()))

    async def talk(self, peer):
        while not self.is_leaving:
            data = self.exchanged.to_bytes(4, 'big') * 300
            self._allocation.sendto(data, peer)
            got, _ = await asyncio.wait_for(self._inbox.received.get(), LIMIT_S)
            if got != data:
                raise AssertionError('something was lost on a connection that loses nothing')
            self.exchanged += 1
            await asyncio.sleep(0.02)
        self._allocation.close()


if __name__ == '__main__':
    unittest.main()
