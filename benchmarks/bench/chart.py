"""Figures as a picture: bars, a group for each heading, as SVG."""
import pathlib
from xml.sax.saxutils import escape

from bench.figures import number

WIDTH, LABELS, VALUES = 860, 250, 120
BAR, GAP, HEADING, MARGIN = 20, 7, 34, 24
# Ours, the limit, and others, so that they tell apart in grey, too.
COLORS = {'ours': '#1f7a8c', 'limit': '#b8c4c9', 'others': '#e07a3f'}
STYLE = '''text { font: 13px system-ui, sans-serif; fill: #24313a }
.title { font-size: 18px; font-weight: 600 }
.heading { font-weight: 600 }
.note { font-size: 12px; fill: #5c6b75 }'''


def _text(x, y, words, kind='', anchor='start'):
    name = f' class="{kind}"' if kind else ''
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{name}>{escape(words)}</text>'


def _bar(y, label, value, color, length):
    middle = y + BAR * 0.72
    return [_text(MARGIN + LABELS - 10, middle, label, anchor='end'),
            f'<rect x="{MARGIN + LABELS}" y="{y}" width="{max(length, 1):.1f}" height="{BAR}" rx="3" fill="{color}"/>',
            _text(MARGIN + LABELS + length + 8, middle, number(value))]


def svg(title, note, groups):
    """groups: [(heading, [(label, value, kind of COLORS), ...]), ...]; all bars share one scale, from zero."""
    largest = max((value for _, bars in groups for _, value, _ in bars), default=1) or 1
    room = WIDTH - 2 * MARGIN - LABELS - VALUES
    y = MARGIN + 18
    parts = [_text(MARGIN, y, title, 'title'), _text(MARGIN, y + 20, note, 'note')]
    y += 30
    for heading, bars in groups:
        y += HEADING
        parts.append(_text(MARGIN, y - 8, heading, 'heading'))
        for label, value, kind in bars:
            parts += _bar(y, label, value, COLORS[kind], room * value / largest)
            y += BAR + GAP
    height = y + MARGIN
    return '\n'.join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
                      f'aria-label="{escape(title)}">', f'<style>{STYLE}</style>',
                      f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *parts, '</svg>', ''])


def write(file, title, note, groups):
    pathlib.Path(file).write_text(svg(title, note, groups), encoding='utf-8')
