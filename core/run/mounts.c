// SPDX-License-Identifier: Apache-2.0
#include "core/run/mounts.h"

#include "core/base/sys.h"
#include <fcntl.h>
#include <sys/mount.h>

int mounts_skip(const struct container *c, const char *what, struct err *err)
{
	if (c->strict)
		return err_tell(err, -ENOTSUP, "cannot be had here", what);
	c->note(c->arg, what);
	return 0;
}

/* Before Linux 5.2: in two steps, of which the second finds the mount by its name. */
static int bind_by_name(
	struct root *r, const struct mount_to *to, const struct run_mount *m, int source)
{
	struct mount_to there = {to->log, -1, to->name};
	cleanup_fd int fd = -1;
	int done = mount_bind(to, source, m->source, "the configuration says so");

	if (done < 0 || !(m->flags & MS_RDONLY))
		return done;
	fd = there.fd = tree_openat(&r->points.tree, m->dest, O_PATH);
	return fd < 0 ? fd : mount_read_only(&there, m->recursive_read_only);
}

/* Only what is to differ is changed: what a more privileged one has locked stays as it is. */
static int change_copy(int copy, const struct run_mount *m)
{
	const struct mount_change own = {m->flags, m->clear, 0, false},
				  below = {MS_RDONLY, 0, 0, true},
				  spread = {0, 0, m->propagation, m->propagation & MS_REC};
	int done = 0;

	if (own.set | own.clear)
		done = mount_change(copy, &own);
	if (done == 0 && m->recursive_read_only)
		done = mount_change(copy, &below);
	if (done == 0 && m->propagation)
		done = mount_change(copy, &spread);
	return done;
}

/* The caller shows what is in a tree that a more privileged one has mounted: as a whole. */
static int copy_source(int source, bool all)
{
	int copy = mount_copy(source, all);

	return copy == -EINVAL && !all ? mount_copy(source, true) : copy;
}

/* Where something is mounted; it is not the root itself, however it is called. */
static int open_point(struct root *r, const char *dest, bool is_dir, struct err *err)
{
	int fd = points_open(&r->points, dest, is_dir, err);
	struct stat point, top;

	if (fd >= 0 && fstat(fd, &point) == 0 && fstat(r->points.tree.fd, &top) == 0 &&
		point.st_dev == top.st_dev && point.st_ino == top.st_ino) {
		close(fd);
		return err_tell(err, -EINVAL, "nothing can be mounted over the root", dest);
	}
	return fd;
}

static int mount_source(
	const struct container *c, struct root *r, const struct run_mount *m, struct err *err)
{
	struct mount_to to = {r->log, -1, m->dest};
	cleanup_fd int bundle = open(c->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int source = openat(bundle, m->source, O_PATH | O_CLOEXEC), point = -1,
		       copy = -1;
	struct stat st;
	int done;

	if (source < 0 || fstat(source, &st) < 0)
		return err_set(err, -errno, "cannot bind", m->source);
	point = to.fd = open_point(r, m->dest, S_ISDIR(st.st_mode), err);
	if (point < 0)
		return point;
	done = copy = copy_source(source, m->recursive);
	if (copy == -ENOSYS)
		done = bind_by_name(r, &to, m, source);
	else if (copy >= 0)
		done = mount_move(&to, copy, m->source, "the configuration says so");
	if (copy >= 0 && done >= 0)
		done = change_copy(copy, m);
	return done < 0 ? err_set(err, done, "cannot bind", m->dest) : 0;
}

/* What the host has in that place, where a new one is refused. */
static int mount_hosts(
	const struct container *c, struct root *r, const struct run_mount *m, const char *path)
{
	struct run_mount host = {.dest = m->dest,
		.source = path,
		.bind = true,
		.recursive = true,
		.recursive_read_only = true};
	cleanup_err struct err ignored = ERR_NONE;

	return mount_source(c, r, &host, &ignored);
}

/* Without what names ids that are not there (gid=5 of devpts). */
static char *without_ids(const char *data)
{
	cleanup_free char *copy = strdup(data ? data : "");
	cleanup_buf struct buf out = BUF_NONE;
	char *rest = copy, *word, *taken;

	while (rest && (word = strsep(&rest, ",")))
		if (*word && strncmp(word, "gid=", 4) != 0 && strncmp(word, "uid=", 4) != 0)
			buf_addf(&out, "%s%s", out.len ? "," : "", word);
	taken = out.data;
	out.data = NULL;
	return taken;
}

/* Memory has the mode of the directory that it covers unless the options say another. */
static char *with_mode(const char *data, int below)
{
	const char *given = data ? data : "", *at = strstr(given, "mode=");
	struct stat st;
	char *all;

	if (below < 0 || (at && (at == given || at[-1] == ',')) || fstat(below, &st) < 0)
		return strdup(given);
	return asprintf(&all, "%s%smode=%o", given, *given ? "," : "", st.st_mode & 07777) < 0
		       ? NULL
		       : all;
}

/* below: what is covered, -1: nothing was there. */
static int mount_anew(struct root *r, const struct run_mount *m, int point, int below)
{
	struct mount_to to = {r->log, point, m->dest};
	const char *type = strcmp(m->type, "cgroup") == 0 ? "cgroup2" : m->type;
	bool memory = strcmp(type, "tmpfs") == 0;
	unsigned long flags = m->flags & ~(memory ? MS_RDONLY : 0UL);
	bool plain = strcmp(type, "cgroup2") == 0; /* it knows none of the options of version 1 */
	cleanup_free char *fewer = NULL, *data = with_mode(m->data, memory ? below : -1);
	int done = mount_new(&to, type, flags, plain ? NULL : data, "the configuration says so");

	if (done != -EINVAL)
		return done;
	fewer = without_ids(data);
	return mount_new(&to, type, flags, fewer, "ids that are not there are left out");
}

/* What may be lacking: whether the host's will do instead, and the name of what is skipped. */
static const struct substitute {
	const char *type, *path, *what;
} substitutes[] = {
	{"proc", "/proc", NULL},
	{"sysfs", "/sys", NULL},
	{"cgroup", "/sys/fs/cgroup", "a mount of cgroup"},
	{"cgroup2", "/sys/fs/cgroup", "a mount of cgroup"},
	{"mqueue", "/dev/mqueue", "a mount of mqueue"},
	{"devpts", "/dev/pts", NULL},
};

static const struct substitute *substitute_for(const char *type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(substitutes); i++)
		if (strcmp(substitutes[i].type, type) == 0)
			return substitutes + i;
	return NULL;
}

static int mount_type(
	const struct container *c, struct root *r, const struct run_mount *m, struct err *err)
{
	const struct substitute *s = substitute_for(m->type);
	cleanup_fd int below = tree_openat(&r->points.tree, m->dest, O_RDONLY | O_DIRECTORY);
	cleanup_fd int point = open_point(r, m->dest, true, err), made = -1;
	int done;

	if (point < 0)
		return point;
	done = mount_anew(r, m, point, below);
	if (done < 0 && s && strcmp(m->type, "proc") == 0)
		return root_proc(r, m->dest, err);
	if (done < 0 && s && mount_hosts(c, r, m, s->path) == 0)
		return 0;
	if (done < 0 && s && s->what)
		return mounts_skip(c, s->what, err);
	if (done < 0)
		return err_set(err, done, "cannot mount", m->dest);
	made = tree_openat(&r->points.tree, m->dest, O_PATH);
	if (made >= 0 && strcmp(m->type, "tmpfs") == 0)
		points_own(&r->points, made);
	done = made >= 0 && below >= 0 && m->copy_up ? mounts_copy_up(below, made) : 0;
	return done < 0 ? err_set(err, done, "cannot copy what is there", m->dest) : 0;
}

static int mount_one(
	const struct container *c, struct root *r, const struct run_mount *m, struct err *err)
{
	return m->bind ? mount_source(c, r, m, err) : mount_type(c, r, m, err);
}

int mounts_all(const struct container *c, struct root *r, struct err *err)
{
	const struct run_config *config = c->config;
	size_t i;
	int done = 0;

	for (i = 0; done == 0 && i < config->mount_count; i++)
		done = mount_one(c, r, &config->mounts[i], err);
	return done;
}

/* Where mount points were still to be made in it, it became read-only last. */
int mounts_finish(const struct container *c, struct root *r, struct err *err)
{
	const struct run_mount *m = c->config->mounts;
	size_t i;
	int done = 0;

	for (i = 0; done == 0 && i < c->config->mount_count; i++, m++) {
		cleanup_fd int fd = -1;

		if (m->bind || !(m->flags & MS_RDONLY) || strcmp(m->type, "tmpfs") != 0)
			continue;
		fd = tree_openat(&r->points.tree, m->dest, O_PATH);
		done = fd < 0 ? fd
			      : mount_read_only(&(struct mount_to){r->log, fd, m->dest}, false);
		if (done < 0)
			err_set(err, done, "cannot make read-only", m->dest);
	}
	return done;
}

/* Nothing can be seen there any more. */
static int mask(struct root *r, const char *path)
{
	struct mount_to to = {r->log, -1, path};
	cleanup_fd int fd = tree_openat(&r->points.tree, path, O_PATH);
	struct stat st;

	to.fd = fd;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES ? 0 : fd < 0 ? fd : -errno;
	if (S_ISDIR(st.st_mode))
		return mount_new(&to, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=0",
			"the configuration masks it");
	return dev_bind(&to, "null");
}

static int make_read_only(struct root *r, const char *path)
{
	struct mount_to to = {r->log, -1, path};
	cleanup_fd int fd = tree_openat(&r->points.tree, path, O_PATH), copy = -1;
	int done;

	to.fd = fd;
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES ? 0 : fd;
	done = copy = mount_copy(fd, true);
	if (done >= 0)
		done = mount_change(copy, &(struct mount_change){.set = MS_RDONLY, .all = true});
	return done < 0 ? done : mount_move(&to, copy, path, "the configuration says so");
}

int mounts_hide(const struct container *c, struct root *r, struct err *err)
{
	char **path = c->config->read_only_paths;
	int done = 0;

	for (; path && *path; path++) {
		done = make_read_only(r, *path);
		if (done < 0)
			return err_set(err, done, "cannot make read-only", *path);
	}
	for (path = c->config->masked; path && *path; path++) {
		done = mask(r, *path);
		if (done < 0)
			return err_set(err, done, "cannot mask", *path);
	}
	return 0;
}
