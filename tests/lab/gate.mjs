// Builds what stands between viewer and server, in the gate's namespace.
import { fileURLToPath } from 'node:url';
import { listensIn, runIn, startIn } from './commands.mjs';
import { PROXY_PORT, startProxy } from './proxy.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSPECTOR_PORT = 9001;

// What a home router drops in silence rather than answer.
const STRANGERS = 'iifname "wan0" ct state new,invalid drop';

// The filter that every forwarded packet meets: without `allow` everything passes.
function filter({ allow, lossPercent, nat }) {
  const rules = [];
  if (lossPercent) rules.push(`numgen random mod 100 < ${lossPercent} drop`);
  if (nat) rules.push(STRANGERS);
  if (allow) rules.push('ct state established,related accept', ...allow.map((what) => `iifname "lan0" ${what} accept`));
  return `chain forward {
    type filter hook forward priority 0; policy ${allow ? 'drop' : 'accept'};
    ${rules.join('\n    ')}
  }
  chain input {
    type filter hook input priority 0; policy accept;
    ${nat ? STRANGERS : ''}
  }`;
}

function translation({ inspect, map, nat }) {
  const before = [];
  if (inspect) before.push(`iifname "lan0" tcp dport ${inspect.port} redirect to :${INSPECTOR_PORT}`);
  for (const protocol of map ? ['tcp', 'udp'] : []) {
    before.push(`iifname "lan0" ${protocol} dport ${map.from} dnat ip to ${map.to}`);
  }
  // A port drawn for each pair of ends: that is what makes a NAT symmetric.
  const after = nat ? 'oifname "wan0" masquerade fully-random' : '';
  return `chain before { type nat hook prerouting priority dstnat; ${before.join('; ')}
  }
  chain after { type nat hook postrouting priority srcnat; ${after}
  }`;
}

const ruleset = (gate) => `table inet lab {
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

const HOLE = `table inet hole {
  chain forward { type filter hook forward priority -10; policy drop;
  }
}
`;

export const openHole = (names) => runIn(names.gate, 'nft', ['-f', '-'], { input: HOLE });
export const closeHole = (names) => runIn(names.gate, 'nft', ['delete', 'table', 'inet', 'hole']);
export const forgetMappings = (names) => runIn(names.gate, 'conntrack', ['-F']);
