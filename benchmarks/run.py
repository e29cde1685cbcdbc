"""Runs the benchmarks and prints their figures as tables, and as a file or a picture; ./bench has built everything."""
import argparse
import dataclasses
import pathlib
import resource
import sys

from bench import chart, cores, fan_out, figures, join_storm, programs, relay, srtp, turn

BENCHMARKS = {'turn-server': turn.turn_server, 'turn-allocate': turn.turn_allocate, 'turn-flood': turn.turn_flood,
              'srtp': srtp.srtp, 'relay': relay.relay,
              'fan-out': fan_out.fan_out, 'fan-out-cores': cores.fan_out_cores, 'join-storm': join_storm.join_storm}
ROUNDS = 5


@dataclasses.dataclass
class Options:
    """What a benchmark is asked for, and where it says how far it is."""
    rounds: int
    quick: bool
    charts: list = dataclasses.field(default_factory=list)

    @staticmethod
    def say(line):
        print(line, file=sys.stderr, flush=True)

    def add_chart(self, title, note, groups):
        self.charts.append((title, note, groups))


def arguments_of():
    parser = argparse.ArgumentParser(
        prog='./bench', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='\n'.join(f'{name:<15}{run.__doc__}' for name, run in BENCHMARKS.items()))
    parser.add_argument('names', nargs='*', metavar='NAME', help='only these (default: all)')
    parser.add_argument('--json', metavar='FILE', help='writes [{"name", "value", "unit", "baseline", "ratio"}] too')
    parser.add_argument('--chart', metavar='FILE', help='draws the fan-out as SVG')
    parser.add_argument('--rounds', metavar='N', type=int, default=None, help=f'medians of so many (default: {ROUNDS})')
    parser.add_argument('--quick', action='store_true', help='one round of few viewers, to see whether it works')
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f'there is no benchmark {unknown[0]}; there are: {" ".join(BENCHMARKS)}')
    return arguments


def main():
    arguments = arguments_of()
    options = Options(arguments.rounds or (1 if arguments.quick else ROUNDS), arguments.quick)
    # Rivals have a socket for each viewer, and do not ask for more files themselves.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found, failed = [], False
    for name in arguments.names or BENCHMARKS:
        options.say(f'Running {name}')
        try:
            found += BENCHMARKS[name](options)
        except programs.Failed as error:
            failed = True
            options.say(f'{name}: {error}')
    print(figures.show(found))
    if arguments.json:
        figures.write_json(found, pathlib.Path(arguments.json))
    if arguments.chart and options.charts:
        chart.write(arguments.chart, *options.charts[0])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
