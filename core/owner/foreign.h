// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_FOREIGN_H
#define RLC_FOREIGN_H

#include "core/owner/record.h"

/* The stores that other programs keep ownership in. */
#define OVERRIDE_ATTR "user.containers.override_stat"
#define FUSEOVERLAY_ATTR "user.fuseoverlayfs.override_stat"
#define FUSEOVERLAY_ATTR_SECURITY "security.fuseoverlayfs.override_stat"
#define VIRTFS_UID "user.virtfs.uid"
#define VIRTFS_GID "user.virtfs.gid"
#define VIRTFS_MODE "user.virtfs.mode"
#define VIRTFS_RDEV "user.virtfs.rdev"

/* What a foreign store says of an inode. */
struct foreign {
	struct owner owner;
	mode_t mode;   /* permission bits (07777), with the type in S_IFMT where it is known */
	bool has_mode; /* false: mode says nothing at all */
	uint32_t major, minor; /* of a device */
};

/*
 * "uid:gid:%04o[:type]" of containers/storage and fuse-overlayfs. Types are file, dir,
 * symlink, pipe, socket, block-MAJ-MIN and char-MAJ-MIN; type bits in the number itself are
 * not believed. 0 or -EBADMSG.
 */
int foreign_override_parse(const char *text, size_t len, struct foreign *f);

/*
 * Adds the same text to out; the type is written where f->mode has one. 0, -EINVAL where
 * an id is OWNER_KEEP or the mode unknown (the store cannot say either), -ENOMEM.
 */
int foreign_override_format(const struct foreign *f, struct buf *out);

/* QEMU's little-endian numbers: 4 bytes, 8 for rdev. 0 or -EBADMSG. */
int foreign_virtfs_parse32(const void *data, size_t len, uint32_t *value);
int foreign_virtfs_parse64(const void *data, size_t len, uint64_t *value);
void foreign_virtfs_format(uint64_t value, size_t bytes, unsigned char *out);

/* A line of fakeroot's save file, keyed by device and inode number. */
struct fakeroot_line {
	uint64_t dev, ino, nlink, rdev;
	struct foreign what; /* mode has its type; major and minor are rdev's, of a device */
};

/* Reads a line (no newline). 1, 0 for an empty line, -EBADMSG. */
int foreign_fakeroot_parse(const char *text, size_t len, struct fakeroot_line *line);

/*
 * Adds the line and its newline to out; its rdev is made of major and minor. 0, -EINVAL
 * where an id is OWNER_KEEP or the mode has no type, -ENOMEM.
 */
int foreign_fakeroot_format(const struct fakeroot_line *line, struct buf *out);

#endif
