// Installs the packages that package-lock.json names, unless they are there already.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SKIPPED } from './environment.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALLED = `${HERE}node_modules/.package-lock.json`;  // Written by npm at the end of every installation.
const WANTED = `${HERE}package-lock.json`;

if (existsSync(INSTALLED) && statSync(INSTALLED).mtimeMs >= statSync(WANTED).mtimeMs) {
  console.log('The packages are installed.');
} else {
  const { status, error } = spawnSync('npm', ['ci'], { cwd: HERE, stdio: 'inherit' });
  if (error || status !== 0) {
    console.log('SKIPPED: npm could not install the packages of tests/browser');
    process.exit(SKIPPED);
  }
}
