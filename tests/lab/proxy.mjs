// Squid as an office has it: it connects to port 443 alone, and may open TLS with a certificate authority of its own.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { listensIn, run, startIn } from './commands.mjs';

const USER = 'proxy';  // Debian's user for it: squid refuses to work as root.
const CERTIFICATE_MAKER = '/usr/lib/squid/security_file_certgen';

export const PROXY_PORT = 3128;

const common = (folder) => `
acl web port 443
http_access allow web
http_access deny all
cache deny all
cache_mem 8 MB
cache_log ${folder}/cache.log
access_log stdio:${folder}/access.log
pid_filename none
netdb_filename none
pinger_enable off
dns_nameservers 127.0.0.1
shutdown_lifetime 0 seconds
visible_hostname proxy.test
cache_effective_user ${USER}
coredump_dir ${folder}
`;

const connecting = `http_port ${PROXY_PORT}\n`;

// What is not TLS, or not HTTP within, is closed; WebSocket is let through, as it is by proxies that know of it.
const opening = (folder, trust) => `
http_port ${PROXY_PORT} ssl-bump tls-cert=${trust.authority} tls-key=${trust.authorityKey} generate-host-certificates=on
sslcrtd_program ${CERTIFICATE_MAKER} -s ${folder}/certificates -M 4MB
sslcrtd_children 1 startup=1 idle=1
acl first at_step SslBump1
ssl_bump peek first
ssl_bump bump all
tls_outgoing_options cafile=${trust.authority}
http_upgrade_request_protocols websocket allow all
`;

// `kind` is 'connects' or 'opens'.
export async function startProxy(namespace, kind, trust) {
  const folder = `${trust.folder}/proxy`;
  mkdirSync(folder);
  if (kind === 'opens') run(CERTIFICATE_MAKER, ['-c', '-s', `${folder}/certificates`, '-M', '4MB']);
  writeFileSync(`${folder}/squid.conf`, common(folder) + (kind === 'opens' ? opening(folder, trust) : connecting));
  run('chown', ['-R', `${USER}:`, folder]);
  chmodSync(trust.authorityKey, 0o644);
  const args = ['-N', '-f', `${folder}/squid.conf`];
  await startIn(namespace, 'squid', args, () => listensIn(namespace, PROXY_PORT));
}
