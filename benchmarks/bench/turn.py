"""How fast the TURN server is: alone, over sockets, and under a flood."""
import statistics

from bench import programs
from bench.figures import Figure

LOAD_SECONDS = 2
FLOOD_PER_SECOND, FLOOD_SECONDS = 100_000, 5
MODES = {'serve': ['serve'], 'forward': ['forward', '--to', '127.0.0.1:5000']}

# What the project has promised to reach, a second and core.
ALLOCATIONS_ALONE, ALLOCATIONS_OVER_SOCKETS = 50_000, 10_000


def turn_server(options):
    """the TURN server's state machine alone, on one core"""
    promised = {'AllocateChallengedAndFreed': (ALLOCATIONS_ALONE, '>= 1')}
    return [Figure(f'turn-server/{name}', value, '1/s and core', *promised.get(name, ()))
            for name, value in programs.medians('turn_server_bench', options.rounds).items()]


def turn_allocate(options):
    """allocations over loopback sockets: each is three requests, counted by what they cost the server"""
    rounds = {mode: [] for mode in MODES}
    for _ in range(options.rounds):
        for mode, loads in rounds.items():
            with programs.porthole(*MODES[mode]) as (process, port):
                loads.append(programs.tool('turn_load', port, programs.SECRET, LOAD_SECONDS, process))
    figures = []
    for mode, loads in rounds.items():
        by_core = statistics.median(load['allocations'] / load['server_processor_seconds'] for load in loads)
        by_clock = statistics.median(load['allocations'] / load['seconds'] for load in loads)
        figures.append(Figure(f'turn-allocate/{mode}', by_core, '1/s and core', ALLOCATIONS_OVER_SOCKETS, '>= 1'))
        figures.append(Figure(f'turn-allocate/{mode}/reached', by_clock, '1/s'))
    return figures


def turn_flood(options):
    """unauthenticated requests and junk from 50,000 addresses, and what they leave behind"""
    seconds = 1 if options.quick else FLOOD_SECONDS
    with programs.porthole(*MODES['forward']) as (process, port):
        programs.tool('flood', port, FLOOD_PER_SECOND, 1)
        before = programs.resident_kilobytes(process)
        result = programs.tool('flood', port, FLOOD_PER_SECOND, seconds)
        growth = programs.resident_kilobytes(process) - before
    return [Figure('turn-flood/sent', result['sent'] / result['seconds'], '1/s'),
            Figure('turn-flood/answered', result['answered'] / result['seconds'], '1/s'),
            Figure('turn-flood/growth', growth, 'kB')]
