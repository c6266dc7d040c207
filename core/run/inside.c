// SPDX-License-Identifier: Apache-2.0
#include "core/run/mounts.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>

/* Whether the configuration shows a directory of its own at /dev. */
static bool is_bound(const struct run_config *config, const char *dest)
{
	size_t i;

	for (i = 0; i < config->mount_count; i++)
		if (config->mounts[i].bind && strcmp(config->mounts[i].dest, dest) == 0)
			return true;
	return false;
}

/* A device that the configuration names: the host's of the same name, if it is the same one. */
static int add_device(
	const struct container *c, struct root *r, const struct run_device *d, struct err *err)
{
	struct mount_to to = {r->log, -1, d->path};
	cleanup_fd int point = -1;
	struct stat st;
	int done;

	if (strncmp(d->path, "/dev/", 5) != 0 || stat(d->path, &st) < 0 ||
		(st.st_mode & S_IFMT) != (d->mode & S_IFMT) || st.st_rdev != d->number)
		return mounts_skip(c, "linux.devices: a device that is not the host's", err);
	point = tree_openat(&r->points.tree, d->path, O_PATH);
	if (point >= 0)
		return 0;
	point = to.fd = points_open(&r->points, d->path, false, err);
	done = point < 0 ? point : dev_bind(&to, d->path + strlen("/dev/"));
	return done < 0 ? err_set(err, done, "cannot show the device", d->path) : 0;
}

/* In the tree itself, whose files stay as they are: over mount points that go away again. */
static int fill_tree(struct root *r, struct err *err)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	char path[32];
	size_t i;
	int done = 0;

	for (i = 0; done >= 0 && i < ARRAY_SIZE(devices); i++) {
		cleanup_fd int point = -1;
		struct mount_to to = {r->log, -1, path};

		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		point = to.fd = tree_openat(&r->points.tree, path, O_PATH);
		if (point == -ENOENT)
			point = to.fd = points_open(&r->points, path, false, err);
		done = point < 0 ? point : dev_bind(&to, devices[i]);
		if (done == -ENOENT)
			done = 0;
	}
	return done < 0 ? err_set(err, done, "cannot fill", "/dev") : 0;
}

static bool is_own(const struct root *r, int fd)
{
	struct stat st;
	size_t i;

	for (i = 0; fstat(fd, &st) == 0 && i < r->points.own_count; i++)
		if (r->points.own[i] == st.st_dev)
			return true;
	return false;
}

static int fill(struct root *r, struct err *err)
{
	cleanup_fd int dev = tree_openat(&r->points.tree, "dev", O_RDONLY | O_DIRECTORY);
	mode_t mask = umask(0);
	int done;

	if (dev < 0 || !is_own(r, dev)) {
		umask(mask);
		return fill_tree(r, err);
	}
	done = dev_fill(r, dev);
	if (done == 0 && faccessat(dev, "pts/ptmx", F_OK, 0) == 0 &&
		symlinkat("pts/ptmx", dev, "ptmx") < 0 && errno != EEXIST)
		done = -errno;
	umask(mask);
	return done < 0 ? err_set(err, done, "cannot fill", "/dev") : 0;
}

int mounts_devices(const struct container *c, struct root *r, struct err *err)
{
	const struct run_config *config = c->config;
	size_t i;
	int done = is_bound(config, "/dev") ? 0 : fill(r, err);

	for (i = 0; done == 0 && i < config->device_count; i++)
		done = add_device(c, r, &config->devices[i], err);
	return done;
}

/* Whether it belongs to a namespace of the container's own: all others are the host's. */
static bool is_own_sysctl(const struct run_config *config, const char *path)
{
	static const struct {
		const char *start;
		int flag;
	} kinds[] = {
		{"/proc/sys/net/", CLONE_NEWNET},
		{"/proc/sys/fs/mqueue/", CLONE_NEWIPC},
		{"/proc/sys/kernel/msg", CLONE_NEWIPC},
		{"/proc/sys/kernel/sem", CLONE_NEWIPC},
		{"/proc/sys/kernel/shm", CLONE_NEWIPC},
		{"/proc/sys/kernel/domainname", CLONE_NEWUTS},
		{"/proc/sys/kernel/hostname", CLONE_NEWUTS},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (run_config_names(config, kinds[i].flag) &&
			strncmp(path, kinds[i].start, strlen(kinds[i].start)) == 0)
			return true;
	return false;
}

/* Names have dots, of which each is a slash; one that has slashes keeps its dots. */
static int set_sysctl(const struct container *c, const struct run_sysctl *s, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_fd int fd = -1;
	char *at;

	if (asprintf(&path, "/proc/sys/%s", s->name) < 0)
		return err_set(err, -ENOMEM, "cannot set the sysctl", s->name);
	for (at = strchr(s->name, '/') ? NULL : strchr(path + 1, '.'); at; at = strchr(at, '.'))
		*at = '/';
	if (is_own_sysctl(c->config, path))
		fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || io_write(fd, s->value, strlen(s->value)) < 0)
		return mounts_skip(c, "linux.sysctl: one that may not be set here", err);
	return 0;
}

static int set_sysctls(const struct container *c, struct err *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < c->config->sysctl_count; i++)
		r = set_sysctl(c, &c->config->sysctls[i], err);
	return r;
}

static int run_create_hooks(const struct container *c, pid_t pid, struct err *err)
{
	cleanup_buf struct buf state = BUF_NONE;
	int r;

	if (!c->config->hook_counts[HOOK_CREATE_CONTAINER])
		return 0;
	r = container_state(c->config, c->id, c->bundle, "creating", pid, &state);
	return r < 0 ? err_set(err, r, "cannot run hooks", NULL)
		     : container_hooks(c->config, HOOK_CREATE_CONTAINER, &state, err);
}

static int open_root(const struct container *c, struct root *r, struct err *err)
{
	int done = root_propagation(r->log, MS_SLAVE, err);

	r->points.make = true;
	r->points.aside = c->aside ? c->aside : points_aside();
	if (done == 0)
		done = c->root ? root_from_dir(r, c->root, err)
			       : root_from_overlay(r, &c->overlay, err);
	if (done < 0 || !container_reaches_devices(c))
		return done;
	done = mount_change(r->points.tree.fd, &(struct mount_change){.set = MS_NODEV});
	return done < 0 ? err_set(err, done, "cannot keep devices from it", "/") : 0;
}

/* The command's directory, where the tree has none; what cannot be made it will miss by itself. */
static void make_cwd(const struct container *c, const struct root *r)
{
	const struct tree *tree = &r->points.tree;
	cleanup_free char *path = strdup(c->process->cwd);
	char name[NAME_MAX + 1];
	char *slash = path;

	while (slash) {
		cleanup_fd int fd = -1, parent = -1;

		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		fd = tree_openat(tree, path, O_PATH);
		parent = fd == -ENOENT ? tree_parent(tree, path, name) : -1;
		if (parent >= 0)
			mkdirat(parent, name, 0755);
		if (slash)
			*slash = '/';
	}
}

static int furnish(
	const struct container *c, struct root *r, pid_t pid, int *console, struct err *err)
{
	int done = open_root(c, r, err);

	if (done == 0)
		done = mounts_all(c, r, err);
	if (done == 0)
		done = mounts_devices(c, r, err);
	if (done == 0 && c->process->terminal)
		done = *console = points_open(&r->points, "/dev/console", false, err);
	if (done >= 0)
		done = run_create_hooks(c, pid, err);
	if (done == 0)
		done = set_sysctls(c, err);
	if (done == 0)
		make_cwd(c, r);
	if (done == 0)
		done = mounts_hide(c, r, err);
	if (done == 0)
		done = mounts_finish(c, r, err);
	if (done == 0 && c->config->read_only)
		done = root_read_only(r, err);
	return done < 0 ? done : root_enter(r, err);
}

static int spread(const struct run_config *config, struct err *err)
{
	const char *word = config->rootfs_propagation;

	if (!word || !*word || mount(NULL, "/", NULL, config_propagation(word), NULL) == 0)
		return 0;
	return err_set(err, -errno, "cannot set the propagation of mounts", word);
}

/* The two ends of a terminal of the container: pty[1] is the guest's. */
static int open_terminal(const struct container *c, int pty[2], char path[32], struct err *err)
{
	struct winsize size = {.ws_row = (unsigned short)c->process->rows,
		.ws_col = (unsigned short)c->process->columns};
	int unlock = 0, number, flags = O_RDWR | O_NOCTTY | O_CLOEXEC;

	pty[0] = open("/dev/pts/ptmx", flags);
	if (pty[0] < 0)
		pty[0] = open("/dev/ptmx", flags);
	if (pty[0] < 0 || ioctl(pty[0], TIOCSPTLCK, &unlock) < 0 ||
		ioctl(pty[0], TIOCGPTN, &number) < 0)
		return err_set(err, -errno, "cannot open a terminal", "/dev/pts/ptmx");
	snprintf(path, 32, "/dev/pts/%d", number);
	pty[1] = ioctl(pty[0], TIOCGPTPEER, flags); /* by name it might be anything */
	if (pty[1] < 0)
		return err_set(err, -errno, "cannot open a terminal", path);
	if (size.ws_row && size.ws_col)
		ioctl(pty[0], TIOCSWINSZ, &size);
	return 0;
}

int container_mount(
	const struct container *c, struct root *r, pid_t pid, int pty[2], struct err *err)
{
	cleanup_fd int console = -1;
	char path[32];
	int done;

	if (c->join)
		done = root_from_dir(r, NULL, err);
	else
		done = furnish(c, r, pid, &console, err);
	if (done == 0 && !c->join)
		done = spread(c->config, err);
	if (done == 0 && c->process->terminal)
		done = open_terminal(c, pty, path, err);
	if (done == 0 && console >= 0)
		mount_bind(&(struct mount_to){r->log, console, "/dev/console"}, pty[1], path,
			"the container's terminal is its console");
	return done;
}
