# SPDX-License-Identifier: Apache-2.0
"""seeds.py FOLDER: the first inputs of fuzz/fuzz_extract.c, small archives whose last byte says
how they are extracted."""

import gzip
import io
import os
import sys

from layer import Layer

LOWER, TWICE, MADE_TOP, KEEP_OLD, KEEP_NEWER = 32, 64, 16, 4, 8
APPLY, OCI, OVERLAY, KEEP = range(4)
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
ACL = bytes.fromhex("0200000001000700ffffffff04000500ffffffff20000500ffffffff")


def files(layer):
    layer.directory("d", mode=0o1777, owner=(5, 6))
    layer.add("d/f", data=b"text", mode=0o4755, attrs={"security.capability": CAPABILITY})
    layer.add("none", mode=0, owner=(7, 8), attrs={"user.a": b"b"})
    layer.hardlink("g", "d/f")
    layer.directory(".", mode=0o755)


def links(layer):
    layer.symlink("s", "../canary", owner=(5, 6))
    layer.add("s/evil", data=b"evil")
    layer.symlink("d/up", "..")
    layer.add("d/up/d/f", data=b"f")
    layer.hardlink("h", "s")
    layer.hardlink("out/h", "up/file")
    layer.hardlink("i", "/../../canary/file")
    layer.directory("s")


def existing(layer):
    layer.add("up/evil", data=b"evil")
    layer.add("out/file", data=b"evil")
    layer.add("self/a/b", data=b"b")
    layer.hardlink("link/l", "d/out")
    layer.add("loop/x")
    layer.directory("up", mode=0o700)
    layer.add("f", data=b"f")


def whiteouts(layer):
    layer.add(".wh.d")
    layer.add("a/.wh..wh..opq")
    layer.directory("d")
    layer.add("up/.wh.file")
    layer.add("link/.wh.out")
    layer.add(".wh.self")
    layer.add("x/.wh..wh.plnk/y")
    layer.add("p", kind=b"3")
    layer.add(".wh.")


def specials(layer):
    layer.add("null", kind=b"3", device=(1, 3), owner=(0, 5))
    layer.add("disk", kind=b"4", device=(8, 0), mode=0o660)
    layer.add("pipe", kind=b"6", owner=(9, 9))
    layer.hardlink("pipe2", "pipe")
    layer.directory("acl", attrs={"system.posix_acl_default": ACL, "user.overlay.opaque": b"y",
                                  "user.rootlesscontainers": b"\x08\x01"})
    layer.add("acl/f", mode=0o666)
    layer.sparse("holes", 1 << 33, [(4096, b"x" * 10)])


def newc(names):
    out = b""
    for name, mode, links_to, data in names:
        head = "070701" + "".join(f"{n:08X}" for n in (
            7, mode, 0, 0, links_to, 1, len(data), 0, 0, 0, 0, len(name) + 1, 0))
        part = head.encode() + name.encode() + b"\0"
        out += part + bytes(-len(part) % 4) + data + bytes(-len(data) % 4)
    return out


def archive(function):
    out = io.BytesIO()
    layer = Layer(out)
    function(layer)
    layer.tar.close()
    data = out.getvalue().rstrip(b"\0")
    return data + bytes(-len(data) % 512) + bytes(1024)


def main():
    cpio = newc([("a", 0o100644, 2, b""), ("b", 0o100644, 2, b"text"), ("TRAILER!!!", 0, 1, b"")])
    seeds = {
        "files": archive(files) + bytes([MADE_TOP]),
        "files_twice": gzip.compress(archive(files), mtime=0) + bytes([TWICE]),
        "links": archive(links) + bytes([0]),
        "links_newer": archive(links) + bytes([LOWER | KEEP_NEWER]),
        "existing": archive(existing) + bytes([LOWER]),
        "existing_kept": archive(existing) + bytes([LOWER | KEEP_OLD]),
        "whiteouts": archive(whiteouts) + bytes([LOWER | APPLY]),
        "whiteouts_oci": archive(whiteouts) + bytes([LOWER | OCI]),
        "whiteouts_overlay": archive(whiteouts) + bytes([LOWER | OVERLAY | TWICE]),
        "specials": archive(specials) + bytes([KEEP]),
        "newc": cpio + bytes([0]),
    }
    for name, data in seeds.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


main()
