"""Figures: what a benchmark returns, and how they become a table and a file."""
import collections
import dataclasses
import json
import operator
import pathlib


@dataclasses.dataclass(frozen=True)
class Figure:
    """Baseline is what the value is held against: a promise, or what somebody else reached on the same stream."""
    name: str
    value: float
    unit: str
    baseline: float | None = None
    # What was promised of the ratio, as '<= 0.1' or '>= 1'; only tables say it.
    promise: str = ''

    @property
    def ratio(self):
        return self.value / self.baseline if self.baseline else None

    def is_kept(self):
        """None where nothing was promised."""
        if not self.promise or self.ratio is None:
            return None
        sign, bound = self.promise.split()
        return {'<=': operator.le, '>=': operator.ge}[sign](self.ratio, float(bound))


def write_json(figures, file):
    rows = [{'name': figure.name, 'value': figure.value, 'unit': figure.unit, 'baseline': figure.baseline,
             'ratio': figure.ratio} for figure in figures]
    pathlib.Path(file).write_text(json.dumps(rows, indent=2) + '\n', encoding='ascii')


def number(value):
    """Three digits that count, or all that there are before the point."""
    if value == 0:
        return '0'
    if abs(value) >= 100:
        return f'{value:,.0f}'
    return f'{value:.3g}'


def _columns(rows, align_first):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0]) if align_first == 'left' else row[0].rjust(widths[0])
        yield '  '.join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()


def list_of(figures):
    """A line for each figure."""
    rows = [('name', 'value', 'unit', 'baseline', 'ratio', 'promised', '')]
    for figure in figures:
        has_baseline = figure.baseline is not None
        kept = {None: '', True: 'kept', False: 'MISSED'}[figure.is_kept()]
        rows.append((figure.name, number(figure.value), figure.unit, number(figure.baseline) if has_baseline else '',
                     f'{figure.ratio:.2f}' if figure.ratio is not None else '', figure.promise, kept))
    return '\n'.join(_columns(rows, 'left'))


def matrix_of(figures):
    """A line for each name without its last part, which is the column."""
    columns, rows = {}, {}
    for figure in figures:
        row, _, column = figure.name.rpartition('/')
        columns[column] = figure.unit
        rows.setdefault(row, {})[column] = figure.value
    table = [('', *columns), ('', *columns.values())]
    for row, cells in rows.items():
        table.append((row, *(number(cells[column]) if column in cells else '-' for column in columns)))
    return '\n'.join(_columns(table, 'left'))


def show(figures):
    """Those of a subject that has many as a matrix, the others and those that are held against something as a list."""
    own = [figure for figure in figures if figure.baseline is None]
    counts = collections.Counter(figure.name.rpartition('/')[0] for figure in own)
    matrix = [figure for figure in own if counts[figure.name.rpartition('/')[0]] >= 3 and figure.name.count('/') >= 3]
    rest = [figure for figure in figures if figure not in matrix]
    return '\n\n'.join(part for part in (matrix and matrix_of(matrix), rest and list_of(rest)) if part)
