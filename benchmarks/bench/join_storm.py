"""Many join within a second while others watch."""
import statistics

from bench import fan_out, film, rivals, viewer_load
from bench.figures import Figure

WATCHERS, JOINERS, JOINS_PER_SECOND = 100, 1000, 1000
FEW_WATCHERS, FEW_JOINERS, FEW_JOINS_PER_SECOND = 10, 100, 200
SECONDS = 5
LONGEST_GAP_MS = 100
JOINS_PER_SECOND_AND_CORE = 500


def storm(options):
    watchers, joiners, rate = ((FEW_WATCHERS, FEW_JOINERS, FEW_JOINS_PER_SECOND) if options.quick else
                               (WATCHERS, JOINERS, JOINS_PER_SECOND))
    with fan_out.porthole_server() as (process, port):
        return viewer_load.storm(process, f'http://127.0.0.1:{port}/whep/{rivals.STREAM}', watchers, joiners, rate, SECONDS)


def join_storm(options):
    """1,000 join within a second while 100 watch: what a join costs, and the watchers' longest gap"""
    film.make()
    storms = []
    for turn in range(options.rounds + 1):
        result = storm(options)
        options.say(f'  {result.joins_per_second:.0f} joins/s, longest gap {result.longest_gap:.0f} ms')
        if turn > 0:
            storms.append(result)

    def median(name):
        return statistics.median(getattr(one, name) for one in storms)
    # After a small storm nothing may be left once what packets cost is subtracted.
    costs = {'joins-per-core': median('seconds_alone'), 'joins-per-core/with-pictures': median('seconds_with_pictures')}
    return [*(Figure(f'join-storm/{name}', 1 / seconds, '1/s and core', JOINS_PER_SECOND_AND_CORE, '>= 1')
              for name, seconds in costs.items() if seconds > 0),
            Figure('join-storm/joins-reached', median('joins_per_second'), '1/s'),
            Figure('join-storm/join-p50', median('join_p50'), 'ms'),
            Figure('join-storm/join-p99', median('join_p99'), 'ms'),
            Figure('join-storm/watchers-frame-gap-p99', median('gap_p99'), 'ms'),
            Figure('join-storm/watchers-longest-frame-gap', max(one.longest_gap for one in storms), 'ms', LONGEST_GAP_MS, '<= 1')]
