// SPDX-License-Identifier: Apache-2.0
#include "applets/build/stage.h"

#include "core/ns/root.h"
#include "core/ns/userns.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PLACES "places"
#define EMPTY "empty" /* where an image has no layer: an overlay needs one */

/* What a step changes in it may come to be in the image: whoever builds has the same modes. */
static int make_one(int top, const char *path, bool is_dir)
{
	int r = is_dir ? mkdirat(top, path, 0755) : mknodat(top, path, S_IFREG | 0644, 0);

	if (r < 0)
		return errno == EEXIST ? 0 : -errno;
	return fchmodat(top, path, is_dir ? 0755 : 0644, 0) < 0 ? -errno : 0;
}

/* Makes all directories of path, which is clean, and what it names itself. */
static int make_place(int top, const char *path, bool is_dir)
{
	cleanup_free char *text = strdup(path + (*path == '/'));
	int r = 0;

	if (!text)
		return -ENOMEM;
	for (char *at = strchr(text, '/'); r == 0 && at; at = strchr(at + 1, '/')) {
		*at = '\0';
		r = make_one(top, text, true);
		*at = '/';
	}
	return r == 0 && *text ? make_one(top, text, is_dir) : r;
}

static int open_places(const struct stage *s)
{
	int fd = openat(s->upper.lock, PLACES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_places(const struct stage *s)
{
	static const char *const dirs[] = {"proc", "sys", "dev", "etc"};
	static const char *const files[] = {"etc/resolv.conf", "etc/hosts"};
	cleanup_fd int top = -1;
	int r = 0;

	if (mkdirat(s->upper.lock, PLACES, 0755) < 0)
		r = -errno;
	if (r == 0)
		r = top = open_places(s);
	for (size_t n = 0; r >= 0 && n < ARRAY_SIZE(dirs); n++)
		r = make_place(top, dirs[n], true);
	for (size_t n = 0; r >= 0 && n < ARRAY_SIZE(files); n++)
		r = make_place(top, files[n], false);
	return MIN(r, 0);
}

/* In a child: whether it can be mounted is found out by doing so. */
static int mount_overlay(const struct stage *s, struct root *root)
{
	const struct root_overlay o = {s->lowers.data, s->up, s->work, false};
	static const struct ns_log quiet = {.tell = NULL};
	cleanup_err struct err err = ERR_NONE;

	root->log = &quiet;
	if (fchdir(s->m->store.fd) < 0 || unshare(CLONE_NEWNS) < 0)
		return -errno;
	if (root_propagation(&quiet, MS_PRIVATE, &err) < 0)
		return err.code;
	return root_from_overlay(root, &o, &err);
}

/* Nothing of it is left for who mounts it next. */
static void unmount(const struct stage *s, struct root *root)
{
	root_close(root);
	if (umount2(s->up, UMOUNT_NOFOLLOW) < 0)
		umount2(s->up, UMOUNT_NOFOLLOW | MNT_DETACH);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool can_mount(const struct stage *s)
{
	struct root root = ROOT_NONE;
	pid_t pid = fork();

	if (pid != 0)
		return pid > 0 && wait_for(pid) == EXIT_DONE;
	if (mount_overlay(s, &root) < 0)
		_exit(EXIT_SOME);
	unmount(s, &root);
	_exit(EXIT_DONE);
}

/* Nobody is to see when it was made. */
static int make_empty(const struct stage *s, struct err *err)
{
	cleanup_fd int fd = -1;

	if (mkdirat(s->upper.lock, EMPTY, 0755) < 0)
		return -errno;
	fd = openat(s->upper.lock, EMPTY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : layer_top(-1, fd, err);
}

/* An upper directory over the layer chain, with what lies below all layers. */
static int make_upper(struct stage *s, const char *chain, struct err *err)
{
	int r = store_upper(&s->m->store, chain, &s->m->w->context.owners, &s->upper, err);

	if (r == 0)
		r = make_places(s);
	if (r == 0)
		r = make_empty(s, err);
	if (r == 0 && !s->lowers.len)
		r = buf_addf(&s->lowers, "%s/" EMPTY, s->upper.name);
	snprintf(s->up, sizeof(s->up), "%s/upper", s->upper.name);
	snprintf(s->work, sizeof(s->work), "%s/work", s->upper.name);
	return r < 0 ? err_set(err, r, "cannot prepare a tree", s->m->r->name) : 0;
}

/* Once, and before layers are unpacked for overlays: where none can be had, that may fail, too. */
static int try_overlay(struct making *m, struct err *err)
{
	cleanup_stage struct stage s = STAGE_NONE;
	int r;

	s.m = m;
	r = make_upper(&s, "", err);
	m->overlay = r == 0 && can_mount(&s);
	m->tried_overlay = r == 0;
	return r;
}

static int begin_overlay(struct stage *s, const struct image *i, struct err *err)
{
	struct unpack_options o = making_unpack(s->m);
	int r = store_layers(&s->m->store, &s->m->layout, i, &o, &s->lowers, s->chain, err);

	return r < 0 ? r : make_upper(s, s->chain, err);
}

static int begin_plain(struct stage *s, const struct image *i, struct err *err)
{
	int r = make_upper(s, "", err);

	return r < 0 ? r : plain_begin(s, i, err);
}

int stage_begin(struct stage *s, struct making *m, const struct image *i, struct err *err)
{
	int r = making_store(m, err);

	s->m = m;
	if (r == 0 && !m->tried_overlay)
		r = try_overlay(m, err);
	if (r < 0)
		return r;
	s->plain = !m->overlay;
	return s->plain ? begin_plain(s, i, err) : begin_overlay(s, i, err);
}

void stage_end(struct stage *s)
{
	tree_close(&s->whole);
	base_close(&s->manifest);
	base_close(&s->stamps);
	if (s->upper.lock >= 0)
		store_upper_drop(&s->m->store, &s->upper);
	strings_free(&s->binds);
	buf_free(&s->lowers);
}

/* Whether src is a directory; it has to be there. */
static int is_dir(const struct stage *s, const char *src)
{
	struct stat st;

	return fstatat(s->m->store.fd, src, &st, 0) < 0 ? -errno : S_ISDIR(st.st_mode);
}

int stage_bind(struct stage *s, const char *src, const char *dst, bool read_only, struct err *err)
{
	cleanup_free char *text = NULL;
	cleanup_fd int top = open_places(s);
	int dir = is_dir(s, src), r = dir < 0 ? dir : MIN(top, 0);

	if (r == 0 && (strchr(src, ':') || strchr(dst, ':')))
		return err_tell(err, -EINVAL, "no path with a colon can be bound", src);
	if (r == 0)
		r = make_place(top, dst, dir);
	if (r == 0 && asprintf(&text, "%s:%s%s", src, dst, read_only ? ":ro" : "") < 0)
		r = -ENOMEM;
	if (r == 0)
		r = strings_add(&s->binds, text);
	return r < 0 ? err_set(err, r, "cannot bind", src) : 0;
}

/* In the child: its exit status. */
static int act_in_tree(struct stage *s, stage_act *act, void *arg)
{
	struct root root = ROOT_NONE;
	cleanup_err struct err err = ERR_NONE;
	int r = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(0);
	if (!s->plain)
		r = mount_overlay(s, &root);
	if (r == 0)
		r = act(s, s->plain ? &s->whole : &root.points.tree, arg, &err);
	if (r < 0) {
		err_set(&err, r, NULL, NULL);
		report_err(&s->m->self, &err);
	}
	if (!s->plain)
		unmount(s, &root);
	return r < 0 || s->m->faulty ? EXIT_SOME : EXIT_DONE;
}

int stage_tree(struct stage *s, stage_act *act, void *arg, struct err *err)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(act_in_tree(s, act, arg));
	status = pid < 0 ? -errno : wait_for(pid);
	if (status > 0)
		return build_told(err);
	return status < 0 ? err_set(err, status, "cannot start a process", NULL) : 0;
}

static int add_words(struct strings *args, const char *const *words, size_t count)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < count; n++)
		r = strings_add(args, words[n]);
	return r;
}

static int add_each(struct strings *args, const char *option, const struct strings *values)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < values->count; n++) {
		r = strings_add(args, option);
		if (r == 0)
			r = strings_add(args, values->at[n]);
	}
	return r;
}

static int add_root(const struct stage *s, struct strings *args)
{
	cleanup_free char *lowers = NULL, *whole = NULL;

	if (asprintf(&lowers, "%s:%s/" PLACES, s->lowers.data, s->upper.name) < 0)
		return -ENOMEM;
	if (s->plain) {
		if (asprintf(&whole, "%s/whole", s->upper.name) < 0)
			return -ENOMEM;
		return add_words(args, (const char *const[]){"--root", whole}, 2);
	}
	return add_words(args,
		(const char *const[]){"--overlay", lowers, "--upper", s->up, "--work", s->work}, 6);
}

/* What a person at a terminal has besides. */
static int add_terminal(struct strings *args)
{
	cleanup_free char *term = NULL;
	const char *name = getenv("TERM");

	if (asprintf(&term, "TERM=%s", name ? name : "dumb") < 0)
		return -ENOMEM;
	return add_words(args, (const char *const[]){"--env", "HOME=/root", "--env", term}, 4);
}

/* rlc-unshare's command line. */
static int arguments(
	const struct stage *s, const char *const *command, bool terminal, struct strings *args)
{
	static const char *const as_root[] = {
		"--emulate=off", "--mount", "--pid", "--ipc", "--uts", "--fork", "--mount-proc"};
	static const char *const all[] = {"--hostname", "stacker", "--clearenv"};
	size_t words = 0;
	int r = strings_add(args, "rlc-unshare");

	while (command[words])
		words++;
	if (r == 0 && s->m->w->real)
		r = add_words(args, as_root, ARRAY_SIZE(as_root));
	if (r == 0)
		r = add_root(s, args);
	if (r == 0)
		r = add_words(args, all, ARRAY_SIZE(all));
	if (r == 0 && terminal)
		r = add_terminal(args);
	if (r == 0 && terminal && words == 1) /* a shell */
		r = strings_add(args, "--foreground");
	if (r == 0)
		r = add_each(args, "--env", &s->m->env);
	if (r == 0)
		r = add_each(args, "--bind", &s->binds);
	if (r == 0)
		r = strings_add(args, "--");
	return r == 0 ? add_words(args, command, words) : r;
}

/*
 * Steps have all privileges over their own mounts, and would make writable what is shown read-only.
 * What is read-only already in a mount namespace above theirs stays so (mount_namespaces(7)).
 * Real root's steps have no namespace of their own below this one. The working directory is the
 * store's.
 */
static int guard_imports(const struct stage *s)
{
	static const unsigned long again = MS_BIND | MS_REMOUNT | MS_RDONLY;
	cleanup_free char *imports = NULL;

	if (s->m->w->real || !s->furnished)
		return 0;
	imports = work_from_store(s->m->w, "imports", s->m->r->name);
	if (!imports)
		return -ENOMEM;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount(imports, imports, NULL, MS_BIND, NULL) < 0 ||
		mount(NULL, imports, NULL, again, NULL) < 0)
		return -errno;
	return 0;
}

/* Where user namespaces are refused, that is the reason, and something may be done about it. */
static void tell_refused(const struct stage *s, int error)
{
	int code = s->m->w->real ? 0 : userns_try();
	cleanup_free char *why = code < 0 ? userns_why(code) : NULL;

	report(&s->m->self, "cannot run a step: %s", strerror(error));
	if (why)
		report(&s->m->self, "%s", why);
}

static _Noreturn void become(const struct stage *s, char **argv, int out)
{
	int null = out < 0 ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(022);
	if (out >= 0 && (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0))
		_exit(125);
	if (out < 0 && dup2(s->m->terminal, 2) < 0)
		_exit(125);
	if (fchdir(s->m->store.fd) == 0 && guard_imports(s) == 0)
		execv("/proc/self/exe", argv);
	tell_refused(s, errno);
	_exit(125);
}

/* As a shell would read it. */
static void tell_command(const struct making *m, const struct strings *args)
{
	cleanup_buf struct buf text = BUF_NONE;

	for (size_t n = 0; m->w->b.debug && n < args->count; n++) {
		buf_adds(&text, n ? " " : "");
		add_shell_word(&text, args->at[n]);
	}
	if (text.len && !text.failed)
		making_say(m, "%s", text.data);
}

int stage_run(struct stage *s, const char *const *command, int out, struct err *err)
{
	struct strings args = {NULL, 0};
	cleanup_free char **argv = NULL;
	int r = arguments(s, command, out < 0, &args);
	pid_t pid;

	argv = r == 0 ? calloc(args.count + 1, sizeof(*argv)) : NULL;
	if (!argv) {
		strings_free(&args);
		return err_set(err, -ENOMEM, NULL, NULL);
	}
	memcpy(argv, args.at, args.count * sizeof(*argv));
	tell_command(s->m, &args);
	pid = fork();
	if (pid == 0)
		become(s, argv, out);
	r = pid < 0 ? -errno : wait_for(pid);
	strings_free(&args);
	return r < 0 ? err_set(err, r, "cannot start a process", NULL) : r;
}
