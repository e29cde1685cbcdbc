// A gate that only web traffic passes: what is no HTTP is closed, requests and WebSockets go on to the server.
import { createServer, request as forward } from 'node:http';

const headOf = ({ statusCode, statusMessage, rawHeaders }) => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

// Stands at `address`, on any free port, before `origin`. Resolves to {origin, close()}.
export async function openWebGate(address, origin) {
  const { hostname, port } = new URL(origin);
  const onward = ({ method, url, headers }) => forward({ hostname, port, method, path: url, headers });
  const gate = createServer((request, response) => {
    const next = onward(request);
    next.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    next.on('error', () => response.destroy());
    request.pipe(next);
  });
  gate.on('upgrade', (request, socket, head) => {
    const next = onward(request);
    next.on('upgrade', (answer, other, rest) => {
      socket.write(headOf(answer));
      socket.write(rest);
      other.write(head);
      other.pipe(socket).pipe(other);
      for (const [end, far] of [[socket, other], [other, socket]]) end.on('error', () => far.destroy()).on('close', () => far.destroy());
    });
    next.on('response', (answer) => {
      socket.write(headOf(answer));
      answer.pipe(socket);
    });
    next.on('error', () => socket.destroy());
    next.end();
  });
  gate.on('clientError', (_, socket) => socket.destroy());
  const sockets = new Set();
  gate.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => gate.listen(0, address, resolve));
  return {
    origin: `http://${address}:${gate.address().port}`,
    // WebSockets too, which the server itself does not count among its own connections any more.
    async close() {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => gate.close(resolve));
    },
  };
}
