#!/usr/bin/env python3
"""A Docker engine with any number of images, for what needs many or wants to know when.

  fake_engine.py SOCKET COUNT [--silent] [--every SECONDS] [--export BYTES [--rate BYTES]] [--containers N]

It answers what terminal programs ask for: ping, version, info, images, one image, its history, containers, events.
  --silent     accepts connections and never answers: an engine that hangs
  --every S    one new image comes each S seconds, with the events of it
  --export B   the first image has one layer of B bytes and can be exported, and hashes to what it is called
  --rate B     exporting gives B bytes a second, as a slow disk does
  --containers N   so many, for programs that list nothing else
"""
import argparse, hashlib, http.server, io, json, os, re, socketserver, tarfile, threading, time

ask = argparse.ArgumentParser()
ask.add_argument("socket")
ask.add_argument("count", type=int)
ask.add_argument("--silent", action="store_true")
ask.add_argument("--every", type=float, default=0)
ask.add_argument("--export", type=int, default=0)
ask.add_argument("--rate", type=float, default=0)
ask.add_argument("--containers", type=int, default=0)
given = ask.parse_args()

BLOCK = bytes(range(256)) * 256


def tar_header(name, size):
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


def padding(size):
    return b"\0" * (-size % 512)


def layer():
    """The first image's layer, in pieces."""
    yield tar_header("data", given.export)
    left = given.export
    while left > 0:
        piece = BLOCK[:left]
        left -= len(piece)
        yield piece
    yield padding(given.export) + b"\0" * 1024


def configuration():
    digest = hashlib.sha256()
    for piece in layer():
        digest.update(piece)
    return json.dumps({"architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z", "config": {"Cmd": ["/data"]},
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest.hexdigest()]},
                       "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "COPY data"}]}).encode()


CONFIGURATION = configuration() if given.export else b""


def archive():
    """What `docker save` gives of the first image, in pieces."""
    name = hashlib.sha256(CONFIGURATION).hexdigest()
    size = sum(len(piece) for piece in layer())
    manifest = json.dumps([{"Config": name + ".json", "RepoTags": ["bench/image-00000:1"], "Layers": ["l/layer.tar"]}]).encode()
    yield tar_header("l/layer.tar", size)
    yield from layer()
    yield padding(size)
    for file, content in ((name + ".json", CONFIGURATION), ("manifest.json", manifest)):
        yield tar_header(file, len(content)) + content + padding(len(content))
    yield b"\0" * 1024


def image(n):
    digest = hashlib.sha256(b"image %d" % n if n or not given.export else CONFIGURATION).hexdigest()
    return {"Id": "sha256:" + digest, "ParentId": "", "RepoTags": ["bench/image-%05d:1" % n], "RepoDigests": [],
            "Created": 1700000000 + n, "Size": given.export if given.export and not n else 1000000 + n * 1000,
            "VirtualSize": 1000000, "SharedSize": -1, "Labels": None, "Containers": -1}


def container(n):
    return {"Id": hashlib.sha256(b"container %d" % n).hexdigest(), "Names": ["/container-%03d" % n], "Image": "bench/image-00000:1",
            "ImageID": "sha256:" + "0" * 64, "Command": "/data", "Created": 1700000000, "Ports": [], "Labels": {}, "State": "running",
            "Status": "Up 2 hours", "HostConfig": {"NetworkMode": "none"}, "NetworkSettings": {"Networks": {}}, "Mounts": []}


class Images:
    """The list, and its text, which is made once for each change."""

    def __init__(self, count):
        self.lock, self.all = threading.Condition(), [image(n) for n in range(count)]
        self.texts = [json.dumps(one) for one in self.all]
        self.text = self.joined()
        self.events = []

    def joined(self):
        return ("[" + ",".join(self.texts) + "]").encode()

    def grow(self):
        one = image(len(self.all))
        with self.lock:
            self.all.append(one)
            self.texts.append(json.dumps(one))
            self.text = self.joined()
            for action in ("load", "tag"):
                now = time.time_ns()
                self.events.append({"status": action, "id": one["RepoTags"][0], "Type": "image", "Action": action, "scope": "local",
                                    "Actor": {"ID": one["RepoTags"][0] if action == "tag" else one["Id"],
                                              "Attributes": {"name": one["RepoTags"][0]}},
                                    "time": now // 10**9, "timeNano": now})
            self.lock.notify_all()

    def find(self, name):
        return next((one for one in self.all if name in (one["Id"], one["Id"][7:], one["RepoTags"][0])), None)


images = Images(given.count)
VERSION = {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64", "GitCommit": "fake",
           "GoVersion": "go1.19.8", "KernelVersion": "6.0", "Components": [{"Name": "Engine", "Version": "20.10.24"}]}
INFO = {"ID": "FAKE:ENGINE", "ServerVersion": "20.10.24", "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]],
        "Name": "fake", "OSType": "linux", "Architecture": "x86_64", "NCPU": 2, "MemTotal": 8 << 30, "Containers": given.containers,
        "ContainersRunning": given.containers, "ContainersPaused": 0, "ContainersStopped": 0, "Images": given.count}
CONTAINERS = [container(n) for n in range(given.containers)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(b"OK", "text/plain", body=False)

    def do_GET(self):
        if given.silent:
            time.sleep(3600)
        route = re.sub(r"^/v1\.\d+", "", self.path.split("?")[0])
        plain = {"/version": VERSION, "/info": INFO, "/containers/json": CONTAINERS, "/networks": [],
                 "/volumes": {"Volumes": [], "Warnings": None}}
        if route == "/_ping":
            return self.answer(b"OK", "text/plain")
        if route == "/events":
            return self.tell_events()
        if route == "/images/json":
            return self.answer(images.text)
        if route in plain:
            return self.answer(json.dumps(plain[route]).encode())
        named = re.fullmatch(r"/images/(.+)/(json|history|get)", route)
        found = named and images.find(named[1].replace("%3A", ":").replace("%2F", "/"))
        if found and named[2] == "get" and given.export and found is images.all[0]:
            return self.export()
        if found and named[2] == "json":
            return self.answer(json.dumps({**found, "Os": "linux", "Architecture": "amd64", "Created": "2024-01-01T00:00:00Z",
                                           "RootFS": {"Type": "layers", "Layers": []}, "Config": {"Cmd": ["/data"]}}).encode())
        if found and named[2] == "history":
            return self.answer(json.dumps([{"Id": found["Id"], "Created": found["Created"], "CreatedBy": "COPY data",
                                            "Tags": found["RepoTags"], "Size": found["Size"], "Comment": ""}]).encode())
        return self.answer(b'{"message":"page not found"}', status=404)

    def begin_chunks(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()

    def chunk(self, piece):
        self.wfile.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
        self.wfile.flush()

    def tell_events(self):
        told = len(images.events)
        self.begin_chunks("application/json")
        while True:
            with images.lock:
                while told == len(images.events):
                    images.lock.wait()
                fresh, told = images.events[told:], len(images.events)
            for event in fresh:
                self.chunk(json.dumps(event).encode() + b"\n")

    def export(self):
        self.begin_chunks("application/x-tar")
        began, sent, held = time.monotonic(), 0, io.BytesIO()
        for piece in archive():
            held.write(piece)
            if held.tell() >= 1 << 18:
                self.chunk(held.getvalue())
                sent += held.tell()
                held = io.BytesIO()
                if given.rate:
                    time.sleep(max(0, began + sent / given.rate - time.monotonic()))
        self.chunk(held.getvalue())
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, body, kind="application/json", status=200, **options):
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Server", "Docker/20.10.24 (linux)")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if options.get("body", True):
            self.wfile.write(body)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def grow():
    while True:
        time.sleep(given.every)
        images.grow()


if os.path.exists(given.socket):
    os.unlink(given.socket)
if given.every:
    threading.Thread(target=grow, daemon=True).start()
Server(given.socket, Handler).serve_forever()
