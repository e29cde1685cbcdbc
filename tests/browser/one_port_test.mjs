// However viewers come, the process holds one port number, and its memory stays small.
import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium, launchFirefox } from './browsers.mjs';
import { PORT, Program } from './program.mjs';
import { Viewing } from './viewing.mjs';

const VIEWERS = 10;
const RESIDENT_LIMIT_MB = 200;
// Three software decoders and two encoders share two cores here: this test is about sockets, not about speed.
const PATIENCE_MS = 30000;
// Of a viewer that is not said goodbye to the server finds out after 30 s.
const GOODBYE_MS = 20000;

let program;
const browsers = [];

before(async () => {
  program = await Program.start('one-port');
});

after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await program?.stop();
});

async function open(launch, path) {
  const browser = await launch();
  browsers.push(browser);
  return Viewing.open(browser, `${program.origin}/test-pattern?path=${path}`);
}

function assertOnePort(sockets) {
  const udp = sockets.filter(({ protocol }) => protocol === 'udp');
  const tcp = sockets.filter(({ protocol }) => protocol === 'tcp');
  assert.equal(udp.length + tcp.length, sockets.length, 'sockets that are neither UDP nor TCP');
  assert.ok(udp.length > 0 && udp.length <= cpus().length, 'one UDP socket for each worker');
  assert.ok(udp.every(({ localPort }) => localPort === PORT), 'UDP sockets on another port');
  assert.ok(tcp.some(({ state }) => state === 'LISTEN'));
  assert.ok(tcp.every(({ localPort }) => localPort === PORT), 'TCP sockets on another port');
}

test('Three browsers over three paths at once, and one port number', async () => {
  const viewings = await Promise.all([
    open(launchChromium, 'direct'),
    open(launchChromium, 'turn-tcp'),
    open(launchFirefox, 'turn-udp'),
  ]);
  const seen = await Promise.all(viewings.map((viewing) => viewing.untilFrames(90, PATIENCE_MS)));
  const { sockets } = program;
  const ways = seen.map(({ local }) => (local.type === 'relay' ? `relay/${local.relayProtocol}` : local.protocol));
  console.log(`# paths ${ways.join(', ')}; sockets ${JSON.stringify(sockets)}`);
  assert.deepEqual(ways, ['udp', 'relay/tcp', 'relay/udp']);
  assertOnePort(sockets);
  await Promise.all(viewings.map((viewing) => viewing.close()));
  await untilNobodyWatches();
});

// A page says goodbye while it closes, and the browser does not wait for that.
async function untilNobodyWatches() {
  const start = Date.now();
  while ((await program.streams())[0].viewers > 0) {
    assert.ok(Date.now() - start < GOODBYE_MS, 'a page that was closed still watches');
    await sleep(50);
  }
}

// Runs in the page: more players beside the first.
function addPlayers(count) {
  for (let i = 0; i < count; i += 1) {
    const player = document.createElement('porthole-player');
    player.setAttribute('stream', 'test-pattern');
    document.body.append(player);
  }
}

const playing = () => [...document.querySelectorAll('porthole-player')].filter(({ state }) => state === 'playing').length;

test(`With ${VIEWERS} viewers the process stays under ${RESIDENT_LIMIT_MB} MB`, async () => {
  const viewing = await open(launchChromium, 'direct');
  await viewing.untilPlaying(PATIENCE_MS);
  await viewing.page.evaluate(addPlayers, VIEWERS - 1);
  await viewing.page.waitForFunction(`(${playing})() === ${VIEWERS}`, { timeout: PATIENCE_MS });
  const [stream] = await program.streams();
  const megabytes = program.residentMegabytes;
  console.log(`# ${stream.viewers} viewers: ${megabytes.toFixed(0)} MB resident`);
  assert.equal(stream.viewers, VIEWERS);
  assertOnePort(program.sockets);
  assert.ok(megabytes < RESIDENT_LIMIT_MB, `${megabytes} MB`);
});
