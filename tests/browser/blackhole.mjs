// Makes packets of one protocol and port vanish inside the namespace of the test, without a word to who sent them.
import { execFileSync } from 'node:child_process';
import { GATEWAY } from './environment.mjs';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });

// No link has it, so what is sent there is heard by nobody.
const NOBODY = '02:00:00:00:00:01';
const TABLE = '100';
const ENDS = ['dport', 'sport'];

// The kernel's own rule for local addresses comes first of all; rules that are to come before it need it further down.
function prepare() {
  ip('rule', 'add', 'pref', '20', 'lookup', 'local');
  ip('rule', 'del', 'pref', '0');
  ip('neigh', 'replace', GATEWAY, 'lladdr', NOBODY, 'dev', 'net0', 'nud', 'permanent');
  ip('route', 'replace', 'default', 'via', GATEWAY, 'dev', 'net0', 'table', TABLE);
}

let prepared = false;

// Returns a function that heals it.
export function blackhole(protocol, port) {
  if (!prepared) prepare();
  prepared = true;
  const rules = ENDS.map((end) => ['pref', '10', 'ipproto', protocol, end, String(port), 'lookup', TABLE]);
  rules.forEach((rule) => ip('rule', 'add', ...rule));
  return () => rules.forEach((rule) => ip('rule', 'del', ...rule));
}
