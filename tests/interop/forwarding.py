"""`porthole forward` under test: the program, the secret that its clients know, and what it lets them reach."""
import base64
import contextlib
import hashlib
import hmac
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.request

PROGRAM = os.environ.get('PORTHOLE_PROGRAM', 'build/release/porthole')
STOP_LIMIT_S = 5
HOST = '127.0.0.1'
SECRET = 'open sesame'
# Hundreds of clients of one user and address are the subject here, not a nuisance.
LIMITS = ('--max-allocations-per-user', '20000', '--max-allocations-per-address', '20000',
          '--max-allocations', '20000', '--max-connections-per-address', '20000', '--max-connections', '20000',
          '--max-dtls-clients', '20000', '--max-dtls-clients-per-address', '20000')


def free_ports(count=1):
    """The first of so many UDP ports in a row that nobody has, and that are not where the system takes them from."""
    for first in range(10_000 + os.getpid() % 10_000 * 2, 32_000, 2):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((HOST, port))
                return first
            except OSError:
                continue
    raise AssertionError('there are no free ports')


def credentials(name, lifetime_s=3600, secret=SECRET):
    """User name and password as draft-uberti-behave-turn-rest makes them."""
    username = f'{int(time.time()) + lifetime_s}:{name}'
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()


class Forwarder:
    """A running forwarder to the ports `first` and those behind it."""

    def __init__(self, first, count, *arguments):
        self._folder = tempfile.TemporaryDirectory()
        secret_file = pathlib.Path(self._folder.name, 'secret')
        secret_file.write_text(SECRET + '\n', encoding='ascii')
        self._log = tempfile.TemporaryFile('w+')
        command = [PROGRAM, 'forward', '--to', f'{HOST}:{first}-{first + count - 1}', '--port', '0', '--listen', HOST,
                   '--secret-file', str(secret_file), *LIMITS, *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        line = self._process.stdout.readline()
        found = re.search(r'turn:[^ ]*:(\d+)', line)
        if not found:
            self.kill()
            raise AssertionError(f'it did not start: {line!r}')
        self.port = int(found[1])
        self.pid = self._process.pid

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def is_running(self):
        return self._process.poll() is None

    def resident_kilobytes(self):
        status = pathlib.Path(f'/proc/{self.pid}/status').read_text(encoding='ascii')
        return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1])

    def is_healthy(self):
        with urllib.request.urlopen(f'http://{HOST}:{self.port}/healthz', timeout=5) as response:
            return response.status == 200

    def kill(self):
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._log.close()
        self._folder.cleanup()


@contextlib.contextmanager
def forwarding(first, count, *arguments):
    forwarder = Forwarder(first, count, *arguments)
    try:
        yield forwarder
    finally:
        forwarder.kill()
