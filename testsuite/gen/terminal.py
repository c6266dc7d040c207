#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""terminal COMMAND ARGUMENT... : runs it at a terminal, and acts on lines from standard input:

  see TEXT    wait for TEXT in what is shown from here on
  type TEXT   type it; \\n, \\x03 and the like as in Python
  size R C    the terminal has another size now
Prints what was shown; 1 where something was not seen within 10 s."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def more(fd, limit):
    """Bytes that are shown, b"" for none yet, None at the end."""
    try:
        if not select.select([fd], [], [], limit)[0]:
            return b""
        return os.read(fd, 65536) or None
    except OSError:
        return None


def see(fd, shown, at, text):
    end = time.monotonic() + 10
    while shown.find(text, at) < 0:
        new = more(fd, 0.1)
        if new is None or time.monotonic() > end:
            return -1
        shown += new
    return shown.find(text, at) + len(text)


def main():
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    shown, at, ok = bytearray(), 0, True
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        text = rest.encode().decode("unicode_escape").encode("latin-1")
        if verb == "type":
            time.sleep(0.2)
            os.write(fd, text)
        elif verb == "size":
            rows, columns = map(int, rest.split())
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
        else:
            at = see(fd, shown, at, text)
            if at < 0:
                print("not seen: " + rest)
                ok = False
                break
    end = time.monotonic() + 10
    while time.monotonic() < end:
        new = more(fd, 0.1)
        if new is None:
            break
        shown += new
    os.close(fd)
    os.waitpid(pid, 0)
    print(shown.decode(errors="replace"))
    sys.exit(not ok)


main()
