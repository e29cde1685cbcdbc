// Runs one test inside a network namespace of its own: node run.mjs TEST.mjs [SECONDS]
//
// Browsers and server meet there on an ordinary address (Firefox refuses loopback for ICE), nothing can leave the
// machine, no port is taken by anybody else, and whatever a test leaves behind ends with the namespace.
// Exit status: that of the test; 77 where a namespace may not be made.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ADDRESS, GATEWAY, SKIPPED } from './environment.mjs';

const NAMESPACE = `porthole-browser-${process.pid}`;
const HERE = fileURLToPath(new URL('.', import.meta.url));

function ip(...args) {
  const { status, error, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error) throw new Error(`ip cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

// Browsers ask the routing table for their own address, so there must be a default route, though it leads nowhere.
function makeNamespace() {
  ip('netns', 'add', NAMESPACE);
  const inside = (...args) => ip('-n', NAMESPACE, ...args);
  inside('link', 'set', 'lo', 'up');
  inside('link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'net1');
  // Without link-local addresses, which come seconds later: Chromium then drops what it is loading, since the
  // network has changed.
  for (const link of ['net0', 'net1']) inside('link', 'set', link, 'addrgenmode', 'none');
  inside('link', 'set', 'net0', 'up');
  inside('link', 'set', 'net1', 'up');
  inside('address', 'add', `${ADDRESS}/24`, 'dev', 'net0');
  inside('route', 'add', 'default', 'via', GATEWAY);
}

// Everything in the namespace was started by this test.
function removeNamespace(name) {
  try {
    for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself in between.
      }
    }
    ip('netns', 'delete', name);
  } catch {
    // It was never made.
  }
}

function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(SKIPPED);
}

// A runner that was killed outright could not tidy up; its number tells that it is gone.
function removeLeftovers() {
  for (const [name, pid] of ip('netns', 'list').matchAll(/^porthole-browser-(\d+)/gm)) {
    if (!existsSync(`/proc/${pid}`)) removeNamespace(name);
  }
}

async function main([test, seconds = '600']) {
  if (!existsSync(`${HERE}node_modules/puppeteer-core`)) skip('run "npm ci" in tests/browser first');
  try {
    removeLeftovers();
    makeNamespace();
  } catch (error) {
    removeNamespace(NAMESPACE);
    skip(`no network namespace can be made here (root is needed): ${error.message}`);
  }
  const child = spawn('ip', ['netns', 'exec', NAMESPACE, process.execPath, `${HERE}${test}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (why) => {
    console.log(`STOPPED: ${why}`);
    child.kill('SIGTERM');
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);
  // Sooner than CTest, which would kill this runner without a chance to tidy up.
  const timer = setTimeout(() => stop(`not done after ${seconds} s`), Number(seconds) * 1000);
  const code = await new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  clearTimeout(timer);
  removeNamespace(NAMESPACE);
  process.exit(code);
}

await main(process.argv.slice(2));
