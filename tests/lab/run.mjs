// Runs one test of the laboratory between namespaces of its own: node run.mjs SCRIPT.mjs NETWORK [SECONDS]
//
// The script runs in the viewer's namespace and is told the network's name; browsers that it starts are there as well.
// PORTHOLE_LAB=nat,loss in the environment leaves out every network but those.
// Exit status: that of the script; 77 where it is left out, or namespaces may not be made.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LAB_ARTEFACTS, prefixOf, runIn, SKIPPED } from './commands.mjs';
import { networkNamed } from './networks.mjs';
import { folderOf, makeTopology, namespacesOf, removeLeftovers, removeTopology } from './topology.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(SKIPPED);
}

function prepare({ addresses, outside }) {
  const names = namespacesOf(process.pid);
  try {
    removeLeftovers();
    makeTopology(names, addresses, outside.address);
    runIn(names.gate, 'nft', ['list', 'ruleset']);
  } catch (error) {
    removeTopology(process.pid);
    skip(`no network can be made here (root is needed, and nftables): ${error.message}`);
  }
  rmSync(folderOf(process.pid), { recursive: true, force: true });
  mkdirSync(folderOf(process.pid), { recursive: true, mode: 0o755 });
  return names;
}

// Resolves to the script's exit status.
async function runScript(names, script, network, seconds) {
  const [command, ...prefix] = prefixOf(names.viewer);
  const child = spawn(command, [...prefix, process.execPath, `${HERE}${script}`, network, String(process.pid)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PORTHOLE_ARTEFACTS: LAB_ARTEFACTS, HOME: `${folderOf(process.pid)}/home` },
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
  return code;
}

async function main([script, network, seconds = '120']) {
  const wanted = process.env.PORTHOLE_LAB;
  if (wanted && !wanted.split(',').includes(network)) skip(`${network} is not among PORTHOLE_LAB=${wanted}`);
  if (!existsSync(`${HERE}../browser/node_modules/puppeteer-core`)) skip('run "npm ci" in tests/browser first');
  mkdirSync(LAB_ARTEFACTS, { recursive: true });
  const names = prepare(networkNamed(network));
  const code = await runScript(names, script, network, seconds);
  removeTopology(process.pid);
  process.exit(code);
}

await main(process.argv.slice(2));
