"""The load generator, and what it says as a measurement."""
import dataclasses

from bench import programs

WARM_UP_SECONDS = 2
JOINS_PER_SECOND = 200
PATIENCE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What serving some viewers cost, and what they got."""
    processor: float                    # Microseconds of the server for a packet that arrived.
    packets_per_second: float           # To one viewer.
    loss: float                         # A part of all, by sequence numbers.
    frames_per_second: float | None = None  # To one viewer: a server that leaves out frames leaves no gap in those.
    waiting: float | None = None        # Seconds a second that the server's threads waited for a core.
    gap_p99: float | None = None        # Milliseconds between frames.
    spread_p99: float | None = None     # Milliseconds from a frame's first packet to its last.
    join_p50: float | None = None       # Milliseconds from the offer to the first packet.
    join_p99: float | None = None
    memory: float | None = None         # Resident KiB of the server for each viewer.
    connected: int | None = None        # Viewers that had media.
    dropped_by_generator: int = 0       # What came, and the load generator did not read in time.


@dataclasses.dataclass(frozen=True)
class Storm:
    """Many joins while others watch."""
    joins_per_second: float
    # Of the server: with the pictures that those who join get meanwhile, and without what all packets cost.
    seconds_with_pictures: float
    seconds_alone: float
    join_p50: float                     # Milliseconds, of those that joined.
    join_p99: float
    gap_p99: float                      # Milliseconds between frames, of those that watched.
    longest_gap: float


def run(process, url, viewers, seconds, *arguments, rate=JOINS_PER_SECOND):
    """Its JSON. Everybody is asked for AES-GCM, and gets receiver reports."""
    bound = viewers / rate + WARM_UP_SECONDS + seconds + PATIENCE_SECONDS
    report = programs.tool('load/viewer_load', '--url', url, '--viewers', viewers, '--seconds', seconds,
                           '--warm-up', WARM_UP_SECONDS, '--rate', rate, '--server-pid', process, '--srtp', 'gcm',
                           '--feedback', *arguments, timeout=bound)
    if not report['connected'] or not report['window']['packets']:
        raise programs.Failed(f'no viewer got anything: {report["failures"]}')
    return report


def measurement_of(report):
    window, join = report['window'], report['join']['first_packet_ms']
    return Measurement(processor=window['server_cpu_us_per_packet'], packets_per_second=window['packets_per_viewer_second'],
                       loss=window['lost'] / window['expected'] if window['expected'] else 0.0,
                       frames_per_second=window['frames_per_viewer_second'],
                       waiting=window['server_waiting_seconds'] / window['seconds'],
                       gap_p99=window['frame_gap_ms']['p99'], spread_p99=window['frame_spread_ms']['p99'],
                       join_p50=join['p50'], join_p99=join['p99'],
                       memory=report['server_memory']['per_viewer_bytes'] / 1024, connected=report['connected'],
                       dropped_by_generator=window['dropped_by_generator'])


def measure(process, url, viewers, seconds, *arguments):
    return measurement_of(run(process, url, viewers, seconds, *arguments))


def storm(process, url, watchers, joiners, rate, seconds):
    report = run(process, url, watchers, seconds, '--join-storm', joiners, rate=rate)
    result = report['storm']
    join, window, steady = result['join']['first_packet_ms'], result['window'], report['window']
    watching = steady['server_cpu_seconds'] / steady['seconds'] * window['seconds']
    gaps = window['frame_gap_ms']
    return Storm(joins_per_second=result['joins_per_second'], join_p50=join['p50'], join_p99=join['p99'],
                 seconds_with_pictures=(window['server_cpu_seconds'] - watching) / result['asked'],
                 seconds_alone=result['server_cpu_us_per_join'] / 1e6,
                 gap_p99=gaps['p99'], longest_gap=gaps['max'])
