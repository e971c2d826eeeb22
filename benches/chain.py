#!/usr/bin/env python3
"""What reading the chain costs. See benches/README.md.

  benches/chain.py PROGRAM NODE [RELEASES]   NODE is an anvil that may be written to; RELEASES is 100000 unless given
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import termios
import time
import urllib.request
from io import BytesIO
from statistics import median

ROUNDS = 5
LIST = 20_000


def rpc(node, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(node, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["result"]


class Home:
    def __init__(self, program, folder, node):
        self.program, self.folder, self.node = program, folder, node
        os.makedirs(folder)
        self.file = os.path.join(folder, "passphrase")
        with open(self.file, "w") as file:
            file.write("a passphrase of the bench\n")
        self.run("network", "add", "bench", "--rpc", node)
        self.run("network", "use", "bench")

    def run(self, *arguments):
        environment = {**os.environ, "DAOCHAIN_HOME": self.folder, "DAOCHAIN_PASSWORD_FILE": self.file}
        done = subprocess.run([self.program, "--json", "--docker-host", "none", *arguments], env=environment, capture_output=True)
        document = json.loads(done.stdout)
        if done.returncode not in (0, 4):
            sys.exit(f"{arguments}: {document} {done.stderr.decode()}")
        return document

    def seconds(self, *arguments):
        began = time.monotonic()
        self.run(*arguments)
        return time.monotonic() - began


def archive(path):
    config = b'{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}'
    manifest = json.dumps([{"Config": "c.json", "RepoTags": None, "Layers": []}]).encode()
    with tarfile.open(path, "w") as tar:
        for name, content in (("c.json", config), ("manifest.json", manifest)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))


def publish(home, releases):
    address = home.run("account", "new")["account"]["address"]
    rpc(home.node, "anvil_setBalance", address, hex(10**24))
    home.run("contract", "deploy", "--yes")
    image, names = os.path.join(home.folder, "a.tar"), os.path.join(home.folder, "names")
    archive(image)
    for first in range(0, releases, LIST):
        with open(names, "w") as file:
            file.writelines(f"b/{number}:1\n" for number in range(first, min(first + LIST, releases)))
        home.run("publish", "--from-file", names, "--archive", image, "--yes", "--confirmations", "1")
    return image


def idle(home, seconds=30):
    """Processor time of the open screen beside a chain that makes a block each second, in percent of one core."""
    rpc(home.node, "evm_setIntervalMining", 1)
    environment = {**os.environ, "DAOCHAIN_HOME": home.folder, "TERM": "xterm-256color"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(home.program, [home.program, "--docker-host", "none"], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def used():
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def drain(until):
        while time.monotonic() < until:
            if select.select([terminal], [], [], 0.2)[0]:
                os.read(terminal, 65536)

    drain(time.monotonic() + 5)
    before = used()
    drain(time.monotonic() + seconds)
    share = 100 * (used() - before) / seconds
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    return share


def main(program, node, releases):
    with tempfile.TemporaryDirectory(prefix="daochain-bench-") as folder:
        home = Home(program, os.path.join(folder, "publisher"), node)
        began = time.monotonic()
        publish(home, releases)
        print(f"{releases} releases published in {time.monotonic() - began:.0f} s")
        reader = Home(program, os.path.join(folder, "reader"), node)
        whole = reader.seconds("search", "nothing-of-that-name")
        size = sum(os.path.getsize(os.path.join(reader.folder, name)) for name in os.listdir(reader.folder) if name.startswith("state.db"))
        print(f"index    {releases} events in {whole:.1f} s (bound 60), {size / 1e6:.0f} MB on disk (bound 100)")
        base = median(reader.seconds("search", "nothing-of-that-name") for _ in range(ROUNDS))
        for what in (("history", f"b/{releases // 2}:1"), ("search", f"b/{releases // 3}")):
            took = median(reader.seconds(*what) for _ in range(ROUNDS))
            print(f"{what[0]:8} {1000 * (took - base):+.1f} ms beside a look-up that finds nothing, which takes {1000 * base:.0f} ms with the program's start (bound 5)")
        print(f"idle     {idle(reader):.2f} % of one core beside a block each second (bound 0.5)")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) == 4 else 100_000)
