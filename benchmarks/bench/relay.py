"""What relaying costs beside Debian's coturn, and how late packets become by it."""
import contextlib
import dataclasses
import shutil
import socket
import statistics
import subprocess
import tempfile

from bench import programs
from bench.figures import Figure

# Each allocation gets 2.5 Mbit/s in 30 frames/s, and answers with feedback.
ALLOCATIONS, FEW_ALLOCATIONS = 100, 10
SECONDS, QUICK_SECONDS = 3, 1
FIRST_PEER_PORT = 5000
PROMISED_COST, PROMISED_DELAY = '<= 0.333', '<= 1'


@dataclasses.dataclass(frozen=True)
class Load:
    """What the clients and the application do, and what is promised of it."""
    options: tuple
    is_direct_possible: bool = True
    promised_cost: str = ''


LOADS = {
    # Frames of different allocations at different times, each sent packet by packet.
    'udp': Load((), promised_cost=PROMISED_COST),
    # One broadcast to all of them: everybody's frame at the same time.
    'udp-together': Load(('--together',), promised_cost=PROMISED_COST),
    # An application that gives the kernel a frame at once.
    'udp-segmented': Load(('--segmented',), promised_cost=PROMISED_COST),
    'udp-both-ways': Load(('--up', 'video'), promised_cost=PROMISED_COST),
    'tcp': Load(('--tcp',), is_direct_possible=False)}


@contextlib.contextmanager
def coturn():
    """As Debian ships it, but that it may reach loopback: process id and port."""
    port = programs.free_port(socket.SOCK_STREAM)
    with tempfile.TemporaryDirectory() as folder:
        command = ['turnserver', '-n', '-L', '127.0.0.1', '-p', port, '--use-auth-secret',
                   f'--static-auth-secret={programs.SECRET}', '--realm=bench', '--allow-loopback-peers', '--no-tls',
                   '--no-dtls', '--no-cli', '--log-file=/dev/null', '--pidfile', f'{folder}/pid']
        with programs.running(command, stdout=subprocess.DEVNULL) as process:
            programs.wait_for_tcp(port, process)
            yield process.pid, port


def porthole():
    last = FIRST_PEER_PORT + ALLOCATIONS - 1
    return programs.porthole('forward', '--to', f'127.0.0.1:{FIRST_PEER_PORT}-{last}',
                             '--max-allocations-per-address', '10000')


def measure(server, load, allocations, seconds):
    """One run; server is None for none."""
    arguments = ['--allocations', allocations, '--seconds', seconds, '--first-peer-port', FIRST_PEER_PORT, *load.options]
    if server is None:
        return programs.tool('relay_load', *arguments)
    with server() as (process, port):
        return programs.tool('relay_load', '--port', port, '--secret', programs.SECRET, '--process', process, *arguments)


def figures_of(name, promised_cost, rounds):
    def median(server, key):
        return statistics.median(run[key] for run in rounds[server])

    found = []
    for server, runs in rounds.items():
        is_ours = server == 'porthole' and 'coturn' in rounds
        if server != 'direct':
            cost = (median('coturn', 'server_us_per_packet'), promised_cost) if is_ours else ()
            found.append(Figure(f'relay/{name}/{server}/cost', median(server, 'server_us_per_packet'), 'us/packet', *cost))
        for key, promise in (('p50', ''), ('p99', PROMISED_DELAY)):
            delay = (median('coturn', f'down_{key}_us'), promise) if is_ours else ()
            found.append(Figure(f'relay/{name}/{server}/{key}', median(server, f'down_{key}_us'), 'us', *delay))
        sent = sum(run['down_sent'] + run['up_sent'] for run in runs)
        lost = sent - sum(run['down_received'] + run['up_received'] for run in runs)
        found.append(Figure(f'relay/{name}/{server}/lost', 100 * lost / sent, '%'))
    return found


def relay(options):
    """what relaying costs the server, and how late packets become by it, beside coturn and no relay"""
    servers = {'porthole': porthole, 'direct': None}
    if shutil.which('turnserver'):
        servers = {'coturn': coturn, **servers}
    else:
        options.say('  coturn is not installed')
    allocations, seconds = (FEW_ALLOCATIONS, QUICK_SECONDS) if options.quick else (ALLOCATIONS, SECONDS)
    found = []
    for name, load in LOADS.items():
        rounds = {server: [] for server in servers if load.is_direct_possible or server != 'direct'}
        for _ in range(options.rounds):
            for server, runs in rounds.items():
                runs.append(measure(servers[server], load, allocations, seconds))
                options.say(f'  {name}, {server}: {runs[-1]["server_us_per_packet"]:.2f} us/packet')
        found += figures_of(name, load.promised_cost, rounds)
    return found
