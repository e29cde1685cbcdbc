"""Clients over TLS, and the certificates that servers show them."""
import contextlib
import socket
import ssl
import subprocess

REQUEST = b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'


def openssl(*arguments, cwd):
    subprocess.run(['openssl', *arguments], cwd=cwd, check=True, capture_output=True, timeout=20)


def make_certificates(folder):
    """A root, an intermediate and servers' certificates, as a certificate authority would make them: leaf and next are
    good, old is expired."""
    extensions = {'root': 'basicConstraints=critical,CA:TRUE', 'middle': 'basicConstraints=critical,CA:TRUE',
                  'leaf': 'subjectAltName=DNS:camera.example', 'old': 'subjectAltName=DNS:camera.example',
                  'next': 'subjectAltName=DNS:camera.example,DNS:door.example'}
    for name, issuer, days in (('root', None, '2'), ('middle', 'root', '2'), ('leaf', 'middle', '2'),
                               ('next', 'middle', '2'), ('old', 'middle', '-1')):
        # The form with EC PARAMETERS before the key, as old guides make it.
        openssl('ecparam', '-name', 'prime256v1', '-genkey', '-out', f'{name}.key', cwd=folder)
        openssl('req', '-new', '-key', f'{name}.key', '-subj', f'/CN={name}', '-out', f'{name}.csr', cwd=folder)
        (folder / f'{name}.ext').write_text(extensions[name] + '\n', encoding='ascii')
        signer = ['-signkey', f'{name}.key'] if issuer is None else ['-CA', f'{issuer}.crt', '-CAkey',
                                                                     f'{issuer}.key', '-CAcreateserial']
        openssl('x509', '-req', '-in', f'{name}.csr', *signer, '-days', days, '-extfile', f'{name}.ext',
                '-out', f'{name}.crt', cwd=folder)
    for name in ('leaf', 'next', 'old'):
        chain = (folder / f'{name}.crt').read_text() + (folder / 'middle.crt').read_text()
        (folder / f'{name}-chain.crt').write_text(chain, encoding='ascii')
    openssl('pkey', '-in', 'leaf.key', '-aes128', '-passout', 'pass:secret', '-out', 'encrypted.key', cwd=folder)


def trusting_all():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def connected(server, context, name=None, session=None):
    with socket.create_connection(('127.0.0.1', server.port), timeout=5) as tcp:
        with context.wrap_socket(tcp, server_hostname=name, session=session) as tls:
            yield tls


def read_all(connection):
    answer = b''
    while part := connection.recv(65536):
        answer += part
    return answer


def healthz(connection):
    connection.sendall(REQUEST)
    return read_all(connection)
