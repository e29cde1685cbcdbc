// What each cell found, kept as JSON files until the table is made of them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { LAB_ARTEFACTS } from './commands.mjs';

const FOLDER = `${LAB_ARTEFACTS}/results`;

// A cell is {network, browser, …}, a measured rung {ladder, browser, path, …}.
export function keepResult(result) {
  const name = [result.network ?? result.ladder, result.browser, result.path].filter(Boolean).join('-');
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

export function keptResults() {
  mkdirSync(FOLDER, { recursive: true });
  return readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')));
}
