"""What the TLS tests' Python programs share: certificates, and saying at the end what went through TLS.

Environment: TLS_PKI, a folder with ca.pem, cert.pem, key.pem; TLS_TRUTH, a file that gets, when the process ends, a line for
each direction of its connections: COMM PID write|read SRC-DST BYTES SHA256, as tests/live/plain-streams prints it; READY, a file
that is made as soon as a server listens.
"""
import hashlib
import os
import signal
import ssl
import sys
import threading

PKI = os.environ.get("TLS_PKI")
COMM = open("/proc/self/comm").read().rstrip("\n")


def name(end):
    return f"[{end[0]}]:{end[1]}" if ":" in end[0] else f"{end[0]}:{end[1]}"


class Truth:
    """Bytes by direction and connection."""

    def __init__(self):
        self.streams = {}
        self.lock = threading.Lock()

    def add(self, op, own, peer, data):
        ends = (own, peer) if op == "write" else (peer, own)
        with self.lock:
            stream = self.streams.setdefault((op, ends), [0, hashlib.sha256()])
            stream[0] += len(data)
            stream[1].update(data)
        return data

    def write(self):
        lines = [f"{COMM} {os.getpid()} {op} {name(ends[0])}-{name(ends[1])} {n} {sha.hexdigest()}\n"
                 for (op, ends), (n, sha) in self.streams.items() if n]
        with open(os.environ["TLS_TRUTH"], "a") as out:
            out.write("".join(lines))


TRUTH = Truth()


class Recorder(ssl.SSLSocket):
    """Everything ssl sends and receives goes through these two."""

    def send(self, data, flags=0):
        n = super().send(data, flags)
        TRUTH.add("write", self.getsockname(), self.getpeername(), bytes(data[:n]))
        return n

    def read(self, len=1024, buffer=None):
        got = super().read(len, buffer)
        TRUTH.add("read", self.getsockname(), self.getpeername(), bytes(buffer[:got]) if buffer is not None else got)
        return got


def server_context():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{PKI}/cert.pem", f"{PKI}/key.pem")
    context.sslsocket_class = Recorder
    return context


def client_context():
    context = ssl.create_default_context(cafile=f"{PKI}/ca.pem")
    context.sslsocket_class = Recorder
    return context


def say_ready():
    open(os.environ["READY"], "w").close()


def end(*_):
    raise SystemExit(0)


def run(roles, usage):
    """The role that the command line names, with its arguments; SIGTERM ends it in order."""
    if len(sys.argv) < 2 or sys.argv[1] not in roles:
        sys.exit(usage)
    signal.signal(signal.SIGTERM, end)
    try:
        roles[sys.argv[1]](*sys.argv[2:])
    finally:
        TRUTH.write()
