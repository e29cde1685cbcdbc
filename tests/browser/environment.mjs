// Where tests run and what they leave behind.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ADDRESS = '10.77.0.1';
export const GATEWAY = '10.77.0.254';
export const SKIPPED = 77;  // CTest's SKIP_RETURN_CODE.

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PROGRAM = process.env.PORTHOLE_PROGRAM ?? `${ROOT}build/release/porthole`;
export const ARTEFACTS = process.env.PORTHOLE_ARTEFACTS ?? `${ROOT}build/browser-artifacts`;

mkdirSync(ARTEFACTS, { recursive: true });
