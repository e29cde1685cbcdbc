// The network test: tries every way to the server by itself, and says which work and why the others do not.
import * as findings from './findings.js';
import { RUNGS } from './path.js';
import { probe } from './probe.js';
import { fetchStreams } from './streams.js';

// Two at a time: quicker than one after the other, and few enough not to disturb each other's times.
const LANES = [
  ['direct', 'ice-tcp', 'websocket'],
  ['turn-udp', 'turn-tcp', 'turn-tls'],
];

const byId = (id) => document.getElementById(id);
const rows = new Map();  // Rung to its <li>.

const place = {
  host: location.hostname,
  port: Number(location.port || (location.protocol === 'https:' ? 443 : 80)),
  secure: location.protocol === 'https:',
  firefox: navigator.userAgent.includes('Firefox/'),
};

function makeRow(path) {
  const row = byId('rung').content.cloneNode(true).querySelector('li');
  row.dataset.path = path;
  row.querySelector('.name').textContent = findings.TITLES[path];
  row.querySelector('.about').textContent = findings.ABOUT[path];
  byId('rungs').append(row);
  return row;
}

function clearRow(row, state) {
  row.dataset.state = state;
  for (const part of ['.result', '.plea', '.figures']) row.querySelector(part).hidden = true;
}

const figure = (value) => findings.milliseconds(value) || '–';

function showFinding(row, finding) {
  row.dataset.state = findings.lampOf(finding);
  const works = finding.outcome === 'works';
  const result = row.querySelector('.result');
  result.hidden = false;
  const [reason, plea] = (works ? 'Works.' : findings.reasonOf(finding, place)).split(/ (?=Ask for: )/);
  result.textContent = reason;
  row.querySelector('.plea').hidden = plea === undefined;
  row.querySelector('.plea').textContent = plea ?? '';
  row.querySelector('.figures').hidden = !works;
  row.querySelector('.connect').textContent = figure(finding.connectMs);
  row.querySelector('.picture').textContent = figure(finding.pictureMs);
  row.querySelector('.round-trip').textContent = figure(finding.roundTripMs);
}

function showVerdict(state, text) {
  byId('verdict').dataset.state = state;
  byId('verdict-text').textContent = text;
}

// The stream of the address, or one that is live, or else any.
async function chooseStream() {
  const wanted = new URLSearchParams(location.search).get('stream');
  if (wanted) return wanted;
  const streams = await fetchStreams();
  return (streams.find(({ state }) => state === 'live') ?? streams[0])?.name;
}

// A browser's own first use of WebRTC takes a while, which is not the network's fault.
async function warmUp() {
  try {
    const connection = new RTCPeerConnection();
    connection.addTransceiver('video', { direction: 'recvonly' });
    await connection.setLocalDescription();
    connection.close();
  } catch {
    // No WebRTC here: the test will say so.
  }
}

async function tryAll(stream) {
  const found = new Map();
  const tryLane = async (lane) => {
    for (const path of lane) {
      clearRow(rows.get(path), 'trying');
      const finding = await probe(stream, path, byId('screens'));
      found.set(path, finding);
      showFinding(rows.get(path), finding);
      showVerdict('trying', `Tested ${found.size} of ${RUNGS.length} ways: ${findings.TITLES[path]} ${lampWords(finding)}.`);
    }
  };
  await Promise.all(LANES.map(tryLane));
  return RUNGS.map((path) => found.get(path));
}

const lampWords = (finding) =>
  ({ works: 'works', fails: 'does not work', absent: 'is not offered' })[findings.lampOf(finding)];

function showReport(text) {
  byId('report').hidden = false;
  const area = byId('report-text');
  area.value = text;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;  // All of it, without a scroll bar.
  byId('copied').textContent = '';
}

async function test() {
  byId('report').hidden = true;
  for (const row of rows.values()) clearRow(row, 'waiting');
  showVerdict('trying', 'Testing…');
  let stream;
  try {
    [stream] = await Promise.all([chooseStream(), warmUp()]);
  } catch {
    showVerdict('poor', 'The server does not answer.');
    return;
  }
  if (stream === undefined) {
    showVerdict('poor', 'The server has no stream to test with. Start it with a source, and test again.');
    return;
  }
  byId('subject').textContent = `From this browser to ${location.host}, with the stream ${stream}`;
  const found = await tryAll(stream);
  const { state, text } = findings.verdictOf(found);
  showVerdict(state, text);
  const about = { url: location.href, stream, browser: navigator.userAgent, date: new Date() };
  showReport(findings.reportOf(found, place, about));
}

// On http:// pages there is no clipboard API; there the text is selected, and the old command copies what is selected.
async function copy() {
  const text = byId('report-text');
  const said = byId('copied');
  try {
    await navigator.clipboard.writeText(text.value);
    said.textContent = 'Copied.';
  } catch {
    text.select();
    said.textContent = document.execCommand('copy') ? 'Copied.' : 'Selected: press Ctrl+C or ⌘C to copy.';
  }
}

for (const path of RUNGS) rows.set(path, makeRow(path));
document.querySelector('.late').remove();
byId('copy').addEventListener('click', copy);
byId('again').addEventListener('click', () => {
  byId('verdict').focus();  // The button goes away; whoever uses a keyboard goes on at the top.
  test();
});
addEventListener('pageshow', (event) => event.persisted && test());
test();
