#!/usr/bin/env python3
"""A full geth on loopback whose blocks are made on demand, and taken back.

  reorg_geth.py start DIR ADDRESS   a chain on which ADDRESS holds ether; prints the endpoint. DAOCHAIN_GETH names the binary.
  reorg_geth.py mine DIR [empty]    a block of what waits, or of nothing; prints its hash
  reorg_geth.py head DIR HASH       makes that block the newest; later ones leave the chain
  reorg_geth.py stop DIR

Blocks are made by geth's API `testing`, and taken back by the engine API, as a consensus client would do it.
"""
import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ZERO = "0x" + "00" * 32
NOBODY = "0x" + "99" * 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Geth:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        with open(self.path("ports")) as file:
            self.http, self.engine = map(int, file.read().split())

    def path(self, name):
        return os.path.join(self.folder, name)

    def token(self):
        """The engine API wants a token that is not older than a minute (execution-apis, `authentication.md`)."""
        part = lambda content: base64.urlsafe_b64encode(content).rstrip(b"=")
        message = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps({"iat": int(time.time())}).encode())
        with open(self.path("jwt")) as file:
            key = bytes.fromhex(file.read())
        return (message + b"." + part(hmac.new(key, message, hashlib.sha256).digest())).decode()

    def call(self, method, *params, engine=False):
        headers = {"content-type": "application/json"}
        if engine:
            headers["authorization"] = "Bearer " + self.token()
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        url = f"http://127.0.0.1:{self.engine if engine else self.http}"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as response:
            answer = json.load(response)
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, transactions):
        newest = self.call("eth_getBlockByNumber", "latest", False)
        # An empty block in the place of another must be another block.
        later = 13 if transactions == [] else 12
        attributes = {
            "timestamp": hex(max(int(newest["timestamp"], 16) + later, 1)),
            "prevRandao": ZERO,
            "suggestedFeeRecipient": NOBODY,
            "withdrawals": [],
            "parentBeaconBlockRoot": ZERO,
        }
        return self.call("testing_commitBlockV1", attributes, transactions)

    def head(self, block):
        state = {"headBlockHash": block, "safeBlockHash": ZERO, "finalizedBlockHash": ZERO}
        status = self.call("engine_forkchoiceUpdatedV3", state, None, engine=True)["payloadStatus"]["status"]
        if status != "VALID":
            sys.exit(f"the head was not changed: {status}")


def start(folder, address):
    folder = os.path.abspath(folder)
    os.makedirs(folder)
    geth = os.environ.get("DAOCHAIN_GETH", "geth")
    with open(os.path.join(HERE, "../../assets/geth-genesis.json")) as file:
        genesis = json.load(file)
    genesis["alloc"][address] = {"balance": hex(10**20)}
    path = lambda name: os.path.join(folder, name)
    http, engine = free_port(), free_port()
    for name, content in {
        "genesis.json": json.dumps(genesis),
        "jwt": os.urandom(32).hex(),
        "ports": f"{http} {engine}",
        # Otherwise it listens for peers on every interface.
        "config.toml": '[Node.P2P]\nListenAddr = "127.0.0.1:%d"\nNoDiscovery = true\n' % free_port(),
    }.items():
        with open(path(name), "w") as file:
            file.write(content)
    with open(path("log"), "w") as log:
        data = ["--datadir", path("data")]
        subprocess.run([geth, "init", *data, path("genesis.json")], check=True, stdout=log, stderr=log)
        process = subprocess.Popen(
            [geth, *data, "--networkid", "1337", "--nodiscover", "--nat", "none", "--netrestrict", "127.0.0.0/8"]
            + ["--config", path("config.toml"), "--syncmode", "full", "--cache", "64", "--ipcpath", path("geth.ipc")]
            + ["--http", "--http.addr", "127.0.0.1", "--http.port", str(http)]
            + ["--http.api", "admin,eth,net,web3,txpool,testing", "--authrpc.port", str(engine), "--authrpc.jwtsecret", path("jwt")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    with open(path("pid"), "w") as file:
        file.write(str(process.pid))
    node = Geth(folder)
    for _ in range(400):
        try:
            node.call("eth_chainId")
            # Before it heard of a head, it takes no older one.
            node.head(node.mine([]))
            return print(f"http://127.0.0.1:{http}")
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    sys.exit(f"geth did not answer; its log is {path('log')}")


def stop(folder):
    with open(os.path.join(folder, "pid")) as file:
        pid = int(file.read())
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main(command, folder, *rest):
    if command == "start":
        start(folder, *rest)
    elif command == "stop":
        stop(folder)
    elif command == "mine":
        print(Geth(folder).mine([] if rest else None))
    elif command == "head":
        Geth(folder).head(*rest)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
