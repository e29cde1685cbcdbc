// Loads the page's modules into node, which needs no browser for them.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { ROOT } from './environment.mjs';

const ASSETS = `${ROOT}web/assets`;

// Returns a function that resolves to the module of a name. `doubles` has the text of modules that stand in for others, by
// their names.
export function loader(doubles = {}) {
  // web/ has no package.json that would tell node that its files are modules.
  const folder = mkdtempSync(`${tmpdir()}/porthole-modules-`);
  process.on('exit', () => rmSync(folder, { recursive: true }));
  cpSync(ASSETS, folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{"type": "module"}');
  for (const [file, text] of Object.entries(doubles)) writeFileSync(`${folder}/${file}`, text);
  return (name) => import(pathToFileURL(`${folder}/${name}`).href);
}

// The names of all that a module must have before it can run, itself included. What import() loads does not count.
export function neededBy(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(`${ASSETS}/${name}`, 'utf8');
  for (const [, other] of text.matchAll(/^(?:import|export)\b[^;]*?'\.\/(\w+\.js)';/gm)) neededBy(other, found);
  return found;
}
