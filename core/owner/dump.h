// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_DUMP_H
#define RLC_DUMP_H

#include "core/owner/record.h"

/*
 * A dump is text, one inode a line, which --dump writes, --restore reads and
 * the sidecar file is made of:
 *
 *   UID:GID TYPE PATH
 *
 * UID and GID are decimal or "keep" ("-:-" for both where the inode has no
 * record). TYPE is one of f d l p s (file, directory, symlink, FIFO, socket) or
 * cMAJ,MIN and bMAJ,MIN for a device. PATH is the rest of the line, with bytes
 * below 0x21, 0x7f and the backslash as \ooo (they never stand as they are, and
 * \000 is malformed). Empty lines and lines that start with '#' say nothing.
 */
struct dump_line {
	struct owner owner;
	bool recorded; /* false: "-:-" */
	char type;     /* one of "fdlpscb" */
	uint32_t major, minor;
	char *path; /* owned; may be "." */
};

/*
 * Reads one line (no newline, need not end in NUL). 1, 0 where the line says
 * nothing, -EBADMSG, -ENOMEM. On 1 the caller frees line->path.
 */
int dump_parse(const char *text, size_t len, struct dump_line *line);

/* Adds the line with its newline to out. 0 or -ENOMEM. */
int dump_format(const struct dump_line *line, struct buf *out);

/* The letter for a mode's type, 0 for none of them. */
char dump_type(mode_t mode);

#endif
