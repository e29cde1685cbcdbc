"""One stream to many viewers: Porthole, its rivals and the limit, interleaved on the same film."""
import contextlib
import dataclasses
import statistics
import time

from bench import film, programs, rivals, viewer_load
from bench.figures import Figure
from bench.viewer_load import Measurement

VIEWERS, FEW_VIEWERS = (10, 100, 1000, 2000), (10, 100)
# Rivals are measured with these where they carry them, else with as many as they do: the number is halved until then.
RIVALS_FEW, RIVALS_MANY = 100, 1000
CARRIED_LOSS = 0.01
# Of each viewer, on average.
CARRIED_FRAMES = 0.97 * film.FRAMES_PER_SECOND
# Where Porthole's threads wait longer for a core, others spoil what is measured. Rivals' many threads wait for each other.
SPOILED = 0.2
SECONDS, QUICK_SECONDS = 5, 3
# No round begins later than that.
MOST_SECONDS = 45 * 60
KIBIBYTES_PER_VIEWER = 48

# The ratios that were promised, against whom; those against the limit and the rivals at 100 viewers and at 1,000.
AGAINST = {'janus': '<= 0.1', 'janus-event-loops': '<= 0.2', 'pion': '<= 0.2', 'limit': '<= 1.6'}
RELAYED_AGAINST_DIRECT = '<= 1.1'
FLAT = {'direct': '<= 1.15', 'turn-udp': '<= 1.15', 'one-worker': '<= 1.15'}

PATHS = {'direct': 'direct', 'turn-udp': 'turn-udp', 'tcp': 'ice-tcp', 'one-worker': 'direct'}
# Porthole has a worker for each core unless it is told otherwise. The limit is one thread, and so is one worker.
MORE = {'one-worker': ('--workers', 1)}


@dataclasses.dataclass(frozen=True)
class Case:
    server: str
    viewers: int

    def __str__(self):
        return f'{self.server}/{self.viewers}'


def porthole_server(*more):
    """Porthole with the film, open for any number of viewers from one address."""
    limits = ['--max-viewers', 100_000, '--max-connections', 100_000, '--max-connections-per-address', 100_000,
              '--max-allocations', 100_000, '--max-allocations-per-address', 100_000, '--max-allocations-per-user', 100_000]
    return programs.porthole('serve', '--source', f'{rivals.STREAM}={film.FILE}', *map(str, [*limits, *more]))


def measure_limit(viewers, seconds):
    film.make()
    result = programs.tool('fan_out_limit', viewers, seconds, film.SIZES, timeout=seconds + 30)
    sent = result['packets'] + result['failed']
    return Measurement(processor=1e6 * result['processor_seconds'] / result['packets'],
                       packets_per_second=sent / viewers / seconds,
                       loss=max(0.0, 1 - result['delivered'] / sent))


@contextlib.contextmanager
def _serving(server):
    """Process id, address and the load generator's arguments."""
    if server in PATHS:
        with porthole_server(*MORE.get(server, ())) as (process, port):
            yield process, f'http://127.0.0.1:{port}/whep/{rivals.STREAM}', ['--path', PATHS[server]]
    elif server == 'pion':
        with rivals.pion() as (process, url):
            yield process, url, []
    else:
        with rivals.janus(2 if server == 'janus-event-loops' else None) as (process, url):
            yield process, url, ['--signalling', 'janus']


def measure(case, seconds):
    if case.server == 'limit':
        return measure_limit(case.viewers, seconds)
    with _serving(case.server) as (process, url, arguments):
        return viewer_load.measure(process, url, case.viewers, seconds, *arguments)


def measure_idle(server):
    """Processor seconds of a Porthole that nobody watches, a second: it reads the film and packetizes it."""
    with porthole_server(*MORE.get(server, ())) as (process, _):
        time.sleep(1)
        before, start = sum(programs.thread_seconds(process).values()), time.monotonic()
        time.sleep(QUICK_SECONDS)
        return (sum(programs.thread_seconds(process).values()) - before) / (time.monotonic() - start)


def shortcomings(case, result):
    """What was not as it should be, for standard error."""
    found = []
    if result.loss > 0:
        found.append(f'{result.loss:.2%} lost')
    if case.server in PATHS and result.waiting > SPOILED:
        found.append(f'the server waited {result.waiting:.2f} s a second for a core')
    if result.dropped_by_generator:
        found.append(f'{result.dropped_by_generator} not read in time by the load generator')
    if result.frames_per_second is not None and result.frames_per_second < CARRIED_FRAMES:
        found.append(f'{result.frames_per_second:.1f} frames/s')
    if result.connected not in (None, case.viewers):
        found.append(f'{case.viewers - result.connected} viewers without media')
    return ''.join(f', {one}' for one in found)


def attempt(case, seconds, options):
    """None, and why on standard error, where it cannot be measured."""
    try:
        result = measure(case, seconds)
    except programs.Failed as failed:
        options.say(f'  {case}: {failed}')
        return None
    options.say(f'  {case}: {result.processor:.2f} us a packet{shortcomings(case, result)}')
    return result


def is_carried(case, result):
    return (result is not None and result.loss <= CARRIED_LOSS and result.connected in (None, case.viewers) and
            (result.frames_per_second is None or result.frames_per_second >= CARRIED_FRAMES))


def present_rivals(options):
    there = []
    if rivals.janus_is_there():
        there += ['janus', 'janus-event-loops']
    else:
        options.say('Without Janus: it is not installed.')
    if rivals.pion_is_there():
        there.append('pion')
    else:
        options.say('Without Pion: ./bench could not build it.')
    return there


def most_carried(rival, options):
    """How many of 1,000 viewers a rival serves without losing more than a hundredth, and how it did at 1,000."""
    viewers, at_most = RIVALS_MANY, None
    while viewers >= 2 * RIVALS_FEW:
        result = attempt(Case(rival, viewers), QUICK_SECONDS, options)
        if viewers == RIVALS_MANY:
            at_most = result
        if is_carried(Case(rival, viewers), result):
            break
        viewers //= 2
    return viewers if viewers >= 2 * RIVALS_FEW else RIVALS_FEW, at_most


def plan(options):
    """The cases of a round, and figures that planning gave already. Rivals show here what they carry; it is not used else."""
    counts = FEW_VIEWERS if options.quick else VIEWERS
    there = present_rivals(options)
    cases = {viewers: [Case(server, viewers) for server in ('limit', *PATHS)] for viewers in counts}
    figures = []
    for rival in there:
        cases[RIVALS_FEW].append(Case(rival, RIVALS_FEW))
        if options.quick:
            continue
        carried, at_most = most_carried(rival, options)
        if carried > RIVALS_FEW:
            cases[RIVALS_MANY].append(Case(rival, carried))
        if at_most:
            figures.append(Figure(f'fan-out/{rival}/of-{RIVALS_MANY}/watching', at_most.connected, 'viewers'))
            figures.append(Figure(f'fan-out/{rival}/of-{RIVALS_MANY}/loss', 100 * at_most.loss, '%'))
            figures.append(Figure(f'fan-out/{rival}/of-{RIVALS_MANY}/frames', at_most.frames_per_second, '1/s'))
        figures.append(Figure(f'fan-out/{rival}/carried', carried, 'viewers'))
    return [case for some in cases.values() for case in some], figures


def medians(runs):
    """Of each field by itself; a field that some run lacks is left out."""
    def median(name):
        values = [getattr(run, name) for run in runs]
        return None if any(value is None for value in values) else statistics.median(values)
    return Measurement(**{field.name: median(field.name) for field in dataclasses.fields(Measurement)})


def figures_of(case, result):
    name = f'fan-out/{case}'
    yield Figure(f'{name}/processor', result.processor, 'us/packet')
    yield Figure(f'{name}/viewers-per-core', 1e6 / (result.processor * result.packets_per_second), 'viewers')
    yield Figure(f'{name}/loss', 100 * result.loss, '%')
    waiting = None if result.waiting is None else 100 * result.waiting
    for label, value, unit in (('frames', result.frames_per_second, '1/s'), ('waiting', waiting, '%'),
                               ('frame-gap-p99', result.gap_p99, 'ms'), ('frame-spread-p99', result.spread_p99, 'ms'),
                               ('join-p50', result.join_p50, 'ms'),
                               ('join-p99', result.join_p99, 'ms'), ('memory', result.memory, 'KiB/viewer')):
        if value is not None:
            yield Figure(f'{name}/{label}', value, unit)


def comparison(name, value, unit, baseline, promise):
    return Figure(f'fan-out/{name}', value, unit, baseline, promise)


def largest(results, server, viewers):
    """The case of that server with the most viewers, up to so many."""
    counts = [case.viewers for case in results if case.server == server and case.viewers <= viewers]
    return Case(server, max(counts)) if counts else None


def comparisons(results):
    """What was promised, as ratios of what was measured side by side."""
    direct = {case.viewers: result for case, result in results.items() if case.server == 'direct'}
    for case, result in results.items():
        limit = results.get(Case('limit', case.viewers))
        if case.server == 'one-worker' and limit and case.viewers >= RIVALS_FEW:
            yield comparison(f'{case}/against/limit', result.processor, 'us/packet', limit.processor, AGAINST['limit'])
    for viewers in (RIVALS_FEW, RIVALS_MANY):
        for other, promise in AGAINST.items():
            theirs = largest(results, other, viewers)
            if theirs and viewers in direct:
                yield comparison(f'direct/{viewers}/against/{theirs}', direct[viewers].processor, 'us/packet',
                                 results[theirs].processor, promise)
    for viewers, result in direct.items():
        relayed = results.get(Case('turn-udp', viewers))
        if relayed:
            yield comparison(f'turn-udp/{viewers}/against/direct', relayed.processor, 'us/packet', result.processor,
                             RELAYED_AGAINST_DIRECT)
        if result.memory is not None and viewers >= RIVALS_FEW:
            yield comparison(f'direct/{viewers}/memory-promised', result.memory, 'KiB/viewer', KIBIBYTES_PER_VIEWER, '<= 1')


def flatness(results, idle):
    """The dearest packet of each server against its cheapest, by the number of viewers; with and without what is not theirs."""
    for server in ('limit', *PATHS):
        own = {case.viewers: result for case, result in results.items() if case.server == server}
        if len(own) < 2:
            continue
        costs = [result.processor for result in own.values()]
        yield comparison(f'{server}/dearest-against-cheapest', max(costs), 'us/packet', min(costs), FLAT.get(server, ''))
        if server in PATHS:
            own_idle = idle.get(server, idle['direct'])
            costs = [result.processor - 1e6 * own_idle / (result.packets_per_second * viewers) for viewers, result in own.items()]
            yield comparison(f'{server}/dearest-against-cheapest/beyond-idle', max(costs), 'us/packet', min(costs),
                             FLAT.get(server, ''))


def chart(results):
    """(heading, bars) for each number of viewers at which rivals were measured."""
    kinds = {'limit': 'limit', **dict.fromkeys(PATHS, 'ours')}
    names = {'limit': 'the limit', 'direct': 'Porthole, direct', 'turn-udp': 'Porthole, TURN over UDP',
             'tcp': 'Porthole, ICE-TCP', 'one-worker': 'Porthole, one worker', 'janus': 'Janus 1.1.2', 'janus-event-loops': 'Janus, 2 event loops', 'pion': 'Pion'}
    for viewers in (RIVALS_FEW, RIVALS_MANY):
        cases = [largest(results, server, viewers) for server in names]
        bars = [(names[case.server] + (f' ({case.viewers})' if case.viewers != viewers else ''),
                 results[case].processor, kinds.get(case.server, 'others'))
                for case in cases if case and (case.viewers == viewers or viewers > RIVALS_FEW)]
        if any(case and case.viewers == viewers for case in cases):
            yield f'{viewers:,} viewers', bars


def play(cases, seconds, options):
    """What each case gave in the rounds that count, and what idling cost."""
    start = time.monotonic()
    runs, idles = {case: [] for case in cases}, {'direct': [], 'one-worker': []}
    # One round more than is asked for: the first is not counted.
    for turn in range(options.rounds + 1):
        passed = time.monotonic() - start
        if turn > 1 and passed > MOST_SECONDS:
            options.say(f' after {passed / 60:.0f} minutes no further round: medians are of {turn - 1}')
            break
        options.say(f' round {turn} of {options.rounds}{"" if turn else " (not counted)"}, {passed:.0f} s')
        idle = {server: measure_idle(server) for server in idles}
        for case in cases:
            result = attempt(case, seconds, options)
            if turn > 0:
                runs[case].append(result)
        if turn > 0:
            for server, some in idles.items():
                some.append(idle[server])
    return runs, {server: statistics.median(some) for server, some in idles.items()}


def fan_out(options):
    """one film to 10 to 2,000 viewers: Porthole, Janus, Pion and a bare loop; half an hour, at most an hour"""
    film.make()
    cases, figures = plan(options)
    runs, idle = play(cases, QUICK_SECONDS if options.quick else SECONDS, options)
    figures += [Figure(f'fan-out/{server}/idle', 100 * seconds, '% of a core') for server, seconds in idle.items()]
    results = {}
    for case, some in runs.items():
        watched = [run for run in some if run and run.connected in (None, case.viewers)]
        if len(watched) < len(some):
            figures.append(Figure(f'fan-out/{case}/rounds-without-all-viewers', len(some) - len(watched), 'rounds'))
        if watched:
            results[case] = medians(watched)
    for case, result in results.items():
        figures += figures_of(case, result)
    options.add_chart('Processor time for a packet to one viewer',
                      f'microseconds of the server, 2.5 Mbit/s and 30 frames/s; medians of {options.rounds} rounds',
                      list(chart(results)))
    return figures + list(comparisons(results)) + list(flatness(results, idle))
