"""coturn's command-line tools: turnutils_uclient, a TURN client, and turnutils_peer, which sends back what it gets."""
import contextlib
import itertools
import os
import re
import subprocess
from dataclasses import dataclass

from forwarding import HOST, SECRET, credentials, free_ports

TRANSPORTS = {'udp': (), 'tcp': ('-t',), 'tls': ('-t', '-S'), 'dtls': ('-S',)}
# The client leaves its allocations behind, and does not get over the 437 that awaits whoever has the same address and
# port next: no two runs have the same address.
RUNS = itertools.count(os.getpid() % 50 * 1000)
# RTP goes to the first port, RTCP to the one above.
PEER_PORTS = 2


@dataclass(frozen=True)
class Outcome:
    """What one run of the client came to."""
    status: int | None  # None: it hung, and was killed.
    sent: int
    received: int
    lost: int
    words: str  # The end of what it said.
    again: bool = False  # The run before it failed by the client's own fault.

    def passed(self, expected):
        return self.status == 0 and self.sent == self.received == expected and self.lost == 0

    def __str__(self):
        if self.status is None:
            return 'hung'
        mark = '*' if self.again else ''
        return f'{self.sent}/{self.received}/{self.lost}{mark}' if self.status == 0 else f'status {self.status}{mark}'


def last_number(pattern, text):
    return int((re.findall(pattern, text) or ['0'])[-1])


def fresh_source():
    run = next(RUNS)
    return f'127.0.{1 + run // 250 % 250}.{1 + run % 250}'


def client(port, peer_port, *options, limit=60):
    """Runs the client to its end. It asks for IPv4 relayed addresses and DONT-FRAGMENT, as it always can."""
    command = ['turnutils_uclient', '-X', '-g', '-L', fresh_source(), '-p', str(port), '-e', HOST, '-r',
               str(peer_port), *options, HOST]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace') as process:
        try:
            said, status = process.communicate(timeout=limit)[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            said, status = process.communicate()[0], None
    return Outcome(status, last_number(r'tot_send_msgs=(\d+)', said), last_number(r'tot_recv_msgs=(\d+)', said),
                   last_number(r'Total lost packets (\d+)', said), said[-2000:])


def by_secret(name):
    """Options with which the client makes its own time-limited credentials."""
    return ('-u', name, '-W', SECRET)


def by_password(name):
    """Options with the credentials that an application would have handed out."""
    username, password = credentials(name)
    return ('-u', username, '-w', password)


@contextlib.contextmanager
def echoing_peer():
    """A peer on two ports in a row; the value is the first."""
    port = free_ports(PEER_PORTS)
    with subprocess.Popen(['turnutils_peer', '-L', HOST, '-p', str(port)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.kill()
