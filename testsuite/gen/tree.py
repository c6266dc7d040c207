# SPDX-License-Identifier: Apache-2.0
"""tree.py [-c] DIR...: what is really on the disk, a JSON object an inode's name. With -c the time
of change too, which moves whatever is done to an inode."""

import hashlib
import json
import os
import stat
import sys


def attributes(path):
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {n: os.getxattr(path, n, follow_symlinks=False).hex() for n in sorted(names)}
    except OSError as e:
        return e.strerror


def describe(path, with_ctime):
    st = os.lstat(path)
    out = {
        "path": path, "mode": oct(st.st_mode), "uid": st.st_uid, "gid": st.st_gid,
        "nlink": st.st_nlink, "mtime": st.st_mtime_ns, "attrs": attributes(path),
    }
    if with_ctime:
        out["ctime"] = st.st_ctime_ns
        out["ino"] = st.st_ino
    if stat.S_ISREG(st.st_mode):
        out["size"] = st.st_size
        try:
            with open(path, "rb") as f:
                out["sha256"] = hashlib.sha256(f.read()).hexdigest()
        except OSError as e:
            out["sha256"] = e.strerror
    elif stat.S_ISLNK(st.st_mode):
        out["link"] = os.readlink(path)
    elif not stat.S_ISDIR(st.st_mode):
        out["device"] = st.st_rdev
    return out


def walk(path, with_ctime):
    print(json.dumps(describe(path, with_ctime)))
    if os.path.isdir(path) and not os.path.islink(path):
        try:
            names = sorted(os.listdir(path))
        except OSError as e:
            print(json.dumps({"path": path, "unreadable": e.strerror}))
            return
        for name in names:
            walk(os.path.join(path, name), with_ctime)


arguments = sys.argv[1:]
ctime = arguments[:1] == ["-c"]
for top in arguments[1:] if ctime else arguments:
    walk(top, ctime)
