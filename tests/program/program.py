"""Runs the real program: for a moment, to see what it says, or as a server, to talk to it."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PROGRAM = os.environ.get('PORTHOLE_PROGRAM', 'build/release/porthole')
START_LIMIT_S = 20
STOP_LIMIT_S = 5


def run(*arguments, limit=START_LIMIT_S):
    """Runs it to its end: exit status, standard output, standard error."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=limit, check=False)
    return done.returncode, done.stdout, done.stderr


class Server:
    """A running server; port 0 is one that the system chooses."""

    command = []
    ready = r'^Watch at (https?://[^/]+:(\d+)/\S+)$'

    def __init__(self, *arguments, port=0, listen='127.0.0.1'):
        self._log = tempfile.TemporaryFile('w+')
        self._process = subprocess.Popen(
            [PROGRAM, *self.command, '--port', str(port), '--listen', listen, *arguments],
            stdout=subprocess.PIPE, stderr=self._log, text=True)
        line = self._process.stdout.readline()
        found = re.search(self.ready, line)
        if not found:
            raise AssertionError(f'it did not start: {line!r} {self.log()}')
        self.url, self.port = found[1], int(found[2])
        self.origin = f'http://127.0.0.1:{self.port}'

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def request(self, method, path, body=None, headers=None):
        """Status, headers and body of one HTTP exchange."""
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.origin + path, data=data, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def resident_kilobytes(self):
        status = pathlib.Path(f'/proc/{self._process.pid}/status').read_text(encoding='ascii')
        return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1])

    def send_signal(self, number):
        self._process.send_signal(number)

    def is_running(self):
        return self._process.poll() is None

    def stop(self, with_signal=signal.SIGTERM):
        """Exit status, and how many seconds it took to end."""
        begun = time.monotonic()
        self._process.send_signal(with_signal)
        try:
            return self._process.wait(STOP_LIMIT_S), time.monotonic() - begun
        finally:
            self.kill()

    def kill(self):
        if self.is_running():
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()


class Forwarder(Server):
    """The same of forward mode."""

    command = ['forward']
    ready = r'^Forwarding (turn:\S+:(\d+)) to \S.*$'


@contextlib.contextmanager
def forwarding(*arguments, listen='127.0.0.1'):
    forwarder = Forwarder(*arguments, listen=listen)
    try:
        yield forwarder
    finally:
        forwarder.kill()


@contextlib.contextmanager
def serving(*arguments, port=0):
    server = Server(*arguments, port=port)
    try:
        yield server
    finally:
        server.kill()


def offer(name='chromium'):
    """A real browser's offer to receive video."""
    folder = pathlib.Path(__file__).parent.parent / 'data' / 'offers'
    return next(folder.glob(f'{name}-*-video.sdp')).read_text(encoding='utf-8')
