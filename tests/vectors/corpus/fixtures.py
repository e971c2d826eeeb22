"""What most cases start from: three layers, the publisher's image, an attacker's, and archives of them."""

from .case import Case
from .expect import AMBIGUOUS, document, result
from .images import Image, docker_1_10, docker_25, dump, layer, manifest, save_entry
from .tarball import Pack

A, B, C = layer("a"), layer("b"), layer("c")
APP = Image([A, B])
NAME, FULL = "acme/api:1", "docker.io/acme/api:1"
# Internally consistent: whoever measures it alone finds nothing wrong.
BAD = layer("evil")
EVIL = Image([A, BAD], created="2024-02-29T00:00:00Z")
MANIFEST, EVIL_MANIFEST = manifest(APP), manifest(EVIL)
SOUND = document(result(APP, [NAME]))


def classic(image=APP, names=(NAME,)):
    """The publisher's image as Docker 1.10 to 24 saves it."""
    return docker_1_10((image, list(names)))


def hybrid(image=APP, names=(NAME,)):
    """The same as Docker 25 to 28 saves it."""
    return docker_25((image, list(names)))


def flat(image=APP, config="c.json", layers=("a.tar", "b.tar"), names=(NAME,)):
    """An archive of few members with short names."""
    pack = Pack().file(config, image.config)
    for name, it in zip(layers, image.layers):
        pack = pack.file(name, it.content)
    return pack.file("manifest.json", dump([save_entry(image, config, list(layers), list(names))]))


def layer_member(image, at):
    """The name of a layer in the classic dialect."""
    return [name for name, _ in classic(image).members if name.endswith("layer.tar")][at]


def flipped(content, at=None):
    """`content` with one bit changed, in its middle unless told otherwise."""
    at = len(content) // 2 if at is None else at
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def case(name, what, pack, expected=AMBIGUOUS):
    """A case that is not read back."""
    return Case(name, what, pack if isinstance(pack, (bytes, list)) else pack.tar(), expected, read_back=False)
