#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""chunked BLOB: what a layer's zstd:chunked tables say.

  chunked BLOB            one JSON object an entry
  chunked BLOB get NAME   the content of a file, by its offsets alone
  chunked BLOB tar        the archive, made of the files and what tar-split has of the rest
  chunked BLOB notes      the annotations that there should be
All digests and lengths are verified."""
import base64
import hashlib
import json
import struct
import subprocess
import sys


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def crc64(data):
    crc = 2**64 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xD800000000000000 if crc & 1 else 0)
    return struct.pack(">Q", crc ^ 2**64 - 1)


def skippable(blob, offset, length):
    assert blob[offset - 8:offset] == struct.pack("<II", 0x184D2A50, length)
    return blob[offset:offset + length]


def content(blob, entry):
    data = unzstd(blob[entry["offset"]:entry["endOffset"]]) if entry.get("size") else b""
    assert len(data) == entry.get("size", 0)
    assert not data or sha256(data) == entry["digest"]
    return data


def main():
    with open(sys.argv[1], "rb") as file:
        blob = file.read()
    footer = skippable(blob, len(blob) - 64, 64)
    at, packed, plain, kind, split_at, split_packed, split_plain = struct.unpack("<7Q", footer[:56])
    assert footer[56:] == b"GNUlInUx" and kind == 1
    toc = unzstd(skippable(blob, at, packed))
    split = unzstd(skippable(blob, split_at, split_packed))
    assert len(toc) == plain and len(split) == split_plain
    toc = json.loads(toc)
    assert toc["version"] == 1
    assert toc["tarSplitDigest"] == sha256(blob[split_at:split_at + split_packed])
    entries = {entry["name"]: entry for entry in toc["entries"]}
    verb = sys.argv[2] if len(sys.argv) > 2 else ""
    if verb == "get":
        sys.stdout.buffer.write(content(blob, entries[sys.argv[3]]))
    elif verb == "notes":
        print(f"{at}:{packed}:{plain}:{kind}")
        print(sha256(blob[at:at + packed]))
        print(f"{split_at}:{split_packed}:{split_plain}")
    elif verb == "tar":
        for n, line in enumerate(split.splitlines()):
            line = json.loads(line)
            assert line["position"] == n
            if line["type"] == 2:
                sys.stdout.buffer.write(base64.b64decode(line["payload"]))
                continue
            data = content(blob, entries[line["name"]])
            assert len(data) == line["size"]
            assert not data or crc64(data) == base64.b64decode(line["payload"])
            sys.stdout.buffer.write(data)
    else:
        for entry in toc["entries"]:
            print(json.dumps(entry))


main()
