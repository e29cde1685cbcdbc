"""Certificates of an authority of the test's own, by openssl."""
from tls_client import openssl


def make_authority(folder):
    """root.crt and root.key."""
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
            '-subj', '/CN=root', '-keyout', 'root.key', '-out', 'root.crt', cwd=folder)


def issue(folder, name, alternative_name, days='2'):
    """NAME.crt and NAME.key, signed by the authority; with negative days it is over already."""
    (folder / f'{name}.ext').write_text(f'subjectAltName={alternative_name}\n', encoding='ascii')
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', f'/CN={name}',
            '-keyout', f'{name}.key', '-out', f'{name}.csr', cwd=folder)
    openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'root.crt', '-CAkey', 'root.key', '-CAcreateserial',
            '-days', days, '-extfile', f'{name}.ext', '-out', f'{name}.crt', cwd=folder)
