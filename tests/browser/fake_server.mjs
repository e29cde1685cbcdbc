// A scripted server for tests of the page alone: the real files of web/, and answers as the test wants them.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../web', import.meta.url));
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
// As the real server sends it (src/server/pages.cpp): nothing inline, nothing from elsewhere.
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "media-src 'self' blob:; base-uri 'none'; form-action 'none'";

const PAGES = { '/': 'index.html', '/diagnose': 'diagnose.html' };

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function sendFile(response, file) {
  const type = TYPES[file.split('.').pop()];
  const bytes = await readFile(`${WEB}/${file}`);
  response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': CONTENT_SECURITY_POLICY });
  response.end(bytes);
}

function sendInstead(response, name, text) {
  const headers = { 'Content-Type': TYPES[name.split('.').pop()] };
  send(response, text === null ? { status: 404 } : { headers, body: text });
}

function send(response, { status = 200, headers = {}, body = '' }) {
  const json = typeof body !== 'string';
  response.writeHead(status, json ? { 'Content-Type': 'application/json', ...headers } : headers);
  response.end(json ? JSON.stringify(body) : body);
}

// `script.streams` is what the API lists, or null for a server in trouble; `script.whep({method, url, body})` resolves to
// {status, headers, body}, and `script.files` has text in place of files of web/assets, or null where one is to be missing.
// All may be replaced at any time. `requests` records every WHEP request as "METHOD path", `sessions` the paths of those that
// were made and not deleted yet.
export async function startFakeServer(address, script) {
  const requests = [];
  const sessions = new Set();
  const respondToWhep = async (request, url) => {
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (request.method === 'DELETE') sessions.delete(url.pathname);
    const answer = await script.whep({ method: request.method, url, body: await bodyOf(request) });
    if (answer.status === 201) sessions.add(answer.headers.Location);
    return answer;
  };
  const respond = async (request, response) => {
    const url = new URL(request.url, `http://${address}`);
    if (url.pathname === '/api/v1/streams') {
      return send(response, script.streams === null ? { status: 500 } : { body: script.streams });
    }
    if (url.pathname.startsWith('/whep/')) return send(response, await respondToWhep(request, url));
    const name = url.pathname.replace('/assets/', '');
    if (name in (script.files ?? {})) return sendInstead(response, name, script.files[name]);
    if (url.pathname.startsWith('/assets/')) return sendFile(response, url.pathname.slice(1));
    return sendFile(response, PAGES[url.pathname] ?? 'viewer.html');
  };
  const server = createServer((request, response) => {
    respond(request, response).catch(() => send(response, { status: 500 }));
  });
  await new Promise((resolve) => server.listen(0, address, resolve));
  return {
    origin: `http://${address}:${server.address().port}`,
    requests,
    sessions,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
