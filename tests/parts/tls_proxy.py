#!/usr/bin/env python3
"""An engine's socket behind TLS, as Docker's own `--tlsverify` offers it: tls_proxy.py SOCKET DIR

Makes its certificates in DIR with openssl, prints the port of 127.0.0.1 that it listens on, and ends when its standard
input does, so that it outlives nobody who started it. Only clients whose certificate its own authority signed get
through to SOCKET.

    DIR/client    ca.pem, cert.pem, key.pem: a client that is let in
    DIR/stranger  the same of another authority
"""
import contextlib, os, select, socket, ssl, subprocess, sys, threading

engine, folder = sys.argv[1], sys.argv[2]

# Of its own, because what openssl reads by default would make an authority of every certificate.
CONFIG = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
"""


def certificate(kind, name, cert, key, signed_by=()):
    command = ["openssl", "req", "-config", os.path.join(folder, "openssl.cnf"), "-x509", "-extensions", kind,
               "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + name,
               "-out", cert, "-keyout", key]
    if signed_by:
        command += ["-CA", signed_by[0], "-CAkey", signed_by[1]]
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if made.returncode:
        sys.exit("%s: %s" % (" ".join(command), made.stderr))


def authority(name):
    """A folder with an authority's certificate and a client's that it signed; the authority."""
    inside = os.path.join(folder, name)
    os.mkdir(inside)
    signer = (os.path.join(inside, "ca.pem"), os.path.join(folder, name + "-ca-key.pem"))
    certificate("authority", name + "'s authority", *signer)
    certificate("client", name, os.path.join(inside, "cert.pem"), os.path.join(inside, "key.pem"), signer)
    return signer


def relay(client, upstream):
    """By one thread, because OpenSSL's connections are not for two. Either side's end is the end of both."""
    while True:
        # What was decrypted already makes no socket readable.
        ready = [client] if client.pending() else select.select([client, upstream], [], [])[0]
        for source, sink in ((client, upstream), (upstream, client)):
            if source in ready:
                chunk = source.recv(65536)
                if not chunk:
                    return
                sink.sendall(chunk)


def serve(plain, context):
    client = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
    try:
        client.do_handshake()
    except OSError:
        # What a client had already sent would make closing a reset, which overtakes the alert that says why.
        refused = socket.socket(fileno=client.detach())
        with contextlib.suppress(OSError), refused:
            refused.shutdown(socket.SHUT_WR)
            while refused.recv(65536):
                pass
        return
    # A client that breaks off is no matter of this program's.
    with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as upstream:
        upstream.connect(engine)
        relay(client, upstream)


def accept(listener, context):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, context), daemon=True).start()


with open(os.path.join(folder, "openssl.cnf"), "w") as file:
    file.write(CONFIG)
own = authority("client")
authority("stranger")
pair = (os.path.join(folder, "server-cert.pem"), os.path.join(folder, "server-key.pem"))
certificate("server", "engine", *pair, own)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*pair)
context.load_verify_locations(own[0])
context.verify_mode = ssl.CERT_REQUIRED

listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept, args=(listener, context), daemon=True).start()
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
