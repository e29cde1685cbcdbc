// The front page: every stream of this server as a card, kept up to date.
import { fetchStreams } from './streams.js';

const REFRESH_MS = 3000;
const STATE_WORDS = { live: 'Live', starting: 'Starting', reconnecting: 'Reconnecting' };

const list = document.getElementById('streams');
const summary = document.getElementById('summary');
const notice = document.getElementById('notice');
const template = document.getElementById('card');
const cards = new Map();  // Stream name to its <li>.

// The same name has the same colour on every machine and every day.
function hueOf(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 9973;
  return 170 + (hash % 110);  // From green water to violet dusk.
}

function makeCard(name) {
  const item = template.content.cloneNode(true).querySelector('li');
  const card = item.querySelector('.card');
  card.href = `/${encodeURIComponent(name)}`;
  card.style.setProperty('--hue', hueOf(name));
  item.querySelector('.name').textContent = name;
  return item;
}

const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

function fillCard(item, { state, detail, viewers }) {
  const card = item.querySelector('.card');
  card.dataset.state = state;
  setText(item.querySelector('.pill'), STATE_WORDS[state] ?? state);
  setText(item.querySelector('.detail'), detail ?? '');
  const watching = viewers > 0 ? `${viewers} watching` : '';
  setText(item.querySelector('.viewers'), watching);
}

// Cards are kept, not rebuilt: a card that has the keyboard's focus keeps it.
function showStreams(streams) {
  const names = new Set(streams.map(({ name }) => name));
  for (const [name, item] of cards) {
    if (names.has(name)) continue;
    item.remove();
    cards.delete(name);
  }
  streams.forEach((stream, index) => {
    let item = cards.get(stream.name);
    if (item === undefined) cards.set(stream.name, (item = makeCard(stream.name)));
    fillCard(item, stream);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

function summarize(streams) {
  const live = streams.filter(({ state }) => state === 'live').length;
  if (streams.length === 0) return 'No streams yet';
  if (live === streams.length) return live === 1 ? '1 live stream' : `${live} live streams`;
  return `${live} of ${streams.length} streams live`;
}

function showNotice(title, text, example) {
  notice.hidden = title === '';
  setText(document.getElementById('notice-title'), title);
  setText(document.getElementById('notice-text'), text);
  document.getElementById('notice-example').hidden = !example;
}

async function refresh() {
  try {
    const streams = await fetchStreams();
    showStreams(streams);
    setText(summary, summarize(streams));
    if (streams.length > 0) showNotice('', '', false);
    else showNotice('Nothing to see yet', 'Start the server with a source, and it appears here by itself:', true);
  } catch {
    showStreams([]);
    setText(summary, 'Not connected');
    showNotice('The server does not answer', 'Trying again every few seconds…', false);
  }
  // A page that nobody sees asks nobody.
  if (document.hidden) document.addEventListener('visibilitychange', refresh, { once: true });
  else setTimeout(refresh, REFRESH_MS);
}

document.querySelector('.late').remove();
refresh();
