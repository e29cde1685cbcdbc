// Three namespaces in a row: the viewer's, the gate's, the server's. Whatever keeps them apart happens in the gate.
//
//   viewer (browsers) net0 ── lan0 gate wan0 ── net0 server (porthole)
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { ip, runIn } from './commands.mjs';

const PREFIX = 'porthole-lab';
const PLACES = ['viewer', 'gate', 'server'];

// Names in a namespace are looked up in files below this folder (ip-netns(8)).
const FILES = '/etc/netns';

export const HOST = 'porthole.test';

export const folderOf = (pid) => `/tmp/${PREFIX}-${pid}`;

// The names of one runner's namespaces: {viewer, gate, server}.
export const namespacesOf = (pid) =>
  Object.fromEntries(PLACES.map((place) => [place, `${PREFIX}-${place}-${pid}`]));

function makeNamespace(name, hosts) {
  mkdirSync(`${FILES}/${name}`, { recursive: true });
  writeFileSync(`${FILES}/${name}/hosts`, `127.0.0.1 localhost\n::1 localhost\n${hosts}\n`);
  // Whoever asks for another name hears at once that nobody is there to ask.
  writeFileSync(`${FILES}/${name}/resolv.conf`, 'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n');
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
}

function makeCable([near, nearLink], [far, farLink]) {
  ip('-n', near, 'link', 'add', nearLink, 'type', 'veth', 'peer', 'name', farLink, 'netns', far);
  for (const [namespace, link] of [[near, nearLink], [far, farLink]]) {
    // Without link-local addresses, which come seconds later: Chromium then drops what it is loading.
    ip('-n', namespace, 'link', 'set', link, 'addrgenmode', 'none');
    // Packets leave as a wire has them: of a batch that was handed over whole, the gate would lose or queue all.
    ip('-n', namespace, 'link', 'set', link, 'gso_max_segs', '1');
    ip('-n', namespace, 'link', 'set', link, 'up');
  }
}

const isV6 = (address) => address.includes(':');

function addAddress(namespace, link, address) {
  const add = (text, ...options) => ip('-n', namespace, 'address', 'add', text, 'dev', link, ...options);
  if (!isV6(address)) return add(`${address}/24`);
  add(`${address}/64`, 'nodad');
  // A router looks for neighbours from its link-local address (RFC 4861 section 7.2.2); the kernel makes none here.
  return add(`fe80::${address.split(':').at(-1)}/64`, 'nodad');
}

function routeByDefault(namespace, gateway) {
  ip('-n', namespace, isV6(gateway) ? '-6' : '-4', 'route', 'add', 'default', 'via', gateway);
}

// `addresses` are {viewer, lan, wan, server}: the two ends of the viewer's cable, then those of the server's; `outside` is
// the address that the server is known by.
export function makeTopology(names, addresses, outside) {
  const { viewer, gate, server } = names;
  // Chromium asks for the host of a TURN server by UDP with the dot of a complete name.
  const hosts = `${outside} ${HOST} ${HOST}.`;
  for (const name of Object.values(names)) makeNamespace(name, hosts);
  makeCable([viewer, 'net0'], [gate, 'lan0']);
  makeCable([gate, 'wan0'], [server, 'net0']);
  addAddress(viewer, 'net0', addresses.viewer);
  addAddress(gate, 'lan0', addresses.lan);
  addAddress(gate, 'wan0', addresses.wan);
  addAddress(server, 'net0', addresses.server);
  routeByDefault(viewer, addresses.lan);
  routeByDefault(server, addresses.wan);
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.rp_filter=0'];
  runIn(gate, 'sysctl', ['-q', '-w', ...settings]);
}

// Everything in a namespace was started by its runner.
function killAll(name) {
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
}

export function removeTopology(pid) {
  for (const name of Object.values(namespacesOf(pid))) {
    try {
      killAll(name);
      ip('netns', 'delete', name);
    } catch {
      // It was never made.
    }
    rmSync(`${FILES}/${name}`, { recursive: true, force: true });
  }
  rmSync(folderOf(pid), { recursive: true, force: true });
}

// A runner that was killed outright could not tidy up; its number tells that it is gone.
export function removeLeftovers() {
  for (const [, pid] of ip('netns', 'list').matchAll(/^porthole-lab-\w+-(\d+)/gm)) {
    if (!existsSync(`/proc/${pid}`)) removeTopology(pid);
  }
}
