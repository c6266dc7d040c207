// SPDX-License-Identifier: Apache-2.0
/* verb list
Lists the containers.
*/
/* verb ps
Lists the processes of a container: their numbers as the caller sees them, and their commands.
*/
/* verb features
Prints what this runtime knows as a JSON object (runtime-spec, features.md).
*/
#include "applets/run/run.h"

#include "core/base/io.h"
#include <sched.h>
#include <stdio.h>

enum { LIST_QUIET, LIST_TABLE, LIST_JSON };

static int read_format(const struct call *c)
{
	if (c->quiet)
		return LIST_QUIET;
	if (!c->format || strcmp(c->format, "table") == 0)
		return LIST_TABLE;
	if (strcmp(c->format, "json") == 0)
		return LIST_JSON;
	usage_error(c->self, "--format: '%s' is neither table nor json", c->format);
	return -1;
}

static void add_text(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, "%s\"%s\":", out->len && out->data[out->len - 1] != '{' ? "," : "", key);
	json_quote(out, text, strlen(text));
}

enum { COLUMNS = 6 };

/* What is shown, and how wide each column of a table is. */
struct listing {
	int format;
	struct buf out; /* JSON */
	bool measures;  /* the first time: the columns */
	int widths[COLUMNS];
	const char *owner;
};

static void show_row(struct listing *l, const char *const cells[COLUMNS])
{
	enum { LEAST = 12, GAP = 3 };
	int i;

	for (i = 0; i < COLUMNS; i++)
		if (l->measures)
			l->widths[i] = MAX(MAX(l->widths[i], LEAST), (int)strlen(cells[i]) + GAP);
		else
			printf("%-*s", i + 1 < COLUMNS ? l->widths[i] : 0, cells[i]);
	if (!l->measures)
		printf("\n");
}

static void show_json(const struct state *s, const struct listing *l, const char *status,
	const char *pid, struct buf *out)
{
	buf_adds(out, out->len > 1 ? ",{" : "{");
	add_text(out, "ociVersion", s->config.version);
	add_text(out, "id", s->id);
	buf_addf(out, ",\"pid\":%s", pid);
	add_text(out, "status", status);
	add_text(out, "bundle", s->bundle);
	add_text(out, "rootfs", s->tree ? s->tree : "");
	add_text(out, "created", s->created);
	add_text(out, "owner", l->owner);
	buf_adds(out, "}");
}

static void show_one(const struct state *s, struct listing *l)
{
	const char *status = state_status(s);
	char pid[12];

	snprintf(pid, sizeof(pid), "%d", strcmp(status, "stopped") == 0 ? 0 : (int)s->first.pid);
	if (l->format == LIST_QUIET)
		printf("%s\n", s->id);
	else if (l->format == LIST_TABLE)
		show_row(l, (const char *[COLUMNS]){
				    s->id, pid, status, s->bundle, s->created, l->owner});
	else
		show_json(s, l, status, pid, &l->out);
}

static int each_state(int all, struct listing *l)
{
	cleanup_dir DIR *dir = fdopendir(openat(all, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *d;

	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		cleanup_state struct state s = STATE_NONE;
		cleanup_err struct err err = ERR_NONE;

		if (state_id_valid(d->d_name) && state_open(all, d->d_name, false, &s, &err) == 0)
			show_one(&s, l);
	}
	return 0;
}

static int show_all(int all, struct listing *l)
{
	static const char *const head[COLUMNS] = {
		"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
	int r = 0;

	l->measures = l->format == LIST_TABLE;
	if (l->measures) {
		show_row(l, head);
		r = all < 0 ? 0 : each_state(all, l);
		l->measures = false;
		show_row(l, head);
	}
	buf_adds(&l->out, "[");
	if (all >= 0 && r == 0)
		r = each_state(all, l);
	if (l->format == LIST_JSON)
		printf("%s]\n", l->out.failed ? "" : l->out.data);
	return r;
}

/* NAME:PASSWORD:UID:... in passwd(5); the C library would bring a client of nscd for it. */
static const char *name_of(char *passwd, const char *uid)
{
	char *line;

	while (passwd && (line = strsep(&passwd, "\n"))) {
		const char *name = strsep(&line, ":");

		strsep(&line, ":");
		line = strsep(&line, ":");
		if (line && strcmp(line, uid) == 0)
			return name;
	}
	return uid;
}

static int list(struct call *c, struct err *err)
{
	struct listing l = {.format = read_format(c), .out = BUF_NONE};
	cleanup_fd int all = -1, file = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cleanup_buf struct buf passwd = BUF_NONE;
	char number[12];
	int r;

	if (l.format < 0)
		return EXIT_USAGE;
	snprintf(number, sizeof(number), "%u", geteuid());
	if (file >= 0)
		io_read_all(file, &passwd, DOC_MAX);
	l.owner = name_of(passwd.data, number);
	all = states_open(c->root, false, err);
	if (all < 0 && all != -ENOENT)
		return all;
	r = show_all(all, &l);
	buf_free(&l.out);
	return r < 0 ? err_set(err, r, "cannot list", c->root) : EXIT_DONE;
}

static int list_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 0, 0);

	if (status < 0)
		status = list(&c, &err);
	if (status < 0)
		status = call_fail(&c, &err);
	call_free(&c);
	return status;
}

/* Whether the process is in the same pid namespace; those that look after others hide theirs. */
static bool is_in(const char *pid, const char *space)
{
	char path[64], link[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/pid", pid);
	n = readlink(path, link, sizeof(link) - 1);
	if (n <= 0)
		return false;
	link[n] = '\0';
	return strcmp(link, space) == 0;
}

/* Its arguments, with spaces between. */
static void show_command(pid_t pid)
{
	char path[64], text[256];
	cleanup_fd int fd = -1;
	ssize_t n, i;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : io_read(fd, text, sizeof(text) - 1);
	for (i = 0; i + 1 < n; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
	printf("%-11d %.*s\n", (int)pid, (int)MAX(n, 0), text);
}

/* How processes are shown, and how many were. */
struct showing {
	bool json;
	int count;
};

static bool show_process(void *showing, pid_t pid)
{
	struct showing *s = showing;

	if (s->json)
		printf("%s%d", s->count ? "," : "", (int)pid);
	else
		show_command(pid);
	s->count++;
	return true;
}

/* All of the container's pid namespace, but those that look after others. */
static int show_namespace(const struct state *s, struct showing *how)
{
	char path[64], space[64];
	cleanup_dir DIR *proc = opendir("/proc");
	struct dirent *d;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)s->guest.pid);
	n = readlink(path, space, sizeof(space) - 1);
	if (n < 0 || !proc)
		return -errno;
	space[n] = '\0';
	while ((d = readdir(proc)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && atoi(d->d_name) != s->first.pid &&
			is_in(d->d_name, space))
			show_process(how, atoi(d->d_name));
	return 0;
}

static int show_processes(const struct state *s, bool json)
{
	struct showing how = {json, 0};
	int r;

	printf("%s", json ? "[" : "PID         CMD\n");
	if (run_config_has_new(&s->config, CLONE_NEWPID))
		r = show_namespace(s, &how);
	else
		r = process_each_below(s->first.pid, show_process, &how);
	printf("%s", json ? "]\n" : "");
	return MIN(r, 0);
}

static int ps(struct call *c, struct err *err)
{
	cleanup_state struct state s = STATE_NONE;
	cleanup_fd int all = -1;
	int format = read_format(c), r;

	if (format < 0)
		return EXIT_USAGE;
	r = call_state(c, false, &all, &s, err);
	if (r < 0)
		return r;
	if (!process_lives(&s.guest))
		return err_tell(err, -ESRCH, "the container is not running", s.id);
	r = show_processes(&s, format == LIST_JSON);
	return r < 0 ? err_set(err, r, "cannot list its processes", s.id) : EXIT_DONE;
}

static int ps_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 1, -1);

	if (status < 0)
		status = ps(&c, &err);
	if (status < 0)
		status = call_fail(&c, &err);
	call_free(&c);
	return status;
}

static void add_names(
	struct buf *out, const char *key, const char *(*name)(size_t), const char *before)
{
	const char *text;
	size_t i;

	buf_addf(out, "\"%s\":[", key);
	for (i = 0; (text = name(i)); i++)
		buf_addf(out, "%s\"%s%s\"", i ? "," : "", before, text);
	buf_adds(out, "]");
}

static const char *hook_name(size_t i)
{
	static const char *const names[] = {"prestart", "createRuntime", "createContainer",
		"startContainer", "poststart", "poststop"};

	return i < ARRAY_SIZE(names) ? names[i] : NULL;
}

static const char *cap_name(size_t i)
{
	return config_cap_name((unsigned int)i);
}

static int features_main(const struct applet *self, int argc, char **argv)
{
	cleanup_buf struct buf out = BUF_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 0, 0);

	if (status >= 0)
		return call_free(&c), status;
	buf_adds(&out, "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.2.0\",");
	add_names(&out, "hooks", hook_name, "");
	buf_adds(&out, ",");
	add_names(&out, "mountOptions", config_mount_option, "");
	buf_adds(&out, ",\"linux\":{");
	add_names(&out, "namespaces", config_namespace_name, "");
	buf_adds(&out, ",");
	add_names(&out, "capabilities", cap_name, "CAP_");
	buf_adds(&out, ",\"cgroup\":{\"v1\":false,\"v2\":false,\"systemd\":false,"
		       "\"systemdUser\":false,\"rdma\":false},\"seccomp\":{\"enabled\":false},"
		       "\"apparmor\":{\"enabled\":false},\"selinux\":{\"enabled\":false},"
		       "\"intelRdt\":{\"enabled\":false}}}");
	printf("%s\n", out.failed ? "" : out.data);
	call_free(&c);
	return EXIT_DONE;
}

static const struct option_row list_options[] = {
	{'q', 'q', "quiet", NULL, "ids alone"},
	{RUN_FORMAT, 'f', "format", "HOW", "table or json"},
	RUN_ROWS_ALL,
	{0},
};

static const struct option_row ps_options[] = {
	{RUN_FORMAT, 'f', "format", "HOW", "table or json"},
	RUN_ROWS_ALL,
	{0},
};

static const struct option_row features_options[] = {RUN_ROWS_ALL, {0}};

const struct applet run_list = {
	.name = "run list",
	.summary = "List the containers.",
	.usage = "[OPTION]...",
	.options = list_options,
	.main = list_main,
};

const struct applet run_ps = {
	.name = "run ps",
	.summary = "List the processes of a container.",
	.usage = "[OPTION]... ID",
	.options = ps_options,
	.main = ps_main,
};

const struct applet run_features = {
	.name = "run features",
	.summary = "Show what this runtime knows.",
	.usage = "[OPTION]...",
	.options = features_options,
	.main = features_main,
};
