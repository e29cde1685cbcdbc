// A certificate authority of the test's own, a certificate for the server, and browsers that trust it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { run } from './commands.mjs';
import { HOST } from './topology.mjs';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const EXTENSIONS = `subjectAltName = DNS:${HOST}\nextendedKeyUsage = serverAuth\nbasicConstraints = CA:FALSE\n`;

// Both browsers read NSS databases: Chromium that of the user's home, Firefox that of its profile.
function makeDatabase(folder, authority) {
  mkdirSync(folder, { recursive: true });
  run('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password']);
  run('certutil', ['-A', '-d', `sql:${folder}`, '-n', 'laboratory', '-t', 'C,,', '-i', authority]);
}

function makeAuthority({ authority, authorityKey }) {
  const subject = ['-subj', '/CN=Porthole laboratory'];
  run('openssl', ['req', '-x509', ...KEY, ...subject, '-days', '30', '-keyout', authorityKey, '-out', authority]);
}

function makeCertificate({ folder, authority, authorityKey, certificate, key }) {
  const request = run('openssl', ['req', '-new', ...KEY, '-subj', `/CN=${HOST}`, '-keyout', key]);
  writeFileSync(`${folder}/extensions`, EXTENSIONS);
  const issuer = ['-CA', authority, '-CAkey', authorityKey, '-CAcreateserial'];
  const args = ['x509', '-req', ...issuer, '-days', '30', '-extfile', `${folder}/extensions`, '-out', certificate];
  run('openssl', args, { input: request });
}

// Puts everything into `folder`, which is empty; {authority, authorityKey, certificate, key, home, profile} are paths.
export function makeTrust(folder) {
  const trust = {
    folder,
    authority: `${folder}/authority.pem`,
    authorityKey: `${folder}/authority.key`,
    certificate: `${folder}/server.pem`,
    key: `${folder}/server.key`,
    home: `${folder}/home`,
    profile: `${folder}/profile`,
  };
  makeAuthority(trust);
  makeCertificate(trust);
  makeDatabase(`${trust.home}/.pki/nssdb`, trust.authority);
  makeDatabase(trust.profile, trust.authority);
  return trust;
}
