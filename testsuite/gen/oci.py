# SPDX-License-Identifier: Apache-2.0
"""Image layouts as anybody could write them, good and bad: what the tests of rlc-image start with.

oci.py STATEMENTS...: Python statements about `layout`, an empty Layout in the folder `l`.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER = "application/vnd.docker."
DOCKER_LIST = DOCKER + "distribution.manifest.list.v2+json"
DOCKER_MANIFEST = DOCKER + "distribution.manifest.v2+json"
DOCKER_CONFIG = DOCKER + "container.image.v1+json"
DOCKER_LAYER = DOCKER + "image.rootfs.diff.tar.gzip"
TAG = "org.opencontainers.image.ref.name"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return out.getvalue()


class Layout:
    def __init__(self, path="l"):
        self.path = path
        self.index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        os.makedirs(path + "/blobs/sha256")
        self.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def file(self, name, data):
        with open(self.path + "/" + name, "wb") as out:
            out.write(data)

    def put(self, data, media, **more):
        """A blob, and what describes it."""
        self.file("blobs/sha256/" + sha256(data)[7:], data)
        return dict({"mediaType": media, "digest": sha256(data), "size": len(data)}, **more)

    def doc(self, value, media, **more):
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.put(text, media, **more)

    def layer(self, files=None, media=LAYER + "+gzip"):
        """(its descriptor, its diff_id)"""
        data = tar(files or {"etc/hello": b"hello\n"})
        stored = gzip.compress(data, mtime=0) if "gzip" in media else data
        return self.put(stored, media), sha256(data)

    def image(self, layers=None, config=None, manifest=None, docker=False, **more):
        """An image; config and manifest are what differs from the usual."""
        layers = [self.layer()] if layers is None else layers
        config = dict({"architecture": "amd64", "os": "linux", "config": {"Env": ["A=1"]},
                       "rootfs": {"type": "layers", "diff_ids": [id for _, id in layers]},
                       "history": [{"created_by": "a test"} for _ in layers]}, **(config or {}))
        media = DOCKER_MANIFEST if docker else MANIFEST
        manifest = dict({"schemaVersion": 2, "mediaType": media,
                         "config": self.doc(config, DOCKER_CONFIG if docker else CONFIG),
                         "layers": [layer for layer, _ in layers]}, **(manifest or {}))
        return self.doc(manifest, media, **more)

    def nest(self, manifests, media=INDEX, **more):
        return self.doc({"schemaVersion": 2, "mediaType": media, "manifests": manifests}, media,
                        **more)

    def platforms(self, *names, **config):
        """An index of an image a platform."""
        manifests = []
        for name in names:
            words = name.split("/")
            keys = dict(zip(("os", "architecture", "variant"), words))
            manifests.append(self.image(config=dict(keys, author=name), platform=keys))
        return self.nest(manifests, **config)

    def tag(self, descriptor, tag="latest"):
        annotations = dict(descriptor.get("annotations", {}), **{TAG: tag})
        self.index["manifests"].append(dict(descriptor, annotations=annotations))

    def write(self):
        self.file("index.json", json.dumps(self.index).encode())


if __name__ == "__main__":
    layout = Layout()
    for statement in sys.argv[1:]:
        exec(statement)
    layout.write()
