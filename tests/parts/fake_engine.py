#!/usr/bin/env python3
"""A Docker engine with any number of images, for what needs many: fake_engine.py SOCKET COUNT [--silent]

It answers what listing needs (ping, version, info, images, events) and nothing else. With --silent it accepts
connections and never answers: an engine that hangs.
"""
import hashlib, http.server, json, os, socketserver, sys, threading, time

path, count = sys.argv[1], int(sys.argv[2])
silent = "--silent" in sys.argv


def image(n):
    digest = hashlib.sha256(b"image %d" % n).hexdigest()
    return {"Id": "sha256:" + digest, "ParentId": "", "RepoTags": ["bench/image-%05d:1" % n], "RepoDigests": [],
            "Created": 1700000000 + n, "Size": 1000000 + n * 1000, "VirtualSize": 1000000, "SharedSize": -1,
            "Labels": None, "Containers": -1}


ANSWERS = {
    "/version": {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64",
                 "Components": [{"Name": "Engine", "Version": "20.10.24"}]},
    "/info": {"ID": "FAKE:ENGINE", "ServerVersion": "20.10.24", "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]},
    "/images/json": [image(n) for n in range(count)],
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(b"OK", "text/plain", body=False)

    def do_GET(self):
        if silent:
            time.sleep(3600)
        route = self.path.split("?")[0]
        parts = route.split("/")
        if len(parts) > 1 and parts[1].startswith("v1."):
            route = "/" + "/".join(parts[2:])
        if route == "/_ping":
            return self.answer(b"OK", "text/plain")
        if route == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            time.sleep(3600)
            return None
        if route in ANSWERS:
            return self.answer(json.dumps(ANSWERS[route]).encode(), "application/json")
        return self.answer(b'{"message":"page not found"}', "application/json", 404)

    def answer(self, body, kind, status=200, **options):
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Server", "Docker/20.10.24 (linux)")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if options.get("body", True):
            self.wfile.write(body)

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if os.path.exists(path):
    os.unlink(path)
Server(path, Handler).serve_forever()
