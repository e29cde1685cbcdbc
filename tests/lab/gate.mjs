// Builds what stands between viewer and server, in the gate's namespace.
import { fileURLToPath } from 'node:url';
import { listensIn, runIn, startIn } from './commands.mjs';
import { PROXY_PORT, startProxy } from './proxy.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSPECTOR_PORT = 9001;

// Counts what the gate does to packets: a gate that does nothing would let every test pass.
const COUNTED = 'counter name "done"';

// What a home router drops in silence rather than answer.
const STRANGERS = 'iifname "wan0" ct state new,invalid drop';

// The filter that every forwarded packet meets: without `allow` everything passes.
function filter({ allow, lossPercent, nat }) {
  const rules = [];
  if (lossPercent) rules.push(`numgen random mod 100 < ${lossPercent} ${COUNTED} drop`);
  if (nat) rules.push(STRANGERS);
  if (allow) {
    const passing = allow.map((what) => `iifname "lan0" ${what} accept`);
    rules.push('ct state established,related accept', ...passing, `${COUNTED} drop`);
  }
  return `chain forward {
    type filter hook forward priority 0; policy accept;
    ${rules.join('\n    ')}
  }
  chain input {
    type filter hook input priority 0; policy accept;
    ${nat ? STRANGERS : ''}
  }`;
}

function translation({ inspect, map, nat }) {
  const before = [];
  if (inspect) before.push(`iifname "lan0" tcp dport ${inspect.port} ${COUNTED} redirect to :${INSPECTOR_PORT}`);
  for (const protocol of map ? ['tcp', 'udp'] : []) {
    before.push(`iifname "lan0" ${protocol} dport ${map.from} ${COUNTED} dnat ip to ${map.to}`);
  }
  // A port drawn for each pair of ends: that is what makes a NAT symmetric.
  const after = nat ? `oifname "wan0" ${COUNTED} masquerade fully-random` : '';
  return `chain before { type nat hook prerouting priority dstnat; ${before.join('; ')}
  }
  chain after { type nat hook postrouting priority srcnat; ${after}
  }`;
}

const ruleset = (gate) => `table inet lab {
  counter done {
  }
  ${filter(gate)}
  ${translation(gate)}
}
`;

// A queue of 300 ms at each end, as modems have.
function limitRate(namespace, kilobits) {
  for (const link of ['lan0', 'wan0']) {
    const bucket = ['rate', `${kilobits}kbit`, 'burst', '5kb', 'latency', '300ms'];
    runIn(namespace, 'tc', ['qdisc', 'add', 'dev', link, 'root', 'tbf', ...bucket]);
  }
}

function startInspector(names, { only, port }, server) {
  const args = [`${HERE}inspector.mjs`, String(INSPECTOR_PORT), server, String(port), only];
  return startIn(names.gate, process.execPath, args, () => listensIn(names.gate, INSPECTOR_PORT));
}

// What leaves either end goes through the delaying program, which hands it back to be routed on.
async function startDelay(names, milliseconds) {
  const isThere = () => runIn(names.gate, 'ip', ['-br', 'link', 'show']).includes('delay0');
  await startIn(names.gate, 'python3', ['-B', `${HERE}delay.py`, 'delay0', String(milliseconds)], isThere);
  runIn(names.gate, 'ip', ['link', 'set', 'delay0', 'up']);
  runIn(names.gate, 'ip', ['route', 'add', 'default', 'dev', 'delay0', 'table', '77']);
  for (const link of ['lan0', 'wan0']) runIn(names.gate, 'ip', ['rule', 'add', 'iif', link, 'lookup', '77']);
}

// `gate` may have: allow (nftables matches of what alone may pass), inspect {port, only: 'tls' | 'http'}, proxy
// ('connects' | 'opens'), nat, map {from, to}, lossPercent, kilobits, delayMs (one way).
export async function buildGate(names, { gate, addresses }, trust) {
  runIn(names.gate, 'nft', ['-f', '-'], { input: ruleset(gate) });
  if (gate.kilobits) limitRate(names.gate, gate.kilobits);
  if (gate.delayMs) await startDelay(names, gate.delayMs);
  if (gate.inspect) await startInspector(names, gate.inspect, addresses.server);
  if (gate.proxy) await startProxy(names.gate, gate.proxy, trust);
}

export const proxyOf = ({ gate, addresses }) => (gate.proxy ? { host: addresses.lan, port: PROXY_PORT } : null);

// How many packets the gate has dropped, translated or made to wait so far.
export function packetsDone(names, { gate }) {
  const [, ruled] = /packets (\d+)/.exec(runIn(names.gate, 'nft', ['list', 'counter', 'inet', 'lab', 'done']));
  if (!gate.kilobits) return Number(ruled);
  const [, late] = /overlimits (\d+)/.exec(runIn(names.gate, 'tc', ['-s', 'qdisc', 'show', 'dev', 'lan0']));
  return Number(ruled) + Number(late);
}

const HOLE = `table inet hole {
  chain forward {
    type filter hook forward priority -10; policy drop;
  }
}
`;

export const openHole = (names) => runIn(names.gate, 'nft', ['-f', '-'], { input: HOLE });
export const closeHole = (names) => runIn(names.gate, 'nft', ['delete', 'table', 'inet', 'hole']);

// The port outside that the NAT has drawn for the last UDP flow to this port of the server.
export function mappedPort(names, serverPort) {
  const flows = runIn(names.gate, 'conntrack', ['-L', '-p', 'udp', '--orig-port-dst', String(serverPort)]);
  return [...flows.matchAll(/ dport=(\d+) \[ASSURED\]/g)].at(-1)?.[1];
}

export const forgetMappings = (names) => runIn(names.gate, 'conntrack', ['-F']);
