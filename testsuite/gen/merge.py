# SPDX-License-Identifier: Apache-2.0
"""
Layers that get in each other's way: merge.py SEED COUNT [plain] writes 0.tar, 1.tar, ... here (plain: no symlinks). Few names,
so that nearly every entry meets another: directories over files, files over directories, links
to what goes, whiteouts wherever, symlinks as parents.
"""

import random
import sys

from layer import Layer

NAMES = ["a", "b", "c", "d"]


def path(chance, deepest=4):
    return "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, deepest)))


def target(chance):
    up = "../" * chance.randint(0, 2)
    return chance.choice(["/" + path(chance, 2), up + path(chance, 2), up or ".", "/"])


def spelled(chance, name):
    return chance.choice(["", "", "", "./", "/", "../", "a/../", ".//"]) + name


def whiteout(chance, layer):
    where = path(chance, 3)
    holder, _, name = where.rpartition("/")
    kind = chance.randint(0, 9)
    if kind == 0:
        layer.add(where, b"3", device=(0, 0))
    elif kind < 4:
        layer.add(where + "/.wh..wh..opq")
    elif kind == 4:
        layer.add(where + "/" + chance.choice([".wh..wh.aufs", ".wh..wh.plnk/x", ".wh.x/y"]))
    else:
        layer.add((holder + "/" if holder else "") + ".wh." + name)


def entry(chance, layer, number, plain):
    name = spelled(chance, path(chance))
    kind = chance.randint(0, 99)
    if plain and 64 <= kind < 76:
        kind = 0
    if kind < 28:
        layer.directory(name + chance.choice(["", "/"]), mode=chance.choice([0o755, 0o700, 0o1777]),
                        attrs=chance.choice([{}, {}, {"user.n": b"%d" % number}]))
    elif kind < 50:
        layer.add(name, data=b"%d\n" % number * chance.randint(0, 3),
                  mode=chance.choice([0o644, 0o4755, 0o600]),
                  attrs=chance.choice([{}, {}, {"user.m": b"%d" % number}]))
    elif kind < 64:
        layer.hardlink(name, spelled(chance, path(chance)))
    elif kind < 76:
        layer.symlink(name, target(chance))
    elif kind < 79:
        layer.add(name, b"6")
    elif kind < 81:
        layer.add(name, b"3", device=(1, number % 250))
    elif kind < 83:
        layer.sparse(name, 3 << 20, [(1 << 20, b"%d" % number)])
    else:
        whiteout(chance, layer)


def main(seed, count, plain):
    chance = random.Random(seed)
    number = 0
    for i in range(count):
        with open(f"{i}.tar", "wb") as out:
            layer = Layer(out, owners=((0, 0), (1, 2), (1000, 0)), times=("1", "1000000000.5", "77"))
            if chance.randint(0, 5) == 0:
                layer.directory("./", mode=0o711)
            for _ in range(chance.randint(1, 30)):
                entry(chance, layer, number, plain)
                number += 1
            layer.tar.close()


main(int(sys.argv[1]), int(sys.argv[2]), len(sys.argv) > 3)
