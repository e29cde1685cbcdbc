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
    loss: float                         # A part of all.
    gap_p99: float | None = None        # Milliseconds between frames.
    join_p50: float | None = None       # Milliseconds from the offer to the first packet.
    join_p99: float | None = None
    memory: float | None = None         # Resident KiB of the server for each viewer.
    connected: int | None = None        # Viewers that had media.


def run(process, url, viewers, seconds, *arguments, rate=JOINS_PER_SECOND, warm_up=WARM_UP_SECONDS):
    """Its JSON."""
    bound = viewers / rate + warm_up + seconds + PATIENCE_SECONDS
    return programs.tool('viewer_load', '--url', url, '--viewers', viewers, '--seconds', seconds, '--warm-up', warm_up,
                         '--rate', rate, '--server-pid', process, *arguments, timeout=bound)


def measure(process, url, viewers, seconds, *arguments):
    return measurement_of(run(process, url, viewers, seconds, *arguments))
