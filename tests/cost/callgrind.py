"""Reads what callgrind counted: the instructions of a program's own code, and of what that calls, but for one library."""

import re
from pathlib import Path

RECORD = re.compile(r'(ob|fl|fi|fe|fn|cob|cfl|cfi|cfn|calls)=(.*)')
NAME = re.compile(r'\((\d+)\)(?: (.*))?')
COST = re.compile(r'[+\-*\d]\S* (\d+)$')


class Names:
    """Callgrind writes a name once, with a number, and from then on the number."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def resolve(self, text: str) -> str:
        number, name = NAME.match(text).groups()
        if name:
            self.known[number] = name
        return self.known.get(number, '')


class Counted:
    """One dump. `apart` is left out of `instructions`, with all that it calls; how often it is called is `calls`."""

    def __init__(self, dump: Path, program: str, apart: str) -> None:
        self.instructions = 0
        self.calls = 0
        self._program = program
        self._apart = apart
        self._names = Names()
        self._object = self._callee = ''
        self._call: int | None = None  # How many calls the next cost is that of.
        for line in dump.read_text().splitlines():
            self._read(line)

    def _read(self, line: str) -> None:
        if record := RECORD.match(line):
            self._note(*record.groups())
        elif cost := COST.match(line):
            self._add(int(cost.group(1)))

    def _note(self, key: str, value: str) -> None:
        if key == 'ob':
            self._object = self._names.resolve(value)
        elif key == 'fn':
            self._callee = self._object
        elif key == 'cob':
            self._callee = self._names.resolve(value)
        elif key == 'calls':
            self._call = int(value.split()[0])

    def _add(self, cost: int) -> None:
        """Its own code counts where it stands; that of others where the program calls it, as a whole."""
        calls, callee = self._call, self._callee
        self._call, self._callee = None, self._object
        if Path(self._object).name != self._program:
            return
        if calls is None:
            self.instructions += cost
        elif self._apart in callee:
            self.calls += calls
        elif Path(callee).name != self._program:
            self.instructions += cost
