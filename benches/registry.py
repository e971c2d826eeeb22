#!/usr/bin/env python3
"""What registries cost, beside what does the same without a verdict: benches/registry.py PROGRAM NODE [CASE...]

NODE is an Ethereum endpoint that may be written to (tests/parts/anvil.sh). Each case alternates both sides and prints their medians
and the median of the pairs' ratios, with its bound. Cases:
  remote     the verdicts of 200 tags of one repository / `skopeo inspect` of each
  pull       a verified pull of an image of 256 MB / `docker pull` of it, and hashing it
Both start a docker-registry of their own (DAOCHAIN_REGISTRY); `pull` needs the engine that DAOCHAIN_TEST_DOCKER names.
"""
import hashlib, http.client, io, json, os, socket, statistics, subprocess, sys, tarfile, tempfile, time

program, node = os.path.abspath(sys.argv[1]), sys.argv[2]
wanted = sys.argv[3:] or ["remote", "pull"]
ROUNDS, TAGS, LAYERS, LAYER_BYTES = 3, 200, 4, 64 << 20
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
work = tempfile.mkdtemp(prefix="daochain-bench.")
host = os.environ.get("DAOCHAIN_TEST_DOCKER")
passphrase = os.path.join(work, "passphrase")
env = {**os.environ, "DAOCHAIN_HOME": os.path.join(work, "home"), "DOCKER_BUILDKIT": "0", "DOCKER_HOST": host or "none",
       "DAOCHAIN_PASSWORD_FILE": passphrase}
with open(passphrase, "w") as file:
    file.write("a passphrase of the bench\n")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    registry = f"127.0.0.1:{free.getsockname()[1]}"


def run(*command, check=True):
    return subprocess.run(command, env=env, check=check, capture_output=True, text=True, cwd=here)


def ours(*args):
    return json.loads(run(program, *args, "--json").stdout)


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def pairs(name, mine, theirs, bound):
    theirs(), mine()
    rounds = [(timed(theirs), timed(mine)) for _ in range(ROUNDS)]
    ratio = statistics.median(own / other for other, own in rounds)
    own, other = statistics.median(own for _, own in rounds), statistics.median(other for other, _ in rounds)
    print(f"{name:<52} {own:>7.2f} s / {other:>7.2f} s = {ratio:.3f}  bound {bound:g}  {'ok' if ratio <= bound else 'over'}", flush=True)


def put(repository, data, kind, name=None):
    connection = http.client.HTTPConnection(registry)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    if kind is None:
        connection.request("POST", f"/v2/{repository}/blobs/uploads/")
        answer = connection.getresponse()
        answer.read()
        path = answer.headers["Location"].split(registry, 1)[1]
        path += ("&" if "?" in path else "?") + "digest=" + digest
        kind = "application/octet-stream"
    else:
        path = f"/v2/{repository}/manifests/{name}"
    connection.request("PUT", path, data, {"content-type": kind})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 201, (answer.status, path)
    return {"digest": digest, "size": len(data)}


def image(repository, tag, content):
    """A small image of one layer."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as out:
        member = tarfile.TarInfo("file")
        member.size = len(content)
        out.addfile(member, io.BytesIO(content))
    layer = tar.getvalue()
    machine = "arm64" if os.uname().machine == "aarch64" else "amd64"
    config = {"architecture": machine, "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    schema = "application/vnd.oci.image."
    manifest = {"schemaVersion": 2, "mediaType": schema + "manifest.v1+json",
                "config": {"mediaType": schema + "config.v1+json", **put(repository, json.dumps(config).encode(), None)},
                "layers": [{"mediaType": schema + "layer.v1.tar", **put(repository, layer, None)}]}
    put(repository, json.dumps(manifest).encode(), manifest["mediaType"], tag)


def remote():
    name = f"{registry}/bench/tags"
    for number in range(TAGS):
        image("bench/tags", f"t{number}", f"content {number}".encode())
    names = os.path.join(work, "names")
    with open(names, "w") as file:
        file.writelines(f"{name}:t{number}\n" for number in range(0, TAGS, 2))
    ours("observe", "--file", names, "--yes", "--confirmations", "1")
    found = json.loads(run(program, "remote", name, "--json", check=False).stdout)
    assert len(found["images"]) == TAGS, len(found["images"])
    assert sum(one["verdict"] == "verified" for one in found["images"]) == TAGS // 2

    def inspect():
        for number in range(TAGS):
            run("skopeo", "inspect", "--tls-verify=false", f"docker://{name}:t{number}")

    pairs(f"verdicts of {TAGS} tags / skopeo inspect of each", lambda: run(program, "remote", name, check=False), inspect, 0.5)


def pull():
    name = f"{registry}/bench/pulled:1"
    folder = os.path.join(work, "image")
    os.mkdir(folder)
    lines = ["FROM scratch"]
    for number in range(LAYERS):
        with open(os.path.join(folder, f"layer{number}"), "wb") as file:
            file.write(os.urandom(LAYER_BYTES))
        lines.append(f"COPY layer{number} /layer{number}")
    with open(os.path.join(folder, "Dockerfile"), "w") as file:
        file.write("\n".join(lines))
    run("docker", "build", "-q", "-t", name, folder)
    ours("push", name, "--publish", "--yes", "--confirmations", "1")

    def fresh():
        run("docker", "rmi", "-f", name, check=False)
        run("docker", "image", "prune", "-f")

    spent = {"ours": [], "theirs": []}

    def round_of(side, action):
        fresh()
        spent[side].append(timed(action))

    def verified():
        assert ours("pull", name)["tagged"]

    def plain():
        run("docker", "pull", "-q", name)
        ours("verify", name, "--measure")

    for _ in range(ROUNDS + 1):
        round_of("theirs", plain)
        round_of("ours", verified)
    fresh()
    rounds = list(zip(spent["theirs"], spent["ours"]))[1:]
    ratio = statistics.median(own / other for other, own in rounds)
    own, other = statistics.median(own for _, own in rounds), statistics.median(other for other, _ in rounds)
    state = "ok" if ratio <= 1.15 else "over"
    print(f"{'a verified pull of 256 MB / docker pull, and hashing':<52} {own:>7.2f} s / {other:>7.2f} s = {ratio:.3f}  bound 1.15  {state}", flush=True)


run("bash", "tests/parts/registry.sh", "start", os.path.join(work, "registry"), registry.split(":")[1])
try:
    run(program, "network", "add", "bench", "--rpc", node)
    run(program, "network", "use", "bench")
    account = ours("account", "new")["account"]["address"]
    paying = {"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [account, hex(10**21)]}
    run("curl", "-sf", "-H", "content-type: application/json", "-d", json.dumps(paying), node)
    run(program, "contract", "deploy", "--yes", check=False)
    run(program, "trust", "add", f"{registry}/**", account)
    for case in wanted:
        {"remote": remote, "pull": pull}[case]()
except subprocess.CalledProcessError as error:
    sys.exit(f"{error.cmd}: {error.stdout}{error.stderr}")
finally:
    subprocess.run(["bash", "tests/parts/registry.sh", "stop", os.path.join(work, "registry")], cwd=here)
