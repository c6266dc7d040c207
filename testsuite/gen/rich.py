# SPDX-License-Identifier: Apache-2.0
"""rich.py [WITHOUT...] >ARCHIVE: a layer with all that a layer may hold, in the pax format.
WITHOUT: a part (deep, special, attrs, ...), big (the sparse file over 8 GiB) or holes (a file that
is one hole: bsdtar 3.6 writes it so that nobody can read it)."""

import random
import sys
import tarfile

from layer import Layer

OWNERS = [
    (0, 0), (0, 42), (7, 0), (8, 8), (1, 1), (2, 2), (3, 3), (4, 65534), (5, 60), (6, 12),
    (7, 7), (9, 9), (10, 10), (13, 13), (33, 33), (34, 34), (38, 38), (39, 39), (41, 41),
    (42, 65534), (65534, 65534), (1000, 1000), (100000, 165536), (2097152, 2147483648),
    (4294967294, 4294967294),
]
TIMES = [
    "0", "-1", "-1.5", "-0.000000001", "-1000000000.123456789", "1", "1.000000001",
    "1700000000.999999999", "1234567890.5", "2147483653.25",
]
CAPS = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw=ep, v2
BIG = 9 << 30

without = set(sys.argv[1:])
dice = random.Random(2)


def owners(layer):
    layer.directory("owners", 0o751)
    for uid, gid in OWNERS:
        layer.add(f"owners/{uid}-{gid}", data=f"{uid}:{gid}\n".encode(), owner=(uid, gid))
        layer.directory(f"owners/dir-{uid}-{gid}", owner=(uid, gid))
        layer.symlink(f"owners/link-{uid}-{gid}", f"{uid}-{gid}", owner=(uid, gid))


def modes(layer):
    layer.directory("modes", 0o1777)
    for mode in (0, 0o400, 0o444, 0o111, 0o222, 0o644, 0o755, 0o4755, 0o2755, 0o6711, 0o1644,
                 0o4644, 0o2644, 0o7777):
        layer.add(f"modes/file-{mode:04o}", data=b"x" * mode, mode=mode)
    for mode in (0, 0o111, 0o444, 0o555, 0o700, 0o1777, 0o2775, 0o3777, 0o4755, 0o7000):
        layer.directory(f"modes/dir-{mode:04o}", mode)
        layer.add(f"modes/dir-{mode:04o}/within", data=b"y", mode=mode & 0o777)
        layer.directory(f"modes/dir-{mode:04o}/empty", 0)


def links(layer):
    layer.directory("links")
    layer.directory("links/other", 0o555)
    layer.add("links/first", data=b"one inode\n", attrs={"user.shared": b"by all"})
    layer.hardlink("links/second", "links/first")
    layer.hardlink("links/other/third", "links/first")
    layer.symlink("links/soft", "first")
    layer.hardlink("links/soft-too", "links/soft")
    layer.symlink("links/dangling", "/nowhere/at/all")
    layer.symlink("links/up", "../../../../etc/passwd")
    layer.symlink("links/self", "self")
    layer.add("links/no-access", data=b"locked", mode=0)
    layer.hardlink("links/other/no-access", "links/no-access")


def special(layer):
    layer.directory("dev")
    for name, kind, device in (("null", tarfile.CHRTYPE, (1, 3)), ("sda", tarfile.BLKTYPE, (8, 0)),
                               ("big", tarfile.CHRTYPE, (511, 1048575)),
                               ("loop", tarfile.BLKTYPE, (7, 300))):
        layer.add(f"dev/{name}", kind, device=device, mode=0o660)
    layer.hardlink("dev/null-too", "dev/null")
    layer.add("dev/fifo", tarfile.FIFOTYPE, mode=0o620)
    layer.add("dev/fifo-0000", tarfile.FIFOTYPE, mode=0)
    layer.hardlink("dev/fifo-too", "dev/fifo")


def names(layer):
    layer.directory("names")
    longest = ("n" * 255, "ä" * 127 + "x", b"\xff" * 255)
    for i, name in enumerate(longest):
        name = name if isinstance(name, bytes) else name.encode()
        layer.add(b"names/" + name, data=b"%d" % i)
    layer.directory(b"names/\xe9t\xe9")
    layer.add(b"names/\xe9t\xe9/\x80\xfe", data=b"latin 1")
    layer.symlink(b"names/\xe9t\xe9/to", b"\xff\xfe")
    layer.hardlink(b"names/\xc3", b"names/\xe9t\xe9/\x80\xfe")
    for name in ("-rf", "with space", "tab\tand\nnewline", "back\\slash", "quote'\"", "a=b",
                 "*?[x]", "\x01\x7f", "ends.", "日本語", ".hidden", "...", "#c", "~", "..a"):
        layer.add(f"names/{name}", data=name.encode())


def deep(layer):
    layer.directory("deep")
    path = "deep"
    while len(path) < 3700:
        path += "/" + "d" * 200
        layer.directory(path)
    layer.add(path + "/" + "f" * (3999 - len(path)), data=b"at the bottom")
    layer.hardlink(path + "/again", path + "/" + "f" * (3999 - len(path)))
    layer.symlink("deep/far", "t" * 4000)
    layer.symlink(path + "/" + "s" * 200, "../" * 1300)


def contents(layer):
    layer.directory("contents")
    for size in (0, 1, 511, 512, 513, 4095, 4096, 4097, 65536, 1048577):
        layer.add(f"contents/{size}", data=(dice.randbytes(999) * (size // 999 + 1))[:size])
    layer.add("contents/zeros", data=bytes(300000))
    block = dice.randbytes(4096)
    layer.sparse("contents/sparse", 1 << 20, [(65536, block), (1 << 19, block * 3), (1 << 20, b"")])
    if "holes" not in without:
        layer.sparse("contents/all-hole", 1 << 20, [(1 << 20, b"")])
    layer.sparse("contents/hole-first", (1 << 20) + 4096, [(1 << 20, block)])
    if "big" not in without:
        layer.sparse("contents/big", BIG + 5, [
            (0, block), (5 << 30, block * 2), (BIG - 4096, block + b"ends."),
        ])


def attrs(layer):
    layer.directory("attrs", attrs={"user.on.directory": b"yes"})
    layer.add("attrs/text", attrs={"user.mime": b"text/plain"}, data=b"t")
    layer.add("attrs/bytes", attrs={"user.raw": bytes(range(256)), "user.empty": b"",
                                    "user.lines": b"a\nb=c\n12 d=e\n"})
    layer.add("attrs/locked", mode=0, attrs={"user.mime": b"none"})
    layer.add("attrs/many", attrs={f"user.n{i}": b"%d" % i for i in range(20)})
    layer.add("attrs/ping", mode=0o755, data=b"#!", attrs={"security.capability": CAPS})


def main():
    layer = Layer(sys.stdout.buffer, OWNERS, TIMES)
    layer.directory("./", 0o1755, owner=(0, 5))
    for part in (owners, modes, links, special, names, deep, contents, attrs):
        if part.__name__ not in without:
            part(layer)
    layer.tar.close()


main()
