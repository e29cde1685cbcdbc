"""Runs the benchmarks and prints their figures as a table, and with --json as a file; ./bench has built everything."""
import argparse
import contextlib
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parent.parent / 'build' / 'release'
SECRET = 'a secret for nobody'
ROUNDS = 5
LOAD_SECONDS = 2
FLOOD_PER_SECOND, FLOOD_SECONDS = 100_000, 5

# What the project has promised to reach, by the name of the figure.
TARGETS = {'turn-server/AllocateChallengedAndFreed': 50_000, 'turn-allocate/serve': 10_000, 'turn-allocate/forward': 10_000}


def figure(name, value, unit):
    baseline = TARGETS.get(name)
    return {'name': name, 'value': value, 'unit': unit, 'baseline': baseline,
            'ratio': value / baseline if baseline else None}


def medians(program):
    """What a program of Google Benchmark's says, interleaved: items a second, by name."""
    command = [TREE / 'benchmarks' / program, '--benchmark_format=json', '--benchmark_min_time=0.2',
               f'--benchmark_repetitions={ROUNDS}', '--benchmark_enable_random_interleaving=true',
               '--benchmark_report_aggregates_only=true']
    report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    return {run['run_name'].removeprefix('BM_'): run['items_per_second']
            for run in report['benchmarks'] if run['aggregate_name'] == 'median'}


def turn_server():
    """The TURN server's state machine alone, on one core."""
    return [figure(f'turn-server/{name}', rate, '1/s and core') for name, rate in medians('turn_server_bench').items()]


def srtp():
    """Encrypting a packet of 1,200 bytes, for one viewer and for 1,000, and keys at a join; the baseline is libsrtp2."""
    nanoseconds = {name: 1e9 / rate for name, rate in medians('srtp_bench').items()}
    figures = []
    for name, ours in nanoseconds.items():
        maker, case = name.split('/', 1)
        if maker == 'porthole':
            theirs = nanoseconds[f'libsrtp2/{case}']
            figures.append({'name': f'srtp/{case}', 'value': ours, 'unit': 'ns', 'baseline': theirs,
                            'ratio': ours / theirs})
    return figures


@contextlib.contextmanager
def server(mode):
    """A running porthole: its process, its port and what its clients sign with."""
    arguments = {'serve': ['serve'], 'forward': ['forward', '--to', '127.0.0.1:5000']}[mode]
    with tempfile.TemporaryDirectory() as folder:
        secret_file = pathlib.Path(folder, 'secret')
        secret_file.write_text(SECRET + '\n', encoding='ascii')
        command = [TREE / 'porthole', *arguments, '--port', '0', '--listen', '127.0.0.1', '--log-level', 'off',
                   '--secret-file', secret_file]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield process.pid, re.search(r'127\.0\.0\.1:(\d+)', process.stdout.readline())[1]
            finally:
                process.terminate()


def tool(name, *arguments):
    command = [TREE / 'benchmarks' / name, *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120).stdout)


def turn_allocate():
    """Allocations over loopback sockets: each is three requests, counted by what they cost the server."""
    rounds = {'serve': [], 'forward': []}
    for _ in range(ROUNDS):
        for mode, loads in rounds.items():
            with server(mode) as (process, port):
                loads.append(tool('turn_load', port, SECRET, LOAD_SECONDS, process))
    figures = []
    for mode, loads in rounds.items():
        by_core = [load['allocations'] / load['server_processor_seconds'] for load in loads]
        by_clock = [load['allocations'] / load['seconds'] for load in loads]
        figures.append(figure(f'turn-allocate/{mode}', statistics.median(by_core), '1/s and core'))
        figures.append(figure(f'turn-allocate/{mode}/reached', statistics.median(by_clock), '1/s'))
    return figures


def resident_kilobytes(process):
    status = pathlib.Path(f'/proc/{process}/status').read_text(encoding='ascii')
    return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1])


def turn_flood():
    """Unauthenticated requests and junk from 50,000 addresses, and what they leave behind."""
    with server('forward') as (process, port):
        tool('flood', port, FLOOD_PER_SECOND, 1)
        before = resident_kilobytes(process)
        result = tool('flood', port, FLOOD_PER_SECOND, FLOOD_SECONDS)
        growth = resident_kilobytes(process) - before
    return [figure('turn-flood/sent', result['sent'] / result['seconds'], '1/s'),
            figure('turn-flood/answered', result['answered'] / result['seconds'], '1/s'),
            figure('turn-flood/growth', growth, 'kB')]


BENCHMARKS = {'turn-server': turn_server, 'srtp': srtp, 'turn-allocate': turn_allocate, 'turn-flood': turn_flood}


def show(figures):
    print(f'{"name":<45}{"value":>14}  {"unit":<13}{"baseline":>10}{"ratio":>8}')
    for row in figures:
        baseline = f'{row["baseline"]:>10,.0f}{row["ratio"]:>8.2f}' if row['baseline'] else ''
        print(f'{row["name"]:<45}{row["value"]:>14,.0f}  {row["unit"]:<13}{baseline}')


def main():
    parser = argparse.ArgumentParser(
        prog='./bench', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='\n'.join(f'{name:<15}{run.__doc__}' for name, run in BENCHMARKS.items()))
    parser.add_argument('names', nargs='*', metavar='NAME', help='only these (default: all)')
    parser.add_argument('--json', metavar='FILE', help='writes [{"name", "value", "unit", "baseline", "ratio"}] too')
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f'there is no benchmark {unknown[0]}; there are: {" ".join(BENCHMARKS)}')
    figures = []
    for name in arguments.names or BENCHMARKS:
        print(f'Running {name}', file=sys.stderr, flush=True)
        figures += BENCHMARKS[name]()
    show(figures)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=2) + '\n', encoding='ascii')


if __name__ == '__main__':
    main()
