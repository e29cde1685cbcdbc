// Prints what the laboratory found, as tables; with --write, puts them into docs/networks.md as well.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { ROOT } from '../browser/environment.mjs';
import { ladders, networks } from './networks.mjs';
import { keptResults } from './results.mjs';

const DOCUMENT = `${ROOT}docs/networks.md`;
const BROWSERS = { chromium: 'Chromium', firefox: 'Firefox ESR' };

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const milliseconds = (value) => (Number.isFinite(value) ? `${value} ms` : '');

function cellRow({ name, title }, browser, results) {
  const cell = results.find((one) => one.network === name && one.browser === browser);
  const head = [browser === 'chromium' ? `${title} (\`${name}\`)` : '', BROWSERS[browser]];
  if (!cell) return [...head, 'not run', '', '', '', ''];
  const { plays, rung, firstFrameMs, again, latencyMs, healedMs } = cell;
  const times = [firstFrameMs, again?.firstFrameMs, latencyMs, healedMs].map(milliseconds);
  return [...head, plays ? rung : '**does not play**', ...times];
}

function cellTable(results) {
  const head = ['network', 'browser', 'plays by', 'first frame, first visit', 'next visit', 'latency', 'healed after'];
  const rows = networks.flatMap((network) => Object.keys(BROWSERS).map((browser) => cellRow(network, browser, results)));
  return table(head, rows);
}

function rungRow(ladder, path, label, results) {
  const times = Object.keys(BROWSERS).flatMap((browser) => {
    const found = results.find((one) => one.ladder === ladder.name && one.browser === browser && one.path === path);
    return [milliseconds(found?.sinceOfferMs), milliseconds(found?.firstFrameMs)];
  });
  return [`${label} (\`?path=${path}\`)`, ...times];
}

function rungTable(ladder, results) {
  const head = ['rung', 'Chromium, from the offer', 'from navigation', 'Firefox ESR, from the offer', 'from navigation'];
  return table(head, ladder.paths.map(([path, label]) => rungRow(ladder, path, label, results)));
}

function circumstances(results) {
  const versions = [...new Set(results.map(({ version }) => version).filter(Boolean))].sort();
  const [{ model }] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `Seen on ${date}: ${cpus().length} cores of ${model.trim()}, Linux ${release()}; ${versions.join(', ')}.`;
}

// The parts that docs/networks.md holds between <!-- NAME --> and <!-- end of NAME -->.
function parts(results) {
  const rungs = ladders.map((ladder) => [ladder.name, rungTable(ladder, results)]);
  return Object.fromEntries([['networks', cellTable(results)], ...rungs, ['machine', circumstances(results)]]);
}

function written(document, name, text) {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no place for ${name}`);
  return `${document.slice(0, from + begin.length)}${text}\n${document.slice(to)}`;
}

const found = Object.entries(parts(keptResults()));
for (const [, text] of found) console.log(`\n${text}`);
if (process.argv.includes('--write')) {
  const document = readFileSync(DOCUMENT, 'utf8');
  writeFileSync(DOCUMENT, found.reduce((text, [name, part]) => written(text, name, part), document));
}
