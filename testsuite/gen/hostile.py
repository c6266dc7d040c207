# SPDX-License-Identifier: Apache-2.0
"""hostile.py CASE OUTSIDE >ARCHIVE: an archive that tries to get out of the tree, to the
directory OUTSIDE (absolute; it holds the files canary and dir/inner), or to be believed. Before
and after what is hostile stand the good entries good/first and good/last.

    hostile.py --list: the cases
Each case is a function; its text says what it tries."""

import base64
import os
import sys
import tarfile

from layer import Layer

CASES = {}
EVIL = b"evil\n"
UP = "../" * 40


def case(function):
    CASES[function.__name__] = function
    return function


def header(name, size, kind, prefix=b"ustar\x0000", linkname=b""):
    """A ustar header of one's own making."""
    block = bytearray(512)
    fields = [(0, name), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"),
              (124, size if isinstance(size, bytes) else b"%011o\0" % size),
              (136, b"00000000000\0"), (148, b" " * 8), (156, kind), (157, linkname),
              (257, prefix)]
    for at, data in fields:
        block[at:at + len(data)] = data
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(records):
    """A pax header before the next entry."""
    body = b""
    for key, value in records:
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        body += b"%d" % length + rest
    return header(b"pax", len(body), b"x") + body + bytes(-len(body) % 512)


def pad(data):
    return data + bytes(-len(data) % 512)


# Through a symlink

@case
def symlink_then_file(layer, out):
    """A symlink to outside, then a file through it."""
    layer.symlink("a", out)
    layer.add("a/evil", data=EVIL)
    layer.add("a/canary", data=EVIL)


@case
def symlink_relative(layer, out):
    """The same with a symlink that goes up and over."""
    layer.symlink("d", UP + out.lstrip("/"))
    layer.add("d/canary", data=EVIL)


@case
def symlink_then_directory(layer, out):
    """A directory entry where a symlink stands must not change the symlink's target."""
    layer.symlink("a", out)
    layer.directory("a", 0o777, attrs={"user.evil": b"1"}, time="1")
    layer.directory("a/dir", 0o777, time="1")
    layer.add("a/evil", data=EVIL)


@case
def symlink_over_file(layer, out):
    """A file takes the place of a symlink: legal, but not through it."""
    layer.symlink("f", out + "/canary")
    layer.add("f", data=EVIL, mode=0o777)


@case
def symlink_chain(layer, out):
    """Symlinks that are harmless one by one."""
    layer.symlink("a", "b")
    layer.symlink("b", "c/..")
    layer.directory("c")
    layer.symlink("c/up", "../..")
    layer.symlink("top", "b/c/up/" + UP + out.lstrip("/"))
    layer.add("top/canary", data=EVIL)


@case
def symlink_loop(layer, out):
    layer.symlink("a", "b")
    layer.symlink("b", "a")
    layer.add("a/evil", data=EVIL)


@case
def symlink_proc(layer, out):
    """Magic links leave any root."""
    layer.symlink("p", "/proc/self/root")
    layer.add(f"p{out}/canary", data=EVIL)
    layer.symlink("q", "/proc/self/cwd/../outside")
    layer.add("q/canary", data=EVIL)


@case
def symlink_special(layer, out):
    """FIFOs, devices, links and directories through a symlink."""
    layer.symlink("a", out)
    layer.add("a/fifo", tarfile.FIFOTYPE)
    layer.add("a/device", tarfile.CHRTYPE, device=(1, 3))
    layer.symlink("a/link", "canary")
    layer.directory("a/new/deeper")


# Paths

@case
def dotdot(layer, out):
    """Up and out: clamped to the top, as a root directory's .. is."""
    layer.add(UP + out.lstrip("/") + "/canary", data=EVIL)
    layer.add("/../../clamped", data=b"inside\n")
    layer.directory("x")
    layer.add("x/../../../clamped-too", data=b"inside\n")


@case
def absolute(layer, out):
    layer.add(out + "/canary", data=EVIL)
    layer.add("/" + out + "/evil", data=EVIL)


@case
def long_path(layer, out):
    """Paths that end a buffer early or late."""
    layer.add("n" * 256, data=EVIL)
    layer.add("x/" + "n" * 70000, data=EVIL)
    for length in (4095, 4096, 4097, 8192):
        path = "/".join(["long"] + ["d" * 199] * (length // 200 + 1))
        layer.add(path[:length - 1] + "f", data=EVIL)


@case
def long_symlinks(layer, out):
    """CVE-2025-4517: a path that is too long for realpath once its symlinks are followed."""
    component, path = "d" * 247, ""
    steps = "abcdefghijklmnop"
    for step in steps:
        layer.directory(path + component)
        layer.symlink(path + step, component)
        path += component + "/"
    link = "/".join(steps) + "/" + "l" * 254
    layer.symlink(link, "../" * len(steps))
    layer.symlink("escape", link + "/" + UP + out.lstrip("/"))
    layer.hardlink("flag", "escape/canary")
    layer.add("flag", data=EVIL)
    layer.add("escape/canary", data=EVIL)


@case
def normalised(layer, out):
    """CVE-2025-4138: names that mean something else once they are made shorter."""
    layer.directory("x")
    layer.symlink("x/../s", "../outside")
    layer.add("x/.././/s/canary", data=EVIL)
    layer.symlink("x/l", ".")
    layer.symlink("x/l/l/m", "../../outside")
    layer.add("x/m/canary", data=EVIL)


@case
def nul_in_path(layer, out):
    layer.raw(pax([(b"path", b"a\0/../evil")]) + header(b"n", 0, b"0"))
    layer.raw(pax([(b"linkpath", out.encode() + b"\0x")]) + header(b"m", 0, b"2"))


@case
def terminal(layer, out):
    """A name that would write to the terminal when a message shows it."""
    layer.hardlink("x\x1b]0;owned\x07\r\n", "missing")


# The top

@case
def dot_symlink(layer, out):
    """CVE-2021-29136: the top itself becomes a symlink."""
    for name in (".", "./", "/", "good/..", "//", "./."):
        layer.symlink(name, out)
    layer.add("canary", data=b"inside\n")


@case
def dot_file(layer, out):
    layer.directory("x")
    for name in (".", "..", "x/..", "x/../..", "./."):
        layer.add(name, data=EVIL)


@case
def dot_hardlink(layer, out):
    layer.add("x", data=EVIL)
    layer.hardlink(".", "x")
    layer.hardlink("h", ".")
    layer.hardlink("i", "..")


@case
def dot_fifo(layer, out):
    layer.add("./", tarfile.FIFOTYPE)
    layer.add("/", tarfile.CHRTYPE, device=(1, 3))


# Hard links

@case
def hardlink_absolute(layer, out):
    layer.hardlink("h", out + "/canary")
    layer.add("h", data=EVIL)


@case
def hardlink_dotdot(layer, out):
    layer.hardlink("h", UP + out.lstrip("/") + "/canary")
    layer.hardlink("i", "good/../../outside/canary")


@case
def hardlink_through_symlink(layer, out):
    layer.symlink("s", out)
    layer.hardlink("h", "s/canary")
    layer.symlink("t", out + "/canary")
    layer.hardlink("i", "t/")


@case
def hardlink_to_symlink(layer, out):
    """A hard link to a symlink, then a file at its name."""
    layer.symlink("s", out + "/canary")
    layer.hardlink("h", "s")
    layer.add("h", data=EVIL, mode=0o4777)


@case
def hardlink_with_data(layer, out):
    """pax allows a hard link its content: it must not go through the symlink."""
    layer.symlink("s", out + "/canary")
    layer.hardlink("h", "s", data=EVIL, mode=0o4777, owner=(7, 7),
                   attrs={"user.evil": b"1"})


@case
def hardlink_deferred(layer, out):
    """A hard link to what comes later, and is a symlink then."""
    layer.hardlink("h", "later/canary")
    layer.symlink("later", out)
    layer.add("h", data=EVIL)


@case
def hardlink_to_directory(layer, out):
    layer.directory("d")
    layer.hardlink("h", "d")
    layer.hardlink("h/x", "good/first")


@case
def hardlink_to_self(layer, out):
    layer.add("f", data=b"kept\n")
    layer.hardlink("f", "f")


# Fix-ups at the end

@case
def fixup_directory(layer, out):
    """CVE-2021-31566: a directory's mode and time wait until the end; by then it is a symlink."""
    layer.directory("d", 0o555, time="1", attrs={"user.evil": b"1"})
    layer.symlink("d", out)
    layer.directory("e/f", 0o500, time="1")
    layer.directory("e", 0o500, time="1")
    layer.symlink("e/f", out)


@case
def fixup_parent(layer, out):
    """A parent of the waiting directory becomes a symlink."""
    layer.directory("p", time="1")
    layer.directory("p/dir", 0o500, time="1")
    layer.symlink("p", out)


@case
def symlink_attributes(layer, out):
    """CVE-2021-23177: mode, times, ACL and attributes of a symlink are not its target's."""
    acl = {"SCHILY.acl.access": "user::rwx,user:33:rwx,group::rwx,mask::rwx,other::rwx"}
    layer.symlink("s", out + "/canary", attrs={"user.evil": b"1"}, pax=acl, owner=(7, 7), time="1")
    layer.symlink("t", out, pax={"SCHILY.acl.default": acl["SCHILY.acl.access"]}, time="1")


# Sizes

def inner():
    return pad(header(b"smuggled", len(EVIL), b"0") + pad(EVIL))


@case
def pax_size_hides(layer, out):
    """CVE-2025-62518: pax says 1024 bytes, ustar 0; the content looks like an entry."""
    layer.raw(pax([(b"size", b"%d" % len(inner()))]) + header(b"outer", 0, b"0") + inner())


@case
def pax_size_next_header(layer, out):
    """CVE-2026-33055: a pax size is the file's, not that of the long name between them."""
    name = pad(b"outer\0")
    layer.raw(pax([(b"size", b"%d" % len(inner()))]) + header(b"././@LongLink", 6, b"L") + name
              + header(b"short", 0, b"0") + inner())


@case
def pax_size_hardlink(layer, out):
    layer.add("target", data=b"kept\n")
    layer.raw(pax([(b"size", b"0"), (b"linkpath", b"target")]) + header(b"h", 0, b"1"))


@case
def size_negative(layer, out):
    layer.raw(pax([(b"size", b"-512")]) + header(b"n", 0, b"0"))


@case
def size_huge(layer, out):
    layer.raw(header(b"huge", b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7, b"0"))


@case
def sparse_lies(layer, out):
    """Maps of holes that overlap, go back, or end behind the file."""
    block = b"x" * 512
    layer.sparse("overlap", 4096, [(0, block), (256, block)])
    layer.sparse("back", 4096, [(2048, block), (0, block)])
    layer.sparse("behind", 1024, [(8192, block)])
    layer.sparse("far", 1 << 62, [((1 << 62) - 512, block)])


# Who owns it

@case
def foreign_records(layer, out):
    """What an archive says in anybody's store of owners is not believed."""
    little = (666).to_bytes(4, "little")
    claims = {
        "user.rootlesscontainers": bytes.fromhex("089a05109a05"),
        "user.rootlesscontainers.uid": b"666", "user.rootlesscontainers.gid": b"666",
        "user.containers.override_stat": b"666:666:4755:file",
        "user.containers.override_security.capability": b"x",
        "user.fuseoverlayfs.override_stat": b"666:666:4755",
        "security.fuseoverlayfs.override_stat": b"666:666:4755",
        "user.virtfs.uid": little, "user.virtfs.gid": little, "user.virtfs.mode": little,
        "user.virtfs.rdev": little * 2,
        "user.ostreemeta": (666).to_bytes(4, "big") * 2 + (0o104755).to_bytes(4, "big"),
        "user.overlay.opaque": b"y", "trusted.overlay.opaque": b"y",
        "user.overlay.origin": b"x", "security.selinux": b"evil_t",
        "user.rlc.dirmap": b"x", "user.rlc.kept.security.capability": b"x", "user.rlc.new": b"x",
    }
    owner = (7, 8)
    layer.directory("dir", owner=owner, attrs=claims)
    layer.add("file", owner=owner, attrs=claims, data=b"f")
    layer.add("plain", owner=(0, 0), attrs=claims, data=b"f")
    layer.symlink("dir/link", "x", owner=owner)
    layer.add("libarchive", owner=owner, pax={
        "LIBARCHIVE.xattr." + key.replace(".", "%2e", 1): base64.b64encode(value).decode()
        for key, value in claims.items()})


@case
def strange_ids(layer, out):
    """Numbers that are no id: -1 must not come to mean keep."""
    layer.add("u-minus", pax={"uid": "-1"})
    layer.add("g-minus", pax={"gid": "-1"})
    layer.add("u-noop", pax={"uid": "4294967295"})
    layer.add("g-noop", pax={"gid": "4294967295"})
    layer.add("u-wide", pax={"uid": "4294967301"})
    layer.raw(pax([(b"uid", b"12x")]) + header(b"u-letters", 0, b"0"))


@case
def overlay_device(layer, out):
    """A character device 0:0 on the disk would be a whiteout to overlayfs."""
    layer.add("gone", tarfile.CHRTYPE, device=(0, 0))


@case
def passwd_symlink(layer, out):
    """CVE-2024-9676: names are looked up in the tree's passwd, which is a symlink."""
    layer.directory("etc")
    layer.symlink("etc/passwd", out + "/passwd")
    layer.symlink("etc/group", UP + out.lstrip("/") + "/group")


@case
def passwd_fifo(layer, out):
    """The same, and reading would never end."""
    layer.directory("etc")
    layer.add("etc/passwd", tarfile.FIFOTYPE)
    layer.symlink("etc/group", "/dev/zero")


# Whiteouts

@case
def whiteout_dots(layer, out):
    for name in (".wh.", "x/.wh.", ".wh..", ".wh...", "good/.wh...", "good/.wh.."):
        layer.add(name)


@case
def whiteout_through_symlink(layer, out):
    layer.symlink("s", out)
    layer.add("s/.wh.canary")
    layer.add("s/.wh.dir")
    layer.add("s/.wh..wh..opq")


@case
def whiteout_dotdot(layer, out):
    layer.add("../outside/.wh.canary")
    layer.add(out + "/.wh.dir")
    layer.add(UP + out.lstrip("/") + "/.wh..wh..opq")


@case
def whiteout_slashes(layer, out):
    layer.add(".wh../../outside/canary")
    layer.add(".wh.../outside/canary")
    layer.directory(".wh.dir")
    layer.symlink(".wh.link", out)
    layer.hardlink(".wh.hard", "good/first")


# The classes behind them

@case
def file_as_directory(layer, out):
    layer.add("f", data=b"kept or replaced\n")
    layer.add("f/evil", data=EVIL)
    layer.add("fifo", tarfile.FIFOTYPE)
    layer.add("fifo/evil", data=EVIL)


@case
def fifo_then_file(layer, out):
    """Opening a FIFO to write would never end."""
    layer.add("p", tarfile.FIFOTYPE)
    layer.add("p", data=b"a file now\n")


@case
def device_then_file(layer, out):
    layer.add("n", tarfile.CHRTYPE, device=(1, 3))
    layer.add("n", data=b"a file now\n")


@case
def unknown_types(layer, out):
    for kind in (b"V", b"M", b"Q", b"\xff", b"D", b"N"):
        layer.raw(header(b"odd-" + kind.hex().encode(), 0, kind))


@case
def pax_huge(layer, out):
    """Headers of no bounds."""
    layer.add("a", pax={"comment": "c" * (8 << 20)})


@case
def attribute_huge(layer, out):
    layer.add("a", attrs={"user.big": b"v" * 70000, "user." + "n" * 300: b"v", "": b"v",
                          "nonamespace": b"v"})


def main():
    if sys.argv[1] == "--list":
        print("\n".join(CASES))
        return
    layer = Layer(sys.stdout.buffer)
    layer.directory("good")
    layer.add("good/first", data=b"first\n", owner=(11, 12))
    CASES[sys.argv[1]](layer, os.path.abspath(sys.argv[2]))
    layer.add("good/last", data=b"last\n", owner=(13, 14))
    layer.tar.close()


main()
