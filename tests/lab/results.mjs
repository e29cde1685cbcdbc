// What each cell found, kept as JSON files until the table is made of them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ARTEFACTS } from '../browser/environment.mjs';

const FOLDER = `${ARTEFACTS}/results`;

export function keepResult(result) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/${result.network}-${result.browser}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

export function keptResults() {
  mkdirSync(FOLDER, { recursive: true });
  return readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')));
}
