// SPDX-License-Identifier: Apache-2.0
/* The guest moves its own root, mounts over what the supervisor may rely on, or asks for "self". */
#include "testsuite/tools/attack/attack.h"

#include <sched.h>
#include <sys/mount.h>

static int own_mounts(void)
{
	return broken(unshare(CLONE_NEWNS) == 0, "unshare: %s", strerror(errno)) ||
	       broken(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private: %s",
		       strerror(errno));
}

/* A file of the guest that the supervisor, in its own mounts, does not see */
static int run_mount(char **argv)
{
	int bad = 0;

	(void)argv;
	mkdir("mnt", 0755);
	bad |= make_file("mnt/f", 0644, 1, 2);
	if (own_mounts() || broken(mount("tmpfs", "mnt", "tmpfs", 0, "mode=755") == 0, "mount: %s",
				    strerror(errno)))
		return 1;
	bad |= make_file("mnt/f", 0644, 3, 4);
	bad |= broken(chown("mnt/f", 5, 6) == 0 && looks("mnt/f", 0644, 5, 6), "mnt/f is not 5:6");
	bad |= broken(umount2("mnt", MNT_DETACH) == 0, "umount: %s", strerror(errno));
	return bad | broken(looks("mnt/f", 0644, 1, 2), "the file below was changed") |
	       not_kept("after");
}

/* A tmpfs, then a forgery, over /proc: first in the guest's own mounts, then in those of all */
static int forge_proc(void)
{
	char path[64];
	int bad = 0;

	bad |= broken(mount("tmpfs", "/proc", "tmpfs", 0, "mode=755") == 0, "mount over /proc: %s",
		strerror(errno));
	bad |= not_kept("after");
	snprintf(path, sizeof(path), "/proc/%d", getpid());
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "/proc/%d/root", getpid());
	bad |= broken(symlink("/elsewhere", path) == 0, "symlink: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/%d/cwd", getpid());
	bad |= broken(symlink("/elsewhere", path) == 0, "symlink: %s", strerror(errno));
	bad |= broken(symlink("elsewhere", "/proc/self") == 0, "symlink: %s", strerror(errno));
	bad |= not_kept("after");
	return bad | broken(umount2("/proc", MNT_DETACH) == 0, "umount: %s", strerror(errno));
}

static int run_proc(char **argv)
{
	int bad = forge_proc();

	(void)argv;
	if (own_mounts())
		return 1;
	return bad | forge_proc() | not_kept("after");
}

static int run_pivot(char **argv)
{
	int bad = 0;

	(void)argv;
	mkdir("new", 0755);
	if (own_mounts() || broken(mount("tmpfs", "new", "tmpfs", 0, "mode=755") == 0, "mount: %s",
				    strerror(errno)))
		return 1;
	if (broken(chdir("new") == 0 && syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root: %s",
		    strerror(errno)))
		return 1;
	bad |= not_kept("/after");
	bad |= broken(umount2(".", MNT_DETACH) == 0, "umount: %s", strerror(errno));
	bad |= broken(chdir("/") == 0, "chdir");
	bad |= make_file("/../f", 0640, 7, 8);
	bad |= broken(looks("f", 0640, 7, 8), "/../f is elsewhere");
	return bad | not_kept("/after") | not_kept("../../after");
}

/* Below a changed root there is no way up, with a working directory above it there is. */
static int run_chroot(char **argv)
{
	int bad = 0, fd;

	(void)argv;
	mkdir("jail", 0755);
	bad |= make_file("secret", 0600, 9, 9);
	bad |= broken(chroot("jail") == 0, "chroot: %s", strerror(errno));
	bad |= broken(looks("secret", 0600, 9, 9), "the working directory is lost");
	bad |= broken(chdir("/") == 0, "chdir");
	bad |= make_file("inner", 0600, 1, 1);
	bad |= broken(symlink("/../secret", "up") == 0, "symlink");
	bad |= broken(chown("/../secret", 5, 5) < 0 && errno == ENOENT, "/../secret is there");
	bad |= broken(chown("../secret", 5, 5) < 0 && errno == ENOENT, "../secret is there");
	bad |= broken(chown("up", 5, 5) < 0 && errno == ENOENT, "a symlink leads out");
	bad |= broken(chown("/proc/self/root/../secret", 5, 5) < 0, "/proc/self/root leads out");
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bad |= broken(
		fchownat(fd, "../../secret", 5, 5, 0) < 0 && errno == ENOENT, "*at leads out");
	bad |= broken(fchownat(fd, "../../inner", 5, 5, 0) == 0, "the root is not where it is");
	bad |= broken(looks("/inner", 0600, 5, 5), "inner is not 5:5");
	return bad;
}

/* What /proc/self is for the guest, it is for the calls that are answered, too. */
static int run_self(char **argv)
{
	char path[64], link[64] = "";
	struct stat a, b;
	int bad = make_file("mine", 0644, 1, 1), fd;

	(void)argv;
	fd = open("mine", O_RDWR | O_CLOEXEC);
	fd = dup2(fd, 5);
	bad |= broken(chown("/proc/self/fd/5", 8, 8) == 0 && looks("mine", 0644, 8, 8),
		"/proc/self/fd/5 is another: %s", strerror(errno));
	bad |= broken(chown("/proc/thread-self/fd/5", 9, 9) == 0 && looks("mine", 0644, 9, 9),
		"/proc/thread-self/fd/5 is another: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/%d/fd/5", getpid());
	bad |= broken(chmod(path, 0600) == 0 && looks("mine", 0600, 9, 9), "%s is another", path);
	bad |= broken(chown("/dev/fd/5", 4, 4) == 0 && looks("mine", 0600, 4, 4),
		"/dev/fd/5 is another: %s", strerror(errno));
	bad |= broken(readlink("/proc/self", link, sizeof(link) - 1) > 0 && atoi(link) == getpid(),
		"/proc/self is %s", link);
	bad |= broken(stat("/proc/self/exe", &a) == 0 && stat(path, &b) == 0 && a.st_size > 9999,
		"/proc/self/exe is another");
	bad |= broken(symlink("/proc/self/fd/5", "to5") == 0 && chown("to5", 3, 3) == 0 &&
			      looks("mine", 0600, 3, 3),
		"a symlink to /proc/self/fd/5 is another");
	bad |= broken(chdir("/proc") == 0 && chown("self/fd/5", 2, 2) == 0 && fstat(fd, &a) == 0 &&
			      a.st_uid == 2,
		"self/fd/5 from /proc is another");
	bad |= broken(chown("self/cwd/self/fd/5", 1, 1) == 0 && fstat(fd, &a) == 0 && a.st_uid == 1,
		"self/cwd/self/fd/5 is another: %s", strerror(errno));
	return bad;
}

const struct attack attacks_view[] = {
	{"mount", run_mount},
	{"proc", run_proc},
	{"pivot", run_pivot},
	{"chroot", run_chroot},
	{"self", run_self},
	{0},
};
