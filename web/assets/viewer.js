// The viewer page: reads what to watch, and over which path, from its own address.
import './player.js';
import { PATHS } from './path.js';

function streamFromAddress() {
  try {
    return decodeURIComponent(location.pathname.slice(1));
  } catch {
    return location.pathname.slice(1);  // A stray '%': show it as it was typed.
  }
}

const stream = streamFromAddress();
const path = new URLSearchParams(location.search).get('path');
const player = document.getElementById('player');

document.querySelector('.late').remove();
document.title = `${stream} · Porthole`;
document.getElementById('stream-name').textContent = stream;
if (path !== null && PATHS.includes(path)) player.setAttribute('path', path);
player.addEventListener('statechange', ({ detail }) => {
  document.getElementById('all-streams').hidden = detail.state !== 'failed';
});
player.setAttribute('stream', stream);
