"""What a second worker brings."""
import statistics

from bench import fan_out, film, programs, rivals, viewer_load
from bench.figures import Figure

WORKERS = (1, 2)
VIEWERS, FEW_VIEWERS = 1000, 100
SECONDS, QUICK_SECONDS = 5, 3
PROMISE = '>= 1.8'


def busiest_share(before, after):
    """The part of all processor time that the busiest thread had."""
    used = [seconds - before.get(thread, 0) for thread, seconds in after.items()]
    return max(used) / sum(used) if sum(used) else 1.0


def throughput(workers, viewers, seconds):
    """Packets a second when the busiest thread has a core for itself: the first thread that is full ends the growth."""
    with fan_out.porthole_server('--workers', workers) as (process, port):
        before = programs.thread_seconds(process)
        result = viewer_load.measure(process, f'http://127.0.0.1:{port}/whep/{rivals.STREAM}', viewers, seconds)
        share = busiest_share(before, programs.thread_seconds(process))
    return 1e6 / (result.processor * share)


def fan_out_cores(options):
    """what a second worker brings: packets a second until the busiest thread has no more time, with 1 and 2"""
    film.make()
    viewers, seconds = (FEW_VIEWERS, QUICK_SECONDS) if options.quick else (VIEWERS, SECONDS)
    rounds = {workers: [] for workers in WORKERS}
    for turn in range(options.rounds + 1):
        for workers, reached in rounds.items():
            value = throughput(workers, viewers, seconds)
            options.say(f'  {workers} of workers: {value:,.0f} packets/s')
            if turn > 0:
                reached.append(value)
    medians = {workers: statistics.median(reached) for workers, reached in rounds.items()}
    return [Figure('fan-out-cores/1', medians[1], 'packets/s'),
            Figure('fan-out-cores/2', medians[2], 'packets/s', medians[1], PROMISE)]
