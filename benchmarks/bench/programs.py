"""The programs that benchmarks run: Porthole as users run it, and the tools beside it."""
import contextlib
import json
import pathlib
import re
import select
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / 'build' / 'release'
SECRET = 'a secret for nobody'
START_SECONDS = 10
END_SECONDS = 10


class Failed(Exception):
    """Something that was to be measured could not be; the text says what."""


def tool(name, *arguments, timeout=120):
    """What one of the benchmarks' programs says, which is JSON."""
    command = [TREE / 'benchmarks' / name, *map(str, arguments)]
    if not command[0].exists():
        raise Failed(f'{name} is not built')
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as expired:
        raise Failed(f'{name} did not end within {timeout} s') from expired
    # Some say with their status, too, that they reached nothing.
    if done.returncode != 0 and not done.stdout:
        raise Failed(f'{name} failed: {done.stderr.strip() or done.returncode}')
    return json.loads(done.stdout)


def medians(name, rounds):
    """What a program of Google Benchmark's says of its cases, interleaved: items a second."""
    report = tool(name, '--benchmark_format=json', '--benchmark_min_time=0.2', f'--benchmark_repetitions={rounds}',
                  '--benchmark_enable_random_interleaving=true', '--benchmark_report_aggregates_only=true')
    return {run['run_name'].removeprefix('BM_'): run['items_per_second'] for run in report['benchmarks']
            if run['aggregate_name'] == 'median'}


@contextlib.contextmanager
def running(command, log=subprocess.DEVNULL, **options):
    """A process that is ended, by its own id, whatever happens."""
    with subprocess.Popen([str(part) for part in command], stderr=log, text=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def first_line(process):
    """What a server says when it is ready."""
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else ''
    if not line:
        raise Failed(f'{pathlib.Path(process.args[0]).name} did not start')
    return line


@contextlib.contextmanager
def porthole(*arguments):
    """A running porthole on loopback: its process id and its port."""
    with tempfile.TemporaryDirectory() as folder:
        secret_file = pathlib.Path(folder, 'secret')
        secret_file.write_text(SECRET + '\n', encoding='ascii')
        command = [TREE / 'porthole', *arguments, '--port', '0', '--listen', '127.0.0.1', '--log-level', 'off',
                   '--secret-file', secret_file]
        with running(command, log=None, stdout=subprocess.PIPE) as process:
            yield process.pid, int(re.search(r'127\.0\.0\.1:(\d+)', first_line(process))[1])


def free_port(kind):
    """A port that nothing has at the moment: kind is socket.SOCK_DGRAM or socket.SOCK_STREAM."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_for_tcp(port, process):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
            return
        time.sleep(0.05)
    raise Failed(f'{pathlib.Path(process.args[0]).name} did not listen on port {port}')


def resident_kilobytes(process):
    status = pathlib.Path(f'/proc/{process}/status').read_text(encoding='ascii')
    return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1])


def thread_seconds(process):
    """Processor time of each thread, in seconds, by its id."""
    seconds = {}
    for task in pathlib.Path(f'/proc/{process}/task').iterdir():
        with contextlib.suppress(OSError):
            seconds[task.name] = int((task / 'schedstat').read_text(encoding='ascii').split()[0]) / 1e9
    return seconds
