// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_VIEW_H
#define RLC_VIEW_H

#include "core/emu/call.h"

/*
 * What a path means to the guest that says it: in its own root and mounts, from its own working
 * directory or descriptor. A place is a name in a directory, or an inode that has none
 * (a descriptor, a file that was deleted).
 */
struct place {
	struct dir dir;
	char text[NAME_MAX + 1];
	const char *name; /* text, or NULL: the inode of dir.fd itself */
	bool slash;       /* the path ended in a slash: only a directory will do */
	bool foreign;     /* in /proc or its like, where no records are */
	bool path_only;   /* came by an O_PATH descriptor, which calls on descriptors refuse */
};

#define PLACE_NONE                                                                                 \
	{                                                                                          \
		.dir = DIR_NONE                                                                    \
	}
#define cleanup_place cleanup(place_end)

/*
 * For calls that make, move or remove names: the last component is a name whatever stands there,
 * and a slash behind it does not follow it.
 */
enum { VIEW_LAST = 0x10000000 };

/*
 * The place of path below dirfd as the guest means them. flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH,
 * VIEW_LAST.
 * The last component need not be there. 0 or the errno that the guest gets; -ESRCH where the
 * guest is gone.
 */
int view_place(const struct call *c, int dirfd, const char *path, int flags, struct place *p);

/* The same for the guest's descriptor. */
int view_fd(const struct call *c, int fd, struct place *p);

/* The same, with the path still in the guest's memory. */
int view_read(const struct call *c, int dirfd, uint64_t path, int flags, struct place *p);

/*
 * Opens path below base (AT_FDCWD: absolute) as the guest would, with flags as open's; links that
 * only /proc has lead where they lead the guest. The descriptor or negative errno.
 */
int view_open(const struct call *c, int base, const char *path, int flags);

/* The same, a component at a time. */
int view_open_by_hand(const struct call *c, int base, const char *path, int flags);

/* openat(2) with O_CLOEXEC: the descriptor or negative errno. */
int place_reopen(int fd, const char *name, int flags);

/* lstat of the place. 0 or negative errno. */
int place_stat(const struct place *p, struct stat *st);

/*
 * Holds on to the inode itself, where it is a regular file or directory: what is asked about from
 * here on is what is changed, whatever the name stands for by then. 0 or negative errno.
 */
int place_pin(struct place *p);

/*
 * Cuts the regular file to length and leaves it the set-id bits that it has: the kernel takes them
 * from everybody without a capability that no user namespace gives. 0 or negative errno.
 */
int place_truncate(const struct place *p, const struct stat *real, off_t length);

/* Moves the ctime on, as a change would that left no other trace. */
void place_touch(const struct place *p, const struct stat *real);

/*
 * Before a directory's map says something of the inode: in an overlay one from below is no part of
 * what was changed until it is copied up, and has another number then.
 */
void place_pull_up(const struct place *p, struct stat *real);

void place_end(struct place *p);

#endif
