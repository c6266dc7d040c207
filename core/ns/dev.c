// SPDX-License-Identifier: Apache-2.0
#include "core/ns/mount.h"

#include <stdio.h>
#include <sys/mount.h>

static int make_file(int dev, const char *name)
{
	int fd = openat(dev, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	return fd < 0 ? -errno : fd;
}

int dev_bind(const struct mount_to *to, const char *name)
{
	cleanup_free char *path = NULL;
	cleanup_fd int source = -1;

	if (asprintf(&path, "/dev/%s", name) < 0)
		return -ENOMEM;
	source = open(path, O_PATH | O_CLOEXEC);
	if (source < 0)
		return -errno;
	return mount_bind(
		to, source, path, "an ordinary user cannot make devices, but may show the host's");
}

/* Over an empty file. What the host lacks the guest lacks. */
static int bind_device(const struct root *r, int dev, const char *name)
{
	cleanup_free char *path = NULL;
	cleanup_fd int file = -1;

	if (asprintf(&path, "/dev/%s", name) < 0)
		return -ENOMEM;
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	file = make_file(dev, name);
	if (file < 0)
		return file;
	return dev_bind(&(struct mount_to){r->log, file, path}, name);
}

/* Terminals of the guest's own; the host's where these are refused. devpts(4) */
static int make_terminals(const struct root *r, int dev)
{
	struct mount_to to = {r->log, -1, "/dev/pts"};
	cleanup_fd int pts = -1, hosts = -1;
	int done;

	if (mkdirat(dev, "pts", 0755) < 0)
		return -errno;
	pts = to.fd = openat(dev, "pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pts < 0)
		return -errno;
	done = mount_new(&to, "devpts", MS_NOSUID | MS_NOEXEC,
		r->in_userns ? "newinstance,ptmxmode=0666,mode=620"
			     : "newinstance,ptmxmode=0666,mode=620,gid=5",
		"terminals of the guest's own");
	if (done == 0)
		return symlinkat("pts/ptmx", dev, "ptmx") < 0 ? -errno : 0;
	hosts = open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (hosts >= 0)
		mount_bind(&to, hosts, "/dev/pts", "new terminals are refused: the host's");
	return bind_device(r, dev, "ptmx");
}

static int make_memory(const struct root *r, int dev)
{
	struct mount_to to = {r->log, -1, "/dev/shm"};
	cleanup_fd int shm = -1;

	if (mkdirat(dev, "shm", 0755) < 0)
		return -errno;
	shm = to.fd = openat(dev, "shm", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (shm < 0)
		return -errno;
	return mount_new(&to, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", "memory to share");
}

static int make_links(int dev)
{
	static const char *const links[][2] = {
		{"/proc/self/fd", "fd"}, {"fd/0", "stdin"}, {"fd/1", "stdout"}, {"fd/2", "stderr"}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i][0], dev, links[i][1]) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

int dev_fill(const struct root *r, int dev)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	size_t i;
	int done = 0;

	for (i = 0; done == 0 && i < ARRAY_SIZE(devices); i++)
		if (faccessat(dev, devices[i], F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			done = bind_device(r, dev, devices[i]);
	return done < 0 ? done : make_links(dev);
}

static int furnish(const struct root *r, int dev)
{
	int done = dev_fill(r, dev);

	if (done == 0)
		done = make_terminals(r, dev);
	return done < 0 ? done : make_memory(r, dev);
}

int dev_furnish(struct root *r, struct err *err)
{
	struct mount_to to = {r->log, -1, "/dev"};
	cleanup_fd int point = points_open(&r->points, "dev", true, err), dev = -1;
	mode_t mask = umask(0);
	int done = point;

	to.fd = point;
	if (done >= 0)
		done = mount_new(&to, "tmpfs", MS_NOSUID, "mode=755", "a /dev of the guest's own");
	if (done >= 0)
		done = dev = tree_openat(&r->points.tree, "dev", O_RDONLY | O_DIRECTORY);
	if (done >= 0)
		points_own(&r->points, dev);
	if (done >= 0)
		done = furnish(r, dev);
	umask(mask);
	return done < 0 ? err_set(err, done, "cannot fill", "/dev") : 0;
}
