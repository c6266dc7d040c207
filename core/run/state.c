// SPDX-License-Identifier: Apache-2.0
#include "core/run/state.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include "core/image/image.h"
#include "core/tree/walk.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define STATE_FILE "state.json"
#define STATE_ASIDE "state.json.new"
#define STATE_POINTS "points"

bool state_id_valid(const char *id)
{
	size_t len = strlen(id);

	return len && len <= STATE_ID_MAX && len <= NAME_MAX && strcmp(id, ".") != 0 &&
	       strcmp(id, "..") != 0 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.") ==
		       len;
}

static int make_parents(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static char *default_dir(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *path;

	if (runtime && *runtime == '/')
		return asprintf(&path, "%s/rlc-run", runtime) < 0 ? NULL : path;
	return asprintf(&path, "/tmp/rlc-run-%u", geteuid()) < 0 ? NULL : path;
}

int states_open(const char *dir, bool make, struct err *err)
{
	cleanup_free char *path = dir ? strdup(dir) : default_dir();
	cleanup_fd int fd = -1;
	struct stat st;
	int r = path && *path ? 0 : -ENOMEM;

	if (r == 0 && make)
		r = make_parents(path);
	if (r < 0)
		return err_set(err, r, "cannot keep states there", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (dir ? 0 : O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot open", path);
	if (!dir && (st.st_uid != geteuid() || st.st_mode & 022))
		return err_tell(err, -EPERM, "is not this user's alone", path);
	return take_fd(&fd);
}

/* -ENOENT where it is gone. Somebody else's would say whom to kill, and what hooks to run. */
static int check_dir(int dir, bool locked)
{
	struct stat st;

	while (locked && flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	if (fstat(dir, &st) < 0)
		return -errno;
	return st.st_uid != geteuid() ? -EPERM : st.st_nlink == 0 ? -ENOENT : 0;
}

static int open_dir(int all, const char *id, bool locked, struct state *s)
{
	s->dir = openat(all, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return s->dir < 0 ? -errno : check_dir(s->dir, locked);
}

int state_make(int all, const char *id, struct state *out, struct err *err)
{
	int r;

	if (!state_id_valid(id))
		return err_tell(err, -EINVAL, "is no id: letters, digits and _+-. make one", id);
	if (mkdirat(all, id, 0700) < 0)
		return errno == EEXIST
			       ? err_tell(err, -EEXIST, "there is a container of that id", id)
			       : err_set(err, -errno, "cannot make", id);
	out->id = strdup(id);
	r = out->id ? open_dir(all, id, true, out) : -ENOMEM;
	if (r == 0 && mkfifoat(out->dir, STATE_FIFO, 0600) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot make", id) : 0;
}

static int set(json_t *doc, const char *key, json_t *value)
{
	return value && json_object_set_new(doc, key, value) == 0 ? 0 : -ENOMEM;
}

static int set_process(json_t *doc, const char *key, const struct process *p)
{
	json_t *one = json_object();

	if (!one || set(one, "pid", json_integer(p->pid)) < 0 ||
		set(one, "start", json_integer((json_int_t)p->start)) < 0) {
		json_decref(one);
		return -ENOMEM;
	}
	return set(doc, key, one);
}

static int fill(
	struct state *s, const char *bundle, const char *tree, const struct run_config *config)
{
	char now[IMAGE_TIME_MAX];
	struct timespec t;
	int r = 0;

	if (!s->doc) {
		s->doc = json_object();
		clock_gettime(CLOCK_REALTIME, &t);
		image_time(t, now);
		r = s->doc ? doc_set_text(s->doc, "created", now) : -ENOMEM;
	}
	if (r == 0)
		r = set_process(s->doc, "first", &s->first);
	if (r == 0)
		r = set_process(s->doc, "guest", &s->guest);
	if (r == 0)
		r = doc_set_text(s->doc, "bundle", bundle);
	if (r == 0)
		r = doc_set_text(s->doc, "tree", tree);
	return r < 0 ? r : set(s->doc, "config", json_incref(config->doc));
}

int state_save(struct state *s, const char *bundle, const char *tree,
	const struct run_config *config, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_fd int fd = -1;
	int r = fill(s, bundle, tree, config);

	s->tree = doc_text(s->doc, "tree");
	if (r == 0)
		r = doc_write(s->doc, &text);
	if (r == 0)
		fd = openat(s->dir, STATE_ASIDE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (r == 0)
		r = fd < 0 ? -errno : io_write(fd, text.data, text.len);
	if (r == 0 && renameat(s->dir, STATE_ASIDE, s->dir, STATE_FILE) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot save the state", s->id) : 0;
}

static struct process get_process(const json_t *doc, const char *key)
{
	const json_t *one = json_object_get(doc, key);

	return (struct process){(pid_t)json_integer_value(json_object_get(one, "pid")),
		(uint64_t)json_integer_value(json_object_get(one, "start"))};
}

static int load(struct state *s, struct err *err)
{
	cleanup_fd int fd = openat(s->dir, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_buf struct buf text = BUF_NONE;
	int r = fd < 0 ? -errno : io_read_all(fd, &text, DOC_MAX);

	if (r == -ENOENT)
		return err_tell(err, -EBADMSG, "is still being made, or was left half-made", s->id);
	if (r < 0)
		return err_set(err, r, "cannot read the state", s->id);
	r = doc_parse(text.data ? text.data : "", text.len, s->id, &s->doc, err);
	if (r < 0)
		return r;
	s->first = get_process(s->doc, "first");
	s->guest = get_process(s->doc, "guest");
	s->bundle = doc_text(s->doc, "bundle");
	s->created = doc_text(s->doc, "created");
	s->tree = doc_text(s->doc, "tree");
	if (!s->bundle || !s->created)
		return err_tell(err, -EBADMSG, "its state is damaged", s->id);
	return run_config_read(json_object_get(s->doc, "config"), &s->config, err);
}

int state_open(int all, const char *id, bool locked, struct state *out, struct err *err)
{
	int r;

	if (!state_id_valid(id))
		return err_tell(err, -EINVAL, "is no id: letters, digits and _+-. make one", id);
	out->id = strdup(id);
	r = out->id ? open_dir(all, id, locked, out) : -ENOMEM;
	if (r == -ENOENT)
		return err_tell(err, r, "there is no such container", id);
	return r < 0 ? err_set(err, r, "cannot open", id) : load(out, err);
}

const char *state_status(const struct state *s)
{
	if (!process_lives(&s->first))
		return "stopped";
	if (faccessat(s->dir, STATE_FIFO, F_OK, 0) < 0)
		return "running";
	return s->guest.pid ? "created" : "creating";
}

int state_start(struct state *s, struct err *err)
{
	const char *status = state_status(s);
	cleanup_fd int fd = -1;

	if (strcmp(status, "created") != 0)
		return err_tell(err, -EINVAL,
			strcmp(status, "running") == 0 ? "is running already"
						       : "is not to be started",
			s->id);
	fd = openat(s->dir, STATE_FIFO, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || io_write(fd, "", 1) < 0)
		return err_set(err, -errno, "cannot start", s->id);
	return unlinkat(s->dir, STATE_FIFO, 0) < 0 ? err_set(err, -errno, "cannot start", s->id)
						   : 0;
}

int state_discard(int all, const char *id, struct err *err)
{
	if (!state_id_valid(id))
		return err_tell(err, -EINVAL, "is no id: letters, digits and _+-. make one", id);
	return tree_remove(all, id, err);
}

struct points_aside *state_points(const struct state *s, bool make)
{
	static const struct points_aside none;
	cleanup_fd int fd = openat(s->dir, STATE_POINTS,
		O_RDWR | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT | O_EXCL : 0), 0600);
	struct points_aside *p = MAP_FAILED;
	struct stat st;

	/* Written, for memory without a disk behind it kills who writes there. */
	if (fd >= 0 && (!make || io_write(fd, &none, sizeof(none)) == 0) && fstat(fd, &st) == 0 &&
		st.st_size == sizeof(none))
		p = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED || p->len > sizeof(p->text) ? NULL : p;
}

int state_remove(int all, struct state *s, struct err *err)
{
	cleanup_tree struct tree tree = TREE_NONE;
	cleanup_err struct err ignored = ERR_NONE;
	int r = check_dir(s->dir, true);

	if (r < 0) /* by somebody else, and perhaps there is a new one of that name */
		return r == -ENOENT ? 0 : err_set(err, r, "cannot remove", s->id);
	if (s->tree && tree_open(&tree, s->tree, &ignored) == 0)
		points_remove(&tree, state_points(s, false));
	return tree_remove(all, s->id, err);
}

void state_unlock(const struct state *s)
{
	flock(s->dir, LOCK_UN);
}

void state_close(struct state *s)
{
	run_config_free(&s->config);
	json_decref(s->doc);
	free(s->id);
	base_close(&s->dir);
	*s = (struct state)STATE_NONE;
}

/* Fields 3 (its state) and 22 (when it was started) of a line, behind the name. proc(5) */
static uint64_t read_start(const char *line, char *status)
{
	const char *at = strrchr(line, ')');
	unsigned long long start = 0;
	int field;

	if (!at)
		return 0;
	*status = at[1] ? at[2] : '\0';
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%llu", &start) == 1 ? start : 0;
}

struct process process_now(pid_t pid)
{
	char path[32], line[1024], status = '\0';
	struct process p = {pid, 0};
	cleanup_fd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	n = fd < 0 ? -1 : io_read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return p;
	line[n] = '\0';
	p.start = read_start(line, &status);
	if (status == 'Z' || status == 'X')
		p.start = 0;
	return p;
}

bool process_lives(const struct process *p)
{
	return p->pid > 0 && p->start && process_now(p->pid).start == p->start;
}

int state_kill(const struct state *s)
{
	return run_config_has_new(&s->config, CLONE_NEWPID)
		       ? process_kill(&s->first, SIGKILL)
		       : process_kill_below(&s->first, SIGKILL);
}

int process_kill(const struct process *p, int signal)
{
	cleanup_fd int fd = p->pid > 0 ? sys_pidfd_open(p->pid, 0) : -ESRCH;

	if (fd == -ENOSYS)
		return !process_lives(p) ? -ESRCH : kill(p->pid, signal) < 0 ? -errno : 0;
	if (fd < 0 || !process_lives(p))
		return fd < 0 ? fd : -ESRCH;
	return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno : 0;
}
