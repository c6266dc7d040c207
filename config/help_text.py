# SPDX-License-Identifier: Apache-2.0
"""What `rlc APPLET --help` says, taken apart."""
import re
import subprocess


class Page:
    def __init__(self):
        self.usages = []   # what follows the command's name
        self.summary = ""
        self.groups = []   # [heading or "", [([option word, ...], text), ...]]
        self.verbs = []    # [[verb, another word for it...], ...]


def split_words(left):
    """`-C, --directory=DIR` as its words; `-f FILE` is one."""
    return [word for word in re.split(r", (?=-)", left.strip()) if word]


def read_help(rlc, name):
    command = [rlc] + name.split() + ["--help"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                           stdin=subprocess.DEVNULL).stdout.decode().split("\n")
    page, rows = Page(), None
    for line in lines:
        usage = re.match(r"(?:Usage| +or): rlc%s( .*|)$" % (name and "-" + name), line)
        item = re.match(r" {2,6}(\S.*?)(?: {2,}(\S.*))?$", line)
        if usage and not page.summary:
            page.usages.append(usage.group(1).strip())
        elif not page.summary:
            page.summary = line.strip()
        elif line.endswith(":") and not line.startswith(" "):
            rows = []
            page.groups.append((line[:-1], rows))
        elif item:
            if rows is None:
                rows = []
                page.groups.append(("", rows))
            rows.append((split_words(item.group(1)), item.group(2) or ""))
        elif line.startswith(" ") and rows:
            words, text = rows[-1]
            rows[-1] = words, (text + " " + line.strip()).strip()
    page.verbs = [words[0].split(", ") for heading, rows in page.groups
                  if heading == "Verbs" for words, _ in rows]
    page.groups = [group for group in page.groups if group[0] != "Verbs"]
    return page
