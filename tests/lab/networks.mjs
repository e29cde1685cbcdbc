// The networks of the laboratory, as data: where the parties are, what stands between them, and how viewers must get
// through. gate.mjs builds what `gate` names; docs/networks.md explains each network in words.
import { HOST } from './topology.mjs';

// A home or an office whose router forwards, and a server with a public address (RFC 5737: for documentation).
const PUBLIC = { viewer: '192.168.77.2', lan: '192.168.77.1', wan: '203.0.113.1', server: '203.0.113.10' };
const PRIVATE = { viewer: '192.168.77.2', lan: '192.168.77.1', wan: '192.168.78.1', server: '192.168.78.10' };
// The gate is the server's: viewers are outside, and it has the one address that they know.
const MAPPED = { viewer: '203.0.113.2', lan: '203.0.113.1', wan: '192.168.78.1', server: '192.168.78.10' };
const V6 = { viewer: '2001:db8:1::2', lan: '2001:db8:1::1', wan: '2001:db8:2::1', server: '2001:db8:2::10' };

const DIRECT = ['direct UDP'];
const BY_TCP = ['direct TCP', 'TURN over TCP'];
const BY_TLS = ['TURN over TLS'];
const LAST = ['WebSocket'];

// What is not said otherwise: port 8443, plain HTTP, the server's own address, and no more patience than a person has.
// `playLimitMs` bounds the first picture, `latencyLimitMs` the median from picture to screen; in six seconds there are at
// least `minPictures`, which on a busy machine are fewer than those that were sent.
const DEFAULTS = {
  port: 8443,
  tls: false,
  addresses: PUBLIC,
  args: [],
  gate: {},
  thinSource: false,
  minPictures: 20,
  playLimitMs: 15000,
  latencyLimitMs: 1000,
};

const both = (rungs) => ({ chromium: rungs, firefox: rungs });

const NETWORKS = [
  { name: 'open', title: 'Open', rungs: both(DIRECT) },
  {
    name: 'udp-only',
    title: 'UDP to P alone; TCP carries web pages and nothing else',
    gate: { allow: ['udp dport 8443'], inspect: { port: 8443, only: 'http' } },
    rungs: both(DIRECT),
  },
  {
    name: 'tcp-only',
    title: 'TCP to P alone',
    gate: { allow: ['tcp dport 8443'] },
    rungs: both(BY_TCP),
  },
  {
    name: 'tls-443',
    title: 'TCP 443 alone, and real TLS alone on it',
    port: 443,
    tls: true,
    gate: { allow: [], inspect: { port: 443, only: 'tls' } },
    rungs: both(BY_TLS),
  },
  {
    name: 'proxy',
    title: 'An HTTP proxy alone, which connects to port 443',
    port: 443,
    tls: true,
    gate: { allow: [], proxy: 'connects' },
    rungs: both([...BY_TCP, ...BY_TLS]),
  },
  {
    name: 'proxy-opens-tls',
    title: 'An HTTP proxy alone, which opens TLS',
    port: 443,
    tls: true,
    gate: { allow: [], proxy: 'opens' },
    rungs: both(LAST),
    // The page gives the other rungs less than three seconds.
    playLimitMs: 8000,
  },
  { name: 'nat', title: 'Symmetric NAT', gate: { nat: true }, rungs: both(DIRECT) },
  {
    name: 'nat-rebinds',
    title: 'NAT that forgets its mappings in mid-stream',
    gate: { nat: true },
    rungs: both(DIRECT),
    event: { kind: 'rebind', healedLimitMs: 15000 },
  },
  { name: 'ipv6', title: 'IPv6 alone', addresses: V6, rungs: { chromium: ['TURN over TCP'], firefox: DIRECT } },
  {
    name: 'private-443',
    title: 'Server on port 443 of a private address',
    port: 443,
    tls: true,
    addresses: PRIVATE,
    rungs: { chromium: [...BY_TCP, ...BY_TLS], firefox: DIRECT },
  },
  {
    name: 'port-mapping',
    title: 'Server behind a port mapping: 9000 outside, 8443 inside',
    addresses: MAPPED,
    outside: { address: MAPPED.lan, port: 9000 },
    args: ['--advertise', `${MAPPED.lan}:9000`],
    gate: { map: { from: 9000, to: `${MAPPED.server}:8443` } },
    rungs: both(DIRECT),
  },
  { name: 'loss', title: '5 % loss, both ways', gate: { lossPercent: 5 }, rungs: both(DIRECT) },
  {
    name: 'slow',
    title: '1 Mbit/s, both ways, and a stream that fits',
    gate: { kilobits: 1000 },
    thinSource: true,
    rungs: both(DIRECT),
  },
  {
    name: 'too-slow',
    title: '1 Mbit/s, TCP alone, and a stream of 2.5 Mbit/s',
    gate: { kilobits: 1000, allow: ['tcp dport 8443'] },
    rungs: both(BY_TCP),
    minPictures: 4,
    playLimitMs: 30000,
    latencyLimitMs: 2500,
  },
  {
    name: 'blackhole',
    title: 'A black hole that appears in mid-stream, and heals after 8 s',
    rungs: both(DIRECT),
    event: { kind: 'blackhole', lastsMs: 8000, healedLimitMs: 20000 },
  },
];

function completed(network) {
  const merged = { ...DEFAULTS, ...network };
  merged.outside ??= { address: merged.addresses.server, port: merged.port };
  const { address, port } = merged.outside;
  const ending = port === (merged.tls ? 443 : 80) ? '' : `:${port}`;
  const host = address.includes(':') ? `[${address}]` : address;
  merged.origin = merged.tls ? `https://${HOST}${ending}` : `http://${host}${ending}`;
  return merged;
}

export const networks = NETWORKS.map(completed);

// Each rung of the ladder by itself, as the page's ?path= and as its words for it.
const PATHS = [
  ['direct', 'direct UDP'],
  ['ice-tcp', 'direct TCP'],
  ['turn-udp', 'TURN over UDP'],
  ['turn-tcp', 'TURN over TCP'],
  ['turn-tls', 'TURN over TLS'],
  ['websocket', 'WebSocket'],
];

const LADDERS = [
  { name: 'rungs', title: 'Each rung in an open network', tls: true, paths: PATHS },
  { name: 'rungs-50ms', title: 'Each rung, 50 ms there and back', tls: true, paths: PATHS, gate: { delayMs: 25 } },
];

export const ladders = LADDERS.map(completed);

function named(list, name) {
  const network = list.find((one) => one.name === name);
  if (network === undefined) throw new Error(`no network is called ${name}`);
  return network;
}

export const cellNamed = (name) => named(networks, name);
export const ladderNamed = (name) => named(ladders, name);
export const networkNamed = (name) => named([...networks, ...ladders], name);
