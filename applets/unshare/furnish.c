// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/unshare.h"

#include "core/base/io.h"
#include "core/ns/root.h"
#include <sched.h>
#include <stdio.h>

static int set_hostname(const struct job *j, struct err *err)
{
	if (!j->hostname)
		return 0;
	ns_tell(&j->log, "the command line says so", "sethostname(\"%s\")", j->hostname);
	if (sethostname(j->hostname, strlen(j->hostname)) < 0)
		return err_set(err, -errno, "cannot set the host's name", j->hostname);
	return 0;
}

static int set_clock(const char *clock, const char *seconds, struct err *err)
{
	cleanup_fd int fd = seconds ? open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC) : -1;
	cleanup_buf struct buf line = BUF_NONE;
	int r;

	if (!seconds)
		return 0;
	r = fd < 0 ? -errno : buf_addf(&line, "%s %s 0\n", clock, seconds);
	if (r == 0)
		r = io_write(fd, line.data, line.len);
	return r < 0 ? err_set(err, r, "cannot set the clock", clock) : 0;
}

static int add_extras(const struct job *j, struct root *root, struct err *err)
{
	const struct extra *e = j->extras;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < j->extra_count; i++, e++)
		r = e->src ? root_bind(root, e->src, e->dst, e->read_only, err)
			   : root_tmpfs(root, e->dst, err);
	return r;
}

static int mount_all(const struct job *j, struct root *root, struct err *err)
{
	bool own = j->root || j->overlay.lowers;
	bool has_proc = own && j->proc && strcmp(j->proc, "/proc") == 0;
	int r;

	root->log = &j->log;
	root->in_userns = j->flags & CLONE_NEWUSER;
	root->points.make = own;
	root->points.aside = j->aside;
	r = j->overlay.lowers ? root_from_overlay(root, &j->overlay, err)
			      : root_from_dir(root, j->root, err);
	if (r == 0 && own)
		r = root_furnish(root, err);
	if (r == 0 && j->proc && !has_proc)
		r = root_proc(root, j->proc, err);
	if (r == 0)
		r = add_extras(j, root, err);
	if (r == 0 && j->read_only)
		r = root_read_only(root, err);
	return r < 0 ? r : root_enter(root, err);
}

/* Without a mount namespace the root is what unshare(1) makes of it. */
static int change_root(const struct job *j, struct err *err)
{
	if (!j->root)
		return 0;
	ns_tell(&j->log, "the tree is the root; there is no mount namespace to put more into",
		"chroot(\"%s\")", j->root);
	if (chroot(j->root) < 0 || chdir("/") < 0)
		return err_set(err, -errno, "cannot use as root", j->root);
	return 0;
}

static int furnish(const struct job *j, struct root *root, struct err *err)
{
	bool mounts = j->flags & CLONE_NEWNS;
	int r = set_hostname(j, err);

	if (r == 0 && mounts)
		r = root_propagation(&j->log, j->propagation, err);
	if (r == 0)
		r = mounts && (j->root || j->overlay.lowers || j->proc || j->extra_count ||
				      j->read_only)
			    ? mount_all(j, root, err)
			    : change_root(j, err);
	if (r == 0 && j->wd && chdir(j->wd) < 0)
		r = err_set(err, -errno, "cannot go there", j->wd);
	return r;
}

int job_clocks(const struct job *j)
{
	cleanup_err struct err err = ERR_NONE;

	if (set_clock("monotonic", j->monotonic, &err) < 0 ||
		set_clock("boottime", j->boottime, &err) < 0)
		return job_failed(j, &err);
	return EXIT_DONE;
}

int job_furnish(struct job *j, struct root *root)
{
	cleanup_err struct err err = ERR_NONE;

	return furnish(j, root, &err) < 0 ? job_failed(j, &err) : EXIT_DONE;
}
