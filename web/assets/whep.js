// The WHEP client: an offer goes out, an answer with ICE servers comes back, and the session ends by DELETE.

const POST_TIMEOUT_MS = 10000;

export class Refused extends Error {
  constructor(status, error, retryAfterMs) {
    super(error ?? `HTTP status ${status}`);
    this.status = status;
    this.error = error;  // The server's own words, or undefined.
    this.retryAfterMs = retryAfterMs;
  }
}

// Nobody there: no HTTP answer at all.
export class NoAnswer extends Error {}

// Parameters of one link-value (RFC 8288 section 3): name=token or name="quoted".
function linkParameters(text) {
  const parameters = {};
  const pattern = /;\s*([\w!#$&+\-^`|~*]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+)))?/g;
  for (const [, name, quoted, token] of text.matchAll(pattern)) {
    parameters[name.toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
  }
  return parameters;
}

// ICE servers from a Link header; fetch joins several headers with commas.
export function iceServersFromLink(header) {
  const servers = [];
  const pattern = /<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)/g;
  for (const [, url, rest] of (header ?? '').matchAll(pattern)) {
    const { rel, username, credential } = linkParameters(rest);
    if (!rel?.split(/\s+/).includes('ice-server')) continue;
    servers.push(username === undefined ? { urls: url } : { urls: url, username, credential });
  }
  return servers;
}

export async function refusalOf(response) {
  let error;
  try {
    ({ error } = await response.json());
  } catch {
    // Not every refusal comes from Porthole itself; a proxy's page has nothing to quote.
  }
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return new Refused(
    response.status,
    typeof error === 'string' ? error : undefined,
    Number.isFinite(seconds) ? seconds * 1000 : undefined,
  );
}

export function endpointOf(stream, path) {
  const url = new URL(`/whep/${encodeURIComponent(stream)}`, import.meta.url);
  if (path !== 'auto') url.searchParams.set('path', path);
  return url;
}

// Resolves to {answer, iceServers, resource}; rejects with Refused or NoAnswer.
export async function postOffer(endpoint, sdp) {
  let response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      body: sdp,
      cache: 'no-store',
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new NoAnswer(error.message);
  }
  if (response.status !== 201) throw await refusalOf(response);
  const location = response.headers.get('Location');
  return {
    answer: await response.text(),
    iceServers: iceServersFromLink(response.headers.get('Link')),
    resource: location === null ? null : new URL(location, response.url),
  };
}

// keepalive lets the request outlive the page that is being closed.
export async function deleteSession(resource) {
  try {
    await fetch(resource, { method: 'DELETE', keepalive: true, signal: AbortSignal.timeout(1000) });
  } catch {
    // A server that is gone has forgotten the session already, or will when consent runs out.
  }
}
