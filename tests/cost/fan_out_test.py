"""What the fan-out costs for a packet, in instructions, against the figures in figures.json.

Time depends on the machine and on who else uses it; instructions do not. Nor do they depend on the processor: OpenSSL,
which has code for each kind, is left out but for how often it is called, and libc is kept to one kind of its own.
Compilers differ, so the figures are for the one that the project is built with.

    fan_out_test.py            compares: exit status 1 when something costs more than it did
    fan_out_test.py --renew    writes down what it costs now, when the change is meant
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from callgrind import Counted

HERE = Path(__file__).resolve().parent
FIGURES = HERE / 'figures.json'
PROGRAM = Path(os.environ.get('PORTHOLE_FAN_OUT_COST', HERE.parents[1] / 'build/release/tests/cost/fan_out_cost'))
SKIPPED = 77

# In per cent, in either direction: a figure that is too high would hide what comes next.
TOLERANCE = 2
VIEWERS = 20
FRAMES = 20
PATHS = ('direct', 'turn-udp', 'turn-tcp')
# The program writes a dump for each part. Feedback by TCP is taken in by another way, which is not counted.
PARTS = {'frames': 1, 'feedback': 2}

# So that every x86-64 processor is given the same memcpy: the one without AVX.
ONE_LIBC = 'glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM'


def count(path: str) -> dict[str, float]:
    """Runs the program under callgrind, which writes a dump for each of its two parts."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'out'
        environment = {**os.environ, 'GLIBC_TUNABLES': ONE_LIBC, 'LD_BIND_NOW': '1'}
        said = subprocess.run(
            ['valgrind', '-q', '--tool=callgrind', '--instr-atstart=no', f'--callgrind-out-file={out}']
            + [PROGRAM, path, str(VIEWERS), str(FRAMES)],
            env=environment, check=True, text=True, stdout=subprocess.PIPE, timeout=120,
        ).stdout
        found = {}
        for part, dump in PARTS.items():
            if part == 'feedback' and path == 'turn-tcp':
                continue
            of = int(re.search(rf'^{part}: .* of (\d+)$', said, re.MULTILINE).group(1))
            counted = Counted(Path(f'{out}.{dump}'), PROGRAM.name, 'libcrypto')
            found[f'{path} {part}: instructions'] = round(counted.instructions / of, 1)
            found[f'{path} {part}: calls of OpenSSL'] = round(counted.calls / of, 2)
        return found


def why_not() -> str:
    """Why nothing can be compared here; empty where it can."""
    if platform.machine() != 'x86_64':
        return 'the figures are for x86-64'
    if shutil.which('valgrind') is None:
        return 'there is no valgrind'
    compiler = subprocess.run([PROGRAM, '--compiler'], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    known = json.loads(FIGURES.read_text())['compiler'] if FIGURES.exists() else compiler
    return '' if compiler == known else f'the figures are for {known}, and this is {compiler}'


def renew(found: dict[str, float]) -> None:
    compiler = subprocess.run([PROGRAM, '--compiler'], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    FIGURES.write_text(json.dumps({'compiler': compiler, 'per packet': found}, indent=2) + '\n')


def compare(found: dict[str, float]) -> bool:
    known = json.loads(FIGURES.read_text())['per packet']
    good = True
    for name, now in found.items():
        before = known[name]
        change = 100 * (now - before) / before if before else 100.0 * (now != before)
        verdict = '' if abs(change) <= TOLERANCE else '   <- changed'
        good = good and not verdict
        print(f'{name:<44} {now:9.2f}   before {before:9.2f}   {change:+6.1f} %{verdict}')
    if not good:
        print(f'More than {TOLERANCE} % apart. If that is meant: python3 tests/cost/fan_out_test.py --renew')
    return good


def main() -> int:
    if reason := why_not():
        print(f'skipped: {reason}')
        return SKIPPED
    found = {}
    for path in PATHS:
        found |= count(path)
    if '--renew' in sys.argv[1:]:
        renew(found)
        return 0
    return 0 if compare(found) else 1


if __name__ == '__main__':
    sys.exit(main())
