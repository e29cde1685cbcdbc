// A firewall that looks into connections: node inspector.mjs PORT SERVER SERVER_PORT tls|http
//
// What is redirected to PORT goes on to the server only if its first bytes are those of TLS, or of an HTTP request; any
// other connection is reset.
import { connect, createServer } from 'node:net';

const [port, server, serverPort, only] = process.argv.slice(2);

const LOOKS = {
  // RFC 8446 section 5.1: a handshake record.
  tls: (bytes) => bytes[0] === 0x16 && (bytes.length < 2 || bytes[1] === 0x03),
  http: (bytes) => /^(GET|POST|PATCH|DELETE|OPTIONS|HEAD) ?/.test(bytes.toString('latin1', 0, 8)),
};

function passOn(client, first) {
  const onward = connect({ host: server, port: Number(serverPort), noDelay: true });
  onward.write(first);
  client.pipe(onward);
  onward.pipe(client);
  onward.on('error', () => client.resetAndDestroy());
  client.on('error', () => onward.resetAndDestroy());
}

createServer({ noDelay: true }, (client) => {
  client.on('error', () => {});
  client.once('data', (first) => {
    client.pause();
    if (LOOKS[only](first)) passOn(client, first);
    else client.resetAndDestroy();
  });
}).listen(Number(port), '0.0.0.0');
