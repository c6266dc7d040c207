# SPDX-License-Identifier: Apache-2.0
"""Writes the archive that statements on standard input describe, with the methods of layer.py:

    gen archive >a.tar <<-E
        directory("d", mode=0o700)
        add("d/f", data=b"text", owner=(5, 6))
        symlink("l", "d/f")
    E"""

import sys
import textwrap

from layer import Layer


def main():
    layer = Layer(sys.stdout.buffer)
    names = {n: getattr(layer, n) for n in ("add", "directory", "symlink", "hardlink", "sparse")}
    exec(compile(textwrap.dedent(sys.stdin.read()), "archive", "exec"), names)
    layer.tar.close()


main()
