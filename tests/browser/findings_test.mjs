// What the network test makes of its findings, in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loader } from './modules.mjs';

const { lampOf, reasonOf, reportOf, verdictOf } = await loader()('findings.js');

const TARGET = { host: '203.0.113.7', port: 8443 };
const PLACE = { host: 'cam.example', port: 8443, secure: false, firefox: false };
const failed = (path, more = {}) =>
  ({ path, outcome: 'no-path', targets: [TARGET], gathered: ['host udp'], iceErrors: [], ...more });
const worked = (path) =>
  ({ path, outcome: 'works', targets: [TARGET], gathered: [], iceErrors: [], connectMs: 30.4, pictureMs: 120, roundTripMs: 0.4 });

test('A firewall\'s owner is told protocol, address and port', () => {
  assert.equal(
    reasonOf(failed('direct'), PLACE),
    'UDP to 203.0.113.7 port 8443 does not get through, or its answers do not come back. ' +
      'Ask for: allow UDP to 203.0.113.7 port 8443.',
  );
  const both = failed('direct', { targets: [TARGET, TARGET, { host: '2001:db8::7', port: 8443 }] });
  assert.match(reasonOf(both, PLACE), /Ask for: allow UDP to 203\.0\.113\.7 port 8443 or 2001:db8::7 port 8443\.$/);
  const elsewhere = failed('ice-tcp', { targets: [{ ...TARGET, port: 9000 }] });
  assert.match(reasonOf(elsewhere, PLACE), /^TCP to 203\.0\.113\.7 port 9000 does not get through\. Ask for: allow TCP/);
});

test('TCP that brought the page and stops the media is a proxy\'s doing, or a certificate\'s', () => {
  assert.match(reasonOf(failed('turn-tcp'), PLACE), /^The page itself came over TCP port 8443, .* lets only web traffic pass\./);
  assert.match(reasonOf(failed('turn-tls'), { ...PLACE, secure: true }), /^Either something on the way opens TLS .* without inspection\.$/);
  assert.match(reasonOf(failed('websocket'), PLACE), /allow WebSocket \(the HTTP upgrade\) to cam\.example port 8443\.$/);
});

test('A browser\'s own refusals are not blamed on the network', () => {
  const loopback = failed('direct', { targets: [{ host: '127.0.0.1', port: 8443 }] });
  assert.match(reasonOf(loopback, { ...PLACE, firefox: true }), /^Firefox takes no media from this machine’s own address/);
  const low = failed('direct', { targets: [{ host: '192.168.1.5', port: 443 }] });
  assert.match(reasonOf(low, PLACE), /^This browser takes no media directly from 192\.168\.1\.5 port 443/);
  assert.match(reasonOf({ ...low, path: 'ice-tcp' }, PLACE), /^This browser takes no media directly/);
  assert.match(reasonOf(low, { ...PLACE, firefox: true }), /^UDP to 192\.168\.1\.5/);
  assert.match(reasonOf(failed('direct', { gathered: [] }), PLACE), /^This browser sends no UDP at all\./);
});

test('What the server itself says is passed on', () => {
  const quota = failed('turn-tcp', { iceErrors: [{ code: 701, text: 'no answer' }, { code: 486, text: 'Allocation Quota Reached' }] });
  assert.equal(reasonOf(quota, PLACE), 'The server’s TURN refused: 486 Allocation Quota Reached.');
  const nameless = failed('turn-udp', { targets: [{ host: 'cam.example', port: 443 }], iceErrors: [{ code: 701, text: 'TURN host lookup received error.' }] });
  assert.match(reasonOf(nameless, PLACE), /^This browser finds no address for cam\.example\./);
  assert.match(reasonOf(failed('turn-tcp', { gathered: ['relay udp'] }), PLACE), /^The server’s TURN answers, but/);
  const missing = { path: 'turn-tls', outcome: 'not-offered' };
  assert.match(reasonOf(missing, PLACE), /^Not offered: the server has no certificate/);
  assert.deepEqual([missing, failed('direct'), worked('direct')].map(lampOf), ['absent', 'fails', 'works']);
});

test('The verdict is that of the best way which works', () => {
  const verdict = (...paths) => verdictOf(paths.map(worked)).state;
  assert.equal(verdict('direct', 'websocket'), 'good');
  assert.equal(verdict('turn-tcp', 'websocket'), 'fair');
  assert.match(verdictOf([worked('websocket')]).text, /^Only web traffic gets through/);
  assert.equal(verdictOf([failed('direct'), failed('websocket')]).state, 'poor');
});

test('The report is plain text with one line for each way', () => {
  const about = { url: 'http://cam.example:8443/diagnose', stream: 'garden', browser: 'Browser/1', date: new Date(0) };
  const lines = reportOf([failed('direct'), worked('websocket')], PLACE, about).split('\n');
  assert.equal(lines[1], '1970-01-01 00:00 UTC, http://cam.example:8443/diagnose, stream garden');
  assert.ok(lines.includes('- WebSocket: works (connected in 30 ms, picture after 120 ms, round trip <1 ms)'));
  assert.ok(lines.some((line) => line.startsWith('- Direct, over UDP: UDP to 203.0.113.7 port 8443 does not')));
});
