// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/each.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* What the kernel follows at the most. */
enum { SYMLINKS_MAX = 40 };

/* After so many inodes a second process is worth its start. */
enum { MANY = 512 };

/* The work on one operand, which two processes may share. */
struct course {
	const struct each *e;
	struct walk *walk;
	size_t seen;
	pid_t helper; /* 0 where there is none; in the helper itself -1 */
};

/* Also where that cannot be told: going in will say why. */
static bool leads_to_directory(const struct tree *t, const char *path)
{
	cleanup_fd int fd = tree_openat(t, path, O_PATH | O_DIRECTORY);

	return fd != -ENOTDIR && fd != -ENOENT;
}

static bool follows(const struct each *e, const struct visit *v)
{
	return e->follow > (v->depth == 0 ? FOLLOW_NONE : FOLLOW_OPERANDS);
}

/* DT_UNKNOWN costs a call more. */
static bool goes_in(const struct each *e, const struct visit *v)
{
	unsigned char type = v->type;
	struct stat st;

	if (!e->recursive)
		return false;
	if (type == DT_UNKNOWN) {
		if (fstatat(v->dir->fd, v->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno != ENOENT;
		type = IFTODT(st.st_mode);
	}
	if (type != DT_LNK)
		return type == DT_DIR;
	return follows(e, v) && leads_to_directory(&e->c->tree, v->path);
}

static int fail(const struct each *e, struct err *err)
{
	if (e->quiet)
		err_free(err);
	else
		report_err(e->c->self, err);
	return EXIT_SOME;
}

static int flush(const struct each *e, struct dir *dir)
{
	cleanup_err struct err err = ERR_NONE;

	return dir_flush(&e->c->owners, dir, &err) < 0 ? fail(e, &err) : EXIT_DONE;
}

/* Which of the two has a name must not depend on when a directory was read. */
static bool is_helpers(const struct visit *v)
{
	unsigned int sum = 0;

	for (const char *c = v->name; *c; c++)
		sum = sum * 31 + (unsigned char)*c;
	return v->type == DT_REG && (sum ^ sum >> 8) & 1;
}

/*
 * Only root of some kind gets help: others add permission bits for a while, and two would take
 * each other's for the true ones. The helper's copy of the walk goes on from here.
 */
static void get_help(struct course *k)
{
	cpu_set_t cpus;

	if (++k->seen != MANY || !k->e->in_two || k->e->follow != FOLLOW_NONE || geteuid() != 0 ||
		k->e->c->owners.sidecar || sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
		CPU_COUNT(&cpus) < 2)
		return;
	k->helper = _Fork();
	if (k->helper != 0)
		return;
	k->helper = -1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Directories, their maps and messages about them are not the helper's. */
static int help(const struct course *k, const struct visit *v)
{
	bool enter = !v->leaving && goes_in(k->e, v);

	if (enter)
		walk_enter(k->walk, false, NULL);
	return !v->leaving && is_helpers(v) ? k->e->visit(k->e->arg, v, &enter) : EXIT_DONE;
}

static int visit(struct course *k, const struct visit *v)
{
	cleanup_err struct err err = ERR_NONE;
	const struct each *e = k->e;
	bool enter = !v->leaving && goes_in(e, v);
	int status;

	if (k->helper > 0 && !v->leaving && is_helpers(v))
		return EXIT_DONE;
	status = e->visit(e->arg, v, &enter);
	if (v->leaving)
		return status | flush(e, v->self);
	if (enter && walk_enter(k->walk, follows(e, v), &err) < 0)
		return fail(e, &err);
	return status;
}

static int end_help(const struct course *k, int status)
{
	int how;

	if (k->helper < 0)
		_exit(status);
	if (k->helper == 0)
		return status;
	while (waitpid(k->helper, &how, 0) < 0)
		if (errno != EINTR)
			return EXIT_SOME;
	if (WIFEXITED(how))
		return status | WEXITSTATUS(how);
	report(k->e->c->self, "a second process was ended by signal %d", WTERMSIG(how));
	return EXIT_SOME;
}

int each_inode(const struct each *e, const char *operand)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_walk struct walk *w = NULL;
	struct dir *holder = NULL;
	int r, status = EXIT_DONE;
	struct course k = {.e = e};
	struct visit v;

	if (walk_start(&e->c->tree, operand, &w, &err) < 0)
		return fail(e, &err);
	k.walk = w;
	while ((r = walk_next(w, &v)) > 0) {
		if (!holder)
			holder = v.dir;
		get_help(&k);
		status |= k.helper < 0 ? help(&k, &v) : visit(&k, &v);
	}
	if (r < 0) {
		err_set(&err, r, "cannot go on", operand);
		status = fail(e, &err);
	}
	if (holder && k.helper >= 0)
		status |= flush(e, holder);
	return end_help(&k, status);
}

/* "a/b" and the target "c" make "a/c"; an absolute target stands for itself. */
static char *join(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');
	char *joined;

	if (*target == '/' || !slash)
		return strdup(target);
	return asprintf(&joined, "%.*s/%s", (int)(slash - path), path, target) < 0 ? NULL : joined;
}

/* The path that the symlink name in dirfd leads to; itself where it is none. NULL: no memory. */
static int next(int dirfd, const char *name, char **path)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
	char *joined;

	if (n < 0)
		return errno == EINVAL ? 0 : -errno;
	target[n] = '\0';
	joined = join(*path, target);
	if (!joined)
		return -ENOMEM;
	free(*path);
	*path = joined;
	return 1;
}

/* What dir is called: what is before name in path, which is cut there. */
static const char *cut_name(char *path, const char *name)
{
	char *slash = strrchr(path, '/');

	if (strcmp(name, ".") == 0)
		return path;
	if (!slash)
		return ".";
	*slash = '\0';
	return slash == path ? "/" : path;
}

int each_follow(const struct tree *t, const char *path, struct dir *dir, char name[NAME_MAX + 1],
	char **real)
{
	*real = strdup(path);
	if (!*real)
		return -ENOMEM;
	for (int i = 0; i <= SYMLINKS_MAX; i++) {
		cleanup_fd int fd = tree_parent(t, *real, name);
		int r = fd < 0 ? fd : next(fd, name, real);

		if (r < 0)
			return r;
		if (r == 0) {
			dir_start(dir, take_fd(&fd), cut_name(*real, name));
			return 0;
		}
	}
	return -ELOOP;
}
