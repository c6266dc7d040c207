# SPDX-License-Identifier: Apache-2.0
"""Writes layers entry by entry, for the generators beside this file."""

import io
import tarfile


def text(data):
    """Bytes as tarfile takes them for a pax header."""
    return data.decode("utf-8", "surrogateescape")


class Layer:
    """Owners and times go round the lists given, so that each entry differs from the next."""

    def __init__(self, out, owners=((0, 0),), times=("1000000000",)):
        self.owners, self.times = owners, times
        self.tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT,
                                encoding="utf-8", errors="surrogateescape")
        self.count = 0

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, owner=None, time=None,
            link="", device=(0, 0), attrs=None, pax=None):
        info = tarfile.TarInfo(name if isinstance(name, str) else text(name))
        info.type, info.mode = kind, mode
        info.linkname = link if isinstance(link, str) else text(link)
        info.uid, info.gid = owner or self.owners[self.count % len(self.owners)]
        info.devmajor, info.devminor = device
        when = time or self.times[self.count % len(self.times)]
        info.pax_headers = {"mtime": when}
        info.mtime = int(float(when))
        for key, value in (attrs or {}).items():
            info.pax_headers[f"SCHILY.xattr.{key}"] = text(value)
        info.pax_headers.update(pax or {})
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))
        self.count += 1

    def directory(self, name, mode=0o755, **more):
        self.add(name, tarfile.DIRTYPE, mode=mode, **more)

    def symlink(self, name, target, **more):
        self.add(name, tarfile.SYMTYPE, link=target, mode=0o777, **more)

    def hardlink(self, name, target, **more):
        self.add(name, tarfile.LNKTYPE, link=target, **more)

    def raw(self, data):
        """Bytes as they are, filled up to a whole block."""
        data += bytes(-len(data) % 512)
        self.tar.fileobj.write(data)
        self.tar.offset += len(data)

    def sparse(self, name, size, runs):
        """A GNU sparse file, version 1.0; runs are (offset, bytes)."""
        numbers = [len(runs)] + [n for offset, data in runs for n in (offset, len(data))]
        head = "".join(f"{n}\n" for n in numbers).encode()
        head += bytes(-len(head) % 512)
        body = head + b"".join(data for _, data in runs)
        info = tarfile.TarInfo(f"GNUSparseFile.0/{name}")
        info.uid, info.gid = self.owners[self.count % len(self.owners)]
        info.size, info.mtime = len(body), 1000000000
        info.pax_headers = {
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
            "GNU.sparse.realsize": str(size), "mtime": "1000000000.5",
        }
        self.tar.addfile(info, io.BytesIO(body))
        self.count += 1
