// The page's modules that need no browser: headers, rungs and words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ROOT } from './environment.mjs';
import { loader, neededBy } from './modules.mjs';

const load = loader();
const { iceServersFromLink } = await load('whep.js');
const { answerForPath, iceConfiguration, isOffered, pathInUse, RUNGS } = await load('path.js');

const TCP = 'turn:192.0.2.1:8443?transport=tcp';
const UDP = 'turn:192.0.2.1:8443?transport=udp';
const TLS = 'turns:example.org:8443?transport=tcp';

test('ICE servers are read from Link headers, alone, joined or among others', () => {
  const one = `<${TCP}>; rel="ice-server"; username="99:a,b;c"; credential="pa\\"ss="; credential-type="password"`;
  const server = { urls: TCP, username: '99:a,b;c', credential: 'pa"ss=' };
  assert.deepEqual(iceServersFromLink(one), [server]);
  const style = '<style.css>; rel=preload';
  const stun = '<stun:192.0.2.1>;rel=ice-server';
  assert.deepEqual(iceServersFromLink(`${style}, ${one}, ${stun}`), [server, { urls: 'stun:192.0.2.1' }]);
  assert.deepEqual(iceServersFromLink(null), []);
});

test('A forced rung uses its own URL and no other', () => {
  const servers = [TCP, UDP, TLS].map((urls) => ({ urls, username: 'u', credential: 'c' }));
  const urlsFor = (path) => iceConfiguration(path, servers).iceServers.map(({ urls }) => urls);
  assert.deepEqual(urlsFor('turn-tcp'), [TCP]);
  assert.deepEqual(urlsFor('turn-udp'), [UDP]);
  assert.deepEqual(urlsFor('turn-tls'), [TLS]);
  assert.deepEqual(urlsFor('direct'), []);
  assert.deepEqual(urlsFor('auto'), [TCP, UDP, TLS]);
  assert.equal(iceConfiguration('turn-udp', servers).iceTransportPolicy, 'relay');
  assert.equal(iceConfiguration('auto', servers).iceTransportPolicy, 'all');
});

test('A direct rung keeps the candidates of its own transport', () => {
  const udp = 'a=candidate:1 1 UDP 2130706431 192.0.2.1 8443 typ host';
  const tcp = 'a=candidate:2 1 TCP 1671430143 192.0.2.1 8443 typ host tcptype passive';
  const answer = ['v=0', udp, tcp, 'a=end-of-candidates', ''].join('\r\n');
  assert.equal(answerForPath('direct', answer), ['v=0', udp, 'a=end-of-candidates', ''].join('\r\n'));
  assert.equal(answerForPath('ice-tcp', answer), ['v=0', tcp, 'a=end-of-candidates', ''].join('\r\n'));
  assert.equal(answerForPath('auto', answer), answer);
});

test('A rung is offered where something of the answer is left for it', () => {
  const udp = 'a=candidate:1 1 UDP 2130706431 192.0.2.1 8443 typ host';
  const answer = ['v=0', udp, ''].join('\r\n');
  const offered = (path) => isOffered(path, iceConfiguration(path, [{ urls: TCP }]), answerForPath(path, answer));
  assert.deepEqual(RUNGS.filter((path) => path !== 'websocket' && offered(path)), ['direct', 'turn-tcp']);
  assert.ok(offered('auto'));
});

test('The viewer page asks for all of its modules at once, and for no others', () => {
  const page = readFileSync(`${ROOT}web/viewer.html`, 'utf8');
  const listed = [...page.matchAll(/rel="modulepreload" href="\/assets\/(\w+\.js)"/g)].map(([, name]) => name);
  const needed = [...neededBy('viewer.js')].filter((name) => name !== 'viewer.js');
  assert.deepEqual(listed.sort(), needed.sort());
  assert.ok(!needed.includes('socket_session.js'), 'the last rung is loaded only where it is needed');
});

const statistics = (...entries) => new Map(entries.map((entry) => [entry.id, entry]));

test('The path in use is named by the local candidate of the selected pair', () => {
  const pair = { id: 'P', type: 'candidate-pair', localCandidateId: 'L', currentRoundTripTime: 0.002 };
  const transport = { id: 'T', type: 'transport', selectedCandidatePairId: 'P' };
  const labelOf = (local) => pathInUse(statistics(transport, pair, { id: 'L', ...local })).label;
  assert.equal(labelOf({ candidateType: 'prflx', protocol: 'udp' }), 'direct UDP');
  assert.equal(labelOf({ candidateType: 'host', protocol: 'tcp' }), 'direct TCP');
  assert.equal(labelOf({ candidateType: 'relay', protocol: 'udp', relayProtocol: 'udp' }), 'TURN over UDP');
  assert.equal(labelOf({ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tcp' }), 'TURN over TCP');
  assert.equal(labelOf({ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' }), 'TURN over TLS');
  const marked = statistics({ ...pair, selected: true }, { id: 'L', candidateType: 'host', protocol: 'udp' });
  assert.deepEqual(pathInUse(marked), { kind: 'direct-udp', label: 'direct UDP', roundTripMs: 2 });
  assert.equal(pathInUse(statistics(pair)), null);
});
