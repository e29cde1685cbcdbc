// What every script of the laboratory does first: builds its network, starts the server in it, and knows its browsers.
import { fileURLToPath } from 'node:url';
import { launchChromium, launchFirefox } from '../browser/browsers.mjs';
import { Program } from '../browser/program.mjs';
import { listensIn, prefixOf, startIn } from './commands.mjs';
import { buildGate, proxyOf } from './gate.mjs';
import { folderOf, namespacesOf } from './topology.mjs';
import { makeTrust } from './trust.mjs';

const THIN_PORT = 9002;

function launchChromiumIn({ network }) {
  const proxy = proxyOf(network);
  return launchChromium(proxy ? [`--proxy-server=http://${proxy.host}:${proxy.port}`] : []);
}

function launchFirefoxIn({ network, trust }) {
  const proxy = proxyOf(network);
  const prefs = proxy && {
    'network.proxy.type': 1,
    'network.proxy.http': proxy.host,
    'network.proxy.http_port': proxy.port,
    'network.proxy.ssl': proxy.host,
    'network.proxy.ssl_port': proxy.port,
  };
  return launchFirefox({ prefs: prefs ?? {}, profile: trust.profile });
}

const LAUNCHERS = { chromium: launchChromiumIn, firefox: launchFirefoxIn };

export class Laboratory {
  // Constant after construction.
  network;
  names;
  trust;
  program;

  // `runner` is the process id of run.mjs, which made the namespaces.
  static async open(network, runner) {
    const laboratory = new Laboratory();
    laboratory.network = network;
    laboratory.names = namespacesOf(runner);
    laboratory.trust = makeTrust(folderOf(runner));
    await buildGate(laboratory.names, network, laboratory.trust);
    if (network.thinSource) await laboratory.#startThinSource();
    laboratory.program = await laboratory.#startProgram();
    return laboratory;
  }

  launch(browser) {
    return LAUNCHERS[browser](this);
  }

  // How the server says that its last viewer came, "direct UDP" for one; null before the first.
  get lastRoute() {
    const [, route] = [...this.program.output.matchAll(/ watches by ([^,\n]+)/g)].at(-1) ?? [];
    return route ?? null;
  }

  close() {
    return this.program?.stop();
  }

  #startThinSource() {
    const script = fileURLToPath(new URL('thin_source.mjs', import.meta.url));
    const { server } = this.names;
    return startIn(server, process.execPath, [script, String(THIN_PORT)], () => listensIn(server, THIN_PORT));
  }

  #startProgram() {
    const { args, name, port, thinSource, tls } = this.network;
    const { certificate, key } = this.trust;
    const files = tls ? ['--tls-cert', certificate, '--tls-key', key] : [];
    const source = thinSource ? ['--source', `test-pattern=tcp://127.0.0.1:${THIN_PORT}`] : [];
    return Program.start(`lab-${name}`, [...files, ...source, ...args], {
      port,
      within: prefixOf(this.names.server),
      isReady: (program) => program.output.includes('Watch at'),
    });
  }
}
