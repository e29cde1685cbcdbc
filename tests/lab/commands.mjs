// Runs other programs: to their end, or beside the test, in whichever namespace.
import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const SKIPPED = 77;  // CTest's SKIP_RETURN_CODE.
export const LAB_ARTEFACTS = fileURLToPath(new URL('../../build/lab', import.meta.url));

// Its standard output; throws with its own words if it fails.
export function run(command, args, { input } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input });
  if (error) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

export const ip = (...args) => run('ip', args);

export const prefixOf = (namespace) => ['ip', 'netns', 'exec', namespace];

export function runIn(namespace, command, args, options) {
  const [first, ...rest] = prefixOf(namespace);
  return run(first, [...rest, command, ...args], options);
}

// Starts a helper in a namespace and resolves once `isReady()`; it ends with its namespace.
export async function startIn(namespace, command, args, isReady, limitMs = 10000) {
  const [first, ...rest] = prefixOf(namespace);
  const child = spawn(first, [...rest, command, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  child.unref();
  const deadline = Date.now() + limitMs;
  while (!isReady()) {
    if (child.exitCode !== null) throw new Error(`${command} ended at once, with status ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`${command} was not ready within ${limitMs} ms`);
    await sleep(50);
  }
}

// Whether something listens on this TCP port in a namespace.
export const listensIn = (namespace, port) =>
  runIn(namespace, 'ss', ['-Hltn', 'sport', '=', `:${port}`]).trim() !== '';
