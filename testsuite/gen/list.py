# SPDX-License-Identifier: Apache-2.0
"""list.py ARCHIVE [LEAVE-OUT...]: a tar archive as Python's tarfile sees it, a JSON object an
entry, sorted by name, so that two archives that mean the same print the same.

Names that are hard links of each other are shown alike, each with all the names. Of content the
sha256 of what is not zeros counts, in blocks, so that holes may lie differently. LEAVE-OUT are
keys that do not count (mtime, ...), or top=NAME for names that are not below NAME."""

import decimal
import hashlib
import json
import sys
import tarfile

BLOCK = 4096
TYPES = {
    tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.CONTTYPE: "file",
    tarfile.GNUTYPE_SPARSE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo",
}


def clean(name):
    parts = [p for p in name.split("/") if p not in ("", ".")]
    return "/".join(parts) or "."


def ranges(member):
    """Where the data of a file is."""
    if member.sparse is None:
        return [(0, member.size)]
    return [(offset, size) for offset, size in member.sparse if size]


def digest(archive, member):
    """Of the blocks that hold anything but zeros, and where they are."""
    h = hashlib.sha256()
    f = archive.extractfile(member)
    zeros = bytes(BLOCK)
    done = 0
    for start, length in ranges(member):
        at = max(start - start % BLOCK, done)
        while at < start + length:
            f.seek(at)
            block = f.read(BLOCK)
            if not block:
                raise SystemExit(f"list.py: {member.name!r} is cut off")
            if block != zeros[:len(block)]:
                h.update(b"%d:" % at + block)
            at += BLOCK
        done = at
    return h.hexdigest()


def mtime(member):
    text = member.pax_headers.get("mtime", str(member.mtime))
    return str(decimal.Decimal(text).normalize() + 0)


def describe(archive, member):
    kind = TYPES[member.type]
    out = {
        "type": kind, "mode": f"{member.mode & 0o7777:04o}", "uid": member.uid,
        "gid": member.gid, "mtime": mtime(member),
    }
    if kind == "file":
        out["size"] = member.size
        out["sha256"] = digest(archive, member)
    if kind == "symlink":
        out["link"] = member.linkname
    if kind in ("char", "block"):
        out["device"] = f"{member.devmajor}:{member.devminor}"
    attrs = {}
    for key, value in sorted(member.pax_headers.items()):
        if key.startswith("SCHILY.xattr."):
            attrs[key[len("SCHILY.xattr."):]] = value
        elif key.startswith("SCHILY.acl."):
            attrs[key] = value
    if attrs:
        out["attrs"] = attrs
    return out


def entries(archive):
    found, groups = {}, {}
    for member in archive:
        name = clean(member.name)
        if member.islnk():
            target = clean(member.linkname)
            if target not in found:
                raise SystemExit(f"list.py: {name!r} is a link to {target!r}, which is missing")
            found[name] = found[target]
            groups[target].append(name)
            groups[name] = groups[target]
        else:
            found[name] = describe(archive, member)
            groups[name] = [name]
    for name in sorted(found):
        names = sorted(groups[name])
        extra = {"names": names} if len(names) > 1 else {}
        yield {"name": name, **found[name], **extra}


def main():
    leave_out = sys.argv[2:]
    tops = [word[4:] for word in leave_out if word.startswith("top=")]
    with tarfile.open(sys.argv[1], errors="surrogateescape") as archive:
        for entry in entries(archive):
            if any(entry["name"] != t and not entry["name"].startswith(t + "/") for t in tops):
                continue
            print(json.dumps({k: v for k, v in entry.items() if k not in leave_out}))


main()
