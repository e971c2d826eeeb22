#!/usr/bin/env python3
"""What measuring costs, beside what it is compared with: benches/image.py PROGRAM [CASE...]

Each case alternates both sides and prints their medians and the median of the pairs' ratios, with its bound. Cases:
  file       a saved archive of 1 GB in the page cache / one core's SHA-256 (`openssl speed`)
  gzip       the same layers as gzip / `gzip -dc` of them
  engine     an image of 1 GB through the engine / `docker save >/dev/null`
  together   40 images on one base through the engine / hashing what `docker save` of all gives, once
The last two need the engine that DAOCHAIN_TEST_DOCKER names, and are left out, and said, without one.
"""
import hashlib, io, json, os, re, shutil, statistics, subprocess, sys, tarfile, tempfile, time

program = os.path.abspath(sys.argv[1])
wanted = sys.argv[2:] or ["file", "gzip", "engine", "together"]
ROUNDS, LAYERS, LAYER_BYTES, PEAK = 5, 4, 256 << 20, 32
work = tempfile.mkdtemp(prefix="daochain-bench.")
host = os.environ.get("DAOCHAIN_TEST_DOCKER")
env = {**os.environ, "DAOCHAIN_HOME": os.path.join(work, "home"), "DOCKER_BUILDKIT": "0", "DOCKER_HOST": host or "none"}


def timed(command):
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def peak(command):
    """Peak resident megabytes of one run, from a process of its own so that the figure is this child's alone."""
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    out = subprocess.run([sys.executable, "-c", code, *command], env=env, check=True, capture_output=True).stdout
    return int(out) / 1024


def report(name, ours, theirs, ratio, bound, note=""):
    state = "ok" if ratio <= bound else "over"
    print(f"{name:<44} {ours:>8.2f} s / {theirs:>8.2f} s = {ratio:.3f}  bound {bound:g}  {state} {note}", flush=True)


def pairs(name, ours, theirs, bound):
    timed(theirs), timed(ours)
    rounds = [(timed(theirs), timed(ours)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / other for other, mine in rounds)
    base = peak([program, "--version"])
    memory = peak(ours) - base
    report(name, statistics.median(mine for _, mine in rounds), statistics.median(other for other, _ in rounds), ratio, bound,
           f"peak {memory:.1f} MB above --version, bound {PEAK}  {'ok' if memory <= PEAK else 'over'}")


def docker(*args):
    return subprocess.run(["docker", *args], env=env, check=True, capture_output=True, text=True).stdout.strip()


def archive(path, pack):
    """An OCI archive of incompressible and compressible bytes, half and half, whose layers `pack` stores."""
    blobs = {}

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"digest": f"sha256:{digest}", "size": len(data)}

    diff_ids, layers, stored = [], [], []
    for number in range(LAYERS):
        half = os.urandom(1 << 20)
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as tar:
            info = tarfile.TarInfo(f"part{number}")
            info.size = LAYER_BYTES
            text = (b"a line of a log that says the same again and again, number %08d\n" % number) * 16384
            body = (half + text[: 1 << 20]) * (LAYER_BYTES >> 21)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        layer = content.getvalue()
        diff_ids.append("sha256:" + hashlib.sha256(layer).hexdigest())
        file = os.path.join(work, f"layer{number}")
        with open(file, "wb") as out:
            out.write(layer)
        packed = pack(file)
        stored.append(packed)
        with open(packed, "rb") as data:
            layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", **blob(data.read())})
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode()
    manifest = json.dumps({"schemaVersion": 2, "layers": layers,
                           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(config)}}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", **blob(manifest)}]}).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in [*((f"blobs/sha256/{digest}", data) for digest, data in blobs.items()),
                           ("index.json", index), ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stored


def gzipped(file):
    subprocess.run(["gzip", "-1", "--keep", file], check=True)
    return file + ".gz"


def file_case():
    path = os.path.join(work, "saved.tar")
    archive(path, lambda file: file)
    size = os.path.getsize(path)
    hash_ = [program, "--docker-host", "none", "hash", path, "--json"]
    timed(["cat", path]), timed(hash_)
    rounds = []
    for _ in range(ROUNDS):
        out = subprocess.run(["openssl", "speed", "-seconds", "2", "-bytes", "16384", "-evp", "sha256"],
                             capture_output=True, text=True, check=True).stdout
        rate = float(re.findall(r"([\d.]+)k", out)[-1]) * 1000
        rounds.append((size / rate, timed(hash_)))
    ratio = statistics.median(ours / theirs for theirs, ours in rounds)
    report("file of 1 GB / one core's SHA-256", statistics.median(ours for _, ours in rounds),
           statistics.median(theirs for theirs, _ in rounds), ratio, 1 / 0.7, f"peak {peak(hash_) - peak([program, '--version']):.1f} MB")


def gzip_case():
    path = os.path.join(work, "gzip.tar")
    layers = archive(path, gzipped)
    pairs("gzip layers of 1 GB / gzip -dc", [program, "--docker-host", "none", "hash", path, "--json"],
          ["sh", "-c", f"gzip -dc {' '.join(layers)} >/dev/null"], 1.1)


def build(tag, dockerfile, files):
    folder = tempfile.mkdtemp(dir=work)
    with open(f"{folder}/Dockerfile", "w") as out:
        out.write(dockerfile)
    for name, size in files.items():
        with open(f"{folder}/{name}", "wb") as out:
            for _ in range(max(1, size >> 20)):
                out.write(os.urandom(min(size, 1 << 20)))
    docker("build", "-q", "-t", tag, folder)
    shutil.rmtree(folder)


def is_containerd():
    return "io.containerd.snapshotter" in docker("info", "--format", "{{.DriverStatus}}")


def engine_case():
    tag = "daochain-bench/big:1"
    names = [f"part{number}" for number in range(LAYERS)]
    build(tag, "FROM scratch\n" + "".join(f"COPY {name} /{name}\n" for name in names), dict.fromkeys(names, LAYER_BYTES))
    try:
        pairs("image of 1 GB through the engine / docker save", [program, "hash", tag, "--json"],
              ["sh", "-c", f"docker save {tag} >/dev/null"], 1.02 if is_containerd() else 1.08)
    finally:
        docker("rmi", "-f", tag)


def together_case():
    tags = [f"daochain-bench/shared:{number}" for number in range(40)]
    build(tags[0], "FROM scratch\nCOPY base /base\n", {"base": 256 << 20})
    for tag in tags[1:]:
        build(tag, f"FROM {tags[0]}\nCOPY more /more\n", {"more": 1 << 20})
    once = os.path.join(work, "once.sh")
    with open(once, "w") as out:
        out.write(f"docker save {' '.join(tags)} | {program} --docker-host none hash - --json >/dev/null\n")
    # `verify` answers 4: nobody has published these.
    ours = ["sh", "-c", f"{program} verify --measure {' '.join(tags)} --json >/dev/null || [ $? -eq 4 ]"]
    try:
        pairs("40 images on one base / their bytes once", ours, ["sh", once], 1.25)
    finally:
        docker("rmi", "-f", *tags)


try:
    for case in wanted:
        if case in ("engine", "together") and not host:
            print(f"{case}: left out, DAOCHAIN_TEST_DOCKER names no engine")
            continue
        {"file": file_case, "gzip": gzip_case, "engine": engine_case, "together": together_case}[case]()
finally:
    shutil.rmtree(work, ignore_errors=True)
