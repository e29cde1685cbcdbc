// What the server says about its streams.

const TIMEOUT_MS = 4000;

// Resolves to [{name, state, detail, viewers}]; rejects when the server does not answer as it should.
export async function fetchStreams() {
  const response = await fetch(new URL('/api/v1/streams', import.meta.url), {
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const streams = await response.json();
  if (!Array.isArray(streams)) throw new Error('not a list of streams');
  return streams;
}

// The entry of one stream, or undefined where there is none.
export async function fetchStream(name) {
  return (await fetchStreams()).find((stream) => stream.name === name);
}
