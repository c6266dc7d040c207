// SPDX-License-Identifier: Apache-2.0
#include "core/ns/root.h"

#include "core/base/buf.h"
#include "core/base/sys.h"
#include "core/ns/mount.h"
#include <sys/mount.h>
#include <sys/syscall.h>

int root_propagation(const struct ns_log *log, unsigned long type, struct err *err)
{
	if (!type)
		return 0;
	ns_tell(log, "what is mounted from here on stays in this namespace",
		"mount(NULL, \"/\", NULL, MS_REC|%s, NULL)",
		type == MS_PRIVATE  ? "MS_PRIVATE"
		: type == MS_SHARED ? "MS_SHARED"
				    : "MS_SLAVE");
	if (mount(NULL, "/", NULL, MS_REC | type, NULL) < 0)
		return err_set(err, -errno, "cannot keep mounts apart", "/");
	return 0;
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_root(int fd)
{
	struct stat here, root;

	return fstat(fd, &here) == 0 && stat("/", &root) == 0 && here.st_dev == root.st_dev &&
	       here.st_ino == root.st_ino;
}

/* By its absolute name: "." stays below what is mounted on it. */
static int mount_itself(struct root *r, int fd, const char *dir)
{
	struct mount_to to = {r->log, fd, dir};
	cleanup_free char *path = realpath(dir, NULL);
	int done = path ? mount_bind(&to, fd, dir, "a root has to be a mount") : -errno;

	return done < 0 ? done : open_dir(path);
}

int root_from_dir(struct root *r, const char *dir, struct err *err)
{
	cleanup_fd int fd = open_dir(dir ? dir : "/");
	int *top = &r->points.tree.fd;

	r->current = fd >= 0 && is_root(fd);
	if (fd < 0 || r->current)
		*top = take_fd(&fd);
	else
		*top = mount_itself(r, fd, dir);
	return *top < 0 ? err_set(err, *top, "cannot use as root", dir) : 0;
}

static int add_layer(struct buf *text, const char *key, const char *dir, struct err *err)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, -errno, "cannot open", dir);
	return buf_addf(text, "%s/proc/self/fd/%d", key, fd);
}

/* The layers are named by their descriptors: no byte of their names needs care. */
static int add_layers(struct buf *text, const struct root_overlay *o, struct err *err)
{
	cleanup_free char *lowers = strdup(o->lowers);
	char *rest = lowers, *dir;
	const char *key = "lowerdir=";
	int r = lowers ? 0 : -ENOMEM;

	for (; r == 0 && rest && (dir = strsep(&rest, ":")); key = ":")
		r = add_layer(text, key, dir, err);
	if (r == 0)
		r = add_layer(text, ",upperdir=", o->upper, err);
	if (r == 0)
		r = add_layer(text, ",workdir=", o->work, err);
	return r < 0 ? r : buf_adds(text, ",userxattr");
}

/* Over the upper directory: no place of its own is needed. */
int root_from_overlay(struct root *r, const struct root_overlay *o, struct err *err)
{
	struct mount_to to = {r->log, -1, o->upper};
	cleanup_buf struct buf text = BUF_NONE;
	static const char why[] = "the layers as one tree; what changes goes to the upper one";
	cleanup_fd int fd = open_dir(o->upper);
	int done = fd < 0 ? fd : add_layers(&text, o, err);
	size_t len = text.len;

	to.fd = fd;
	if (done == 0 && o->brief)
		done = buf_adds(&text, ",volatile");
	if (done == 0)
		done = mount_new(&to, "overlay", 0, text.data, why);
	if (done == -EINVAL && o->brief) {
		buf_cut(&text, len);
		done = mount_new(&to, "overlay", 0, text.data, why);
	}
	if (done == 0)
		done = r->points.tree.fd = open_dir(o->upper);
	return done < 0 ? err_set(err, done, "cannot mount an overlay", o->upper) : 0;
}

int root_proc(struct root *r, const char *path, struct err *err)
{
	struct mount_to to = {r->log, -1, path};
	cleanup_fd int point = points_open(&r->points, path, true, err), host = -1;
	int done = point;

	to.fd = point;
	if (done >= 0)
		done = mount_new(&to, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL,
			"a /proc that shows this pid namespace");
	if (done != -EPERM && done != -EACCES)
		return done < 0 ? err_set(err, done, "cannot mount proc", path) : 0;
	host = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	done = host < 0
		       ? -errno
		       : mount_bind(&to, host, "/proc",
				 "a new one is refused (parts of the one here are masked): the one here");
	return done < 0 ? err_set(err, done, "cannot mount proc", path) : 0;
}

static int read_only(struct root *r, const char *dst, bool all, struct err *err)
{
	cleanup_fd int fd = tree_openat(&r->points.tree, dst, O_PATH);
	struct mount_to to = {r->log, fd, dst};
	int done = fd < 0 ? fd : mount_read_only(&to, all);

	return done < 0 ? err_set(err, done, "cannot make read-only", dst) : 0;
}

static int bind(struct root *r, int from, const char *src, const char *dst, const char *why,
	struct err *err)
{
	struct mount_to to = {r->log, -1, dst};
	cleanup_fd int point = -1;
	struct stat st;
	int done;

	if (fstat(from, &st) < 0)
		return err_set(err, -errno, "cannot bind", src);
	point = to.fd = points_open(&r->points, dst, S_ISDIR(st.st_mode), err);
	done = point < 0 ? point : mount_bind(&to, from, src, why);
	return done < 0 ? err_set(err, done, "cannot bind", dst) : 0;
}

int root_bind(struct root *r, const char *src, const char *dst, bool ro, struct err *err)
{
	cleanup_fd int from = open(src, O_PATH | O_CLOEXEC);
	int done = from < 0 ? err_set(err, -errno, "cannot bind", src)
			    : bind(r, from, src, dst, "the command line says so", err);

	return done == 0 && ro ? read_only(r, dst, true, err) : done;
}

int root_tmpfs(struct root *r, const char *dst, struct err *err)
{
	struct mount_to to = {r->log, -1, dst};
	cleanup_fd int point = points_open(&r->points, dst, true, err), made = -1;
	int done = point;

	to.fd = point;
	if (done >= 0)
		done = mount_new(
			&to, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755", "the command line says so");
	if (done >= 0)
		done = made = tree_openat(&r->points.tree, dst, O_PATH);
	if (done < 0)
		return err_set(err, done, "cannot mount a tmpfs", dst);
	points_own(&r->points, made);
	return 0;
}

/* What the host has of it; where the tree has no place for it, it does without. */
static int show_host(struct root *r, const char *path, bool needed, struct err *err)
{
	cleanup_fd int from = open(path, O_PATH | O_CLOEXEC);
	cleanup_err struct err ignored = ERR_NONE;
	int done;

	if (from < 0)
		return 0;
	done = bind(r, from, path, path, "as the host has it", needed ? err : &ignored);
	if (done == 0)
		done = read_only(r, path, true, needed ? err : &ignored);
	return needed ? done : 0;
}

static bool has_etc(const struct root *r)
{
	cleanup_fd int fd = tree_openat(&r->points.tree, "etc", O_PATH | O_DIRECTORY);

	return fd >= 0;
}

int root_furnish(struct root *r, struct err *err)
{
	int done = dev_furnish(r, err);

	if (done == 0)
		done = root_proc(r, "/proc", err);
	if (done == 0)
		done = show_host(r, "/sys", true, err);
	if (done == 0 && has_etc(r)) {
		show_host(r, "/etc/resolv.conf", false, err);
		show_host(r, "/etc/hosts", false, err);
	}
	return done;
}

int root_read_only(struct root *r, struct err *err)
{
	struct mount_to to = {r->log, r->points.tree.fd, "/"};
	int done = mount_read_only(&to, false);

	return done < 0 ? err_set(err, done, "cannot make read-only", "/") : 0;
}

/* Where the root is the kernel's first file system (an initramfs) nothing can be put above it. */
static int pivot(const struct ns_log *log)
{
	ns_tell(log, "the tree takes the place of the root, and the old root lies under it",
		"pivot_root(\".\", \".\")");
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		ns_tell(log, "the old root goes away, and with it every way to it",
			"umount2(\".\", MNT_DETACH)");
		return umount2(".", MNT_DETACH) < 0 ? -errno : 0;
	}
	if (errno != EINVAL)
		return -errno;
	ns_tell(log, "the root cannot be exchanged, so the tree is laid over it",
		"mount(\".\", \"/\", NULL, MS_MOVE, NULL); chroot(\".\")");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
		return -errno;
	return 0;
}

int root_enter(struct root *r, struct err *err)
{
	int done = r->current ? 0 : fchdir(r->points.tree.fd) < 0 ? -errno : pivot(r->log);

	if (done == 0 && !r->current && chdir("/") < 0)
		done = -errno;
	return done < 0 ? err_set(err, done, "cannot change the root", NULL) : 0;
}

void root_close(struct root *r)
{
	tree_close(&r->points.tree);
	points_free(&r->points);
}
