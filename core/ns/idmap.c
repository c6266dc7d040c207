// SPDX-License-Identifier: Apache-2.0
#include "core/ns/idmap.h"

#include "core/base/io.h"
#include "core/owner/text.h"
#include <stdio.h>
#include <sys/wait.h>

static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[64], self[16] = "self";
	int fd;
	int r;

	if (pid)
		snprintf(self, sizeof(self), "%d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%s/%s", self, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = io_write(fd, text, strlen(text));
	close(fd);
	return r;
}

static int write_map(pid_t pid, const char *name, const struct userns_map *map)
{
	char text[USERNS_LINES * 36] = "";
	size_t i, used = 0;

	for (i = 0; i < map->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%u %u %u\n",
			map->lines[i].inside, map->lines[i].outside, map->lines[i].count);
	return map->count ? write_file(pid, name, text) : 0;
}

int idmap_write(pid_t pid, const struct userns_ids *ids)
{
	int r = 0;

	if (ids->setgroups != SETGROUPS_KEEP)
		r = write_file(
			pid, "setgroups", ids->setgroups == SETGROUPS_DENY ? "deny" : "allow");
	if (r < 0 && r != -ENOENT)
		return r;
	r = write_map(pid, "uid_map", &ids->uids);
	return r < 0 ? r : write_map(pid, "gid_map", &ids->gids);
}

/* Runs newuidmap(1): the privileges to map are its own. */
static void exec_program(const char *program, pid_t pid, const struct userns_map *map)
{
	char numbers[1 + USERNS_LINES * 3][12];
	char *argv[ARRAY_SIZE(numbers) + 2];
	size_t i, n = 0;

	snprintf(numbers[n++], sizeof(numbers[0]), "%d", (int)pid);
	for (i = 0; i < map->count; i++) {
		snprintf(numbers[n++], sizeof(numbers[0]), "%u", map->lines[i].inside);
		snprintf(numbers[n++], sizeof(numbers[0]), "%u", map->lines[i].outside);
		snprintf(numbers[n++], sizeof(numbers[0]), "%u", map->lines[i].count);
	}
	argv[0] = (char *)(uintptr_t)program;
	for (i = 0; i < n; i++)
		argv[i + 1] = numbers[i];
	argv[n + 1] = NULL;
	execvp(program, argv);
	_exit(errno == ENOENT || errno == EACCES ? ENOENT : EPERM); /* EACCES: of some of PATH */
}

static int run_program(const char *program, pid_t pid, const struct userns_map *map)
{
	int status;
	pid_t child = map->count ? _Fork() : 0;

	if (child == 0 && map->count)
		exec_program(program, pid, map);
	if (child <= 0)
		return -child;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EPERM;
	return WIFEXITED(status) && (!WEXITSTATUS(status) || WEXITSTATUS(status) == ENOENT)
		       ? WEXITSTATUS(status)
		       : EPERM;
}

/* Root maps by itself. The exit status is an error number. */
static int help(int go, pid_t pid, const struct userns_ids *ids)
{
	int r;
	char byte;

	if (read(go, &byte, 1) != 1)
		return 0;
	r = idmap_write(pid, ids);
	if (r != -EPERM && r != -EACCES)
		return -r;
	r = run_program("newuidmap", pid, &ids->uids);
	return r ? r : run_program("newgidmap", pid, &ids->gids);
}

int idmap_helper_start(struct idmap_helper *h, const struct userns_ids *ids)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	h->pid = _Fork();
	if (h->pid == 0) {
		close(ends[1]);
		_exit(help(ends[0], parent, ids));
	}
	close(ends[0]);
	h->go = ends[1];
	if (h->pid < 0)
		base_close(&h->go);
	return h->pid < 0 ? -1 : 0;
}

int idmap_helper_finish(struct idmap_helper *h, bool go)
{
	int status = 0, r = go ? io_write(h->go, "", 1) : 0;

	close(h->go);
	while (waitpid(h->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (r < 0)
		return r;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}

/*
 * Takes from a line what another one maps. What is behind the hole moves up to it on the other
 * side, as unshare(1) has it.
 */
static int cut(struct userns_map *map, size_t i, uint64_t from, uint64_t to, bool inside)
{
	struct userns_line *line = &map->lines[i], rest = *line;
	uint64_t first = inside ? line->inside : line->outside, end = first + line->count;

	if (to <= first || from >= end)
		return 0;
	line->count = from > first ? (uint32_t)(from - first) : 0;
	if (to >= end)
		return 0;
	rest.inside = inside ? (uint32_t)to : rest.inside + line->count;
	rest.outside = inside ? rest.outside + line->count : (uint32_t)to;
	rest.count = (uint32_t)(end - to);
	if (line->count == 0)
		*line = rest;
	else if (map->count == USERNS_LINES)
		return -E2BIG;
	else
		map->lines[map->count++] = rest;
	return 0;
}

static void drop_empty(struct userns_map *map)
{
	size_t i, kept = 0;

	for (i = 0; i < map->count; i++)
		if (map->lines[i].count)
			map->lines[kept++] = map->lines[i];
	map->count = kept;
}

int userns_map_add(struct userns_map *map, struct userns_line line)
{
	uint64_t in = line.inside, out = line.outside, n = line.count;
	size_t i;
	int r = n && in + n <= UINT32_MAX && out + n <= UINT32_MAX ? 0 : -EINVAL;

	for (i = 0; r == 0 && i < map->count; i++)
		r = cut(map, i, in, in + n, true);
	for (i = 0; r == 0 && i < map->count; i++)
		r = cut(map, i, out, out + n, false);
	drop_empty(map);
	if (r < 0 || map->count == USERNS_LINES)
		return r < 0 ? r : -E2BIG;
	map->lines[map->count++] = line;
	return 0;
}

/* "NAME:FIRST:COUNT" */
static bool parse_subordinate(struct text t, const char *user, uint32_t id, struct userns_line *out)
{
	char number[12];

	snprintf(number, sizeof(number), "%u", id);
	if (!(user && text_word(&t, user)) && !text_word(&t, number))
		return false;
	out->inside = 0;
	return text_char(&t, ':') && text_u32(&t, &out->outside) && text_char(&t, ':') &&
	       text_u32(&t, &out->count) && text_end(&t) && out->count;
}

int userns_subordinate(const char *file, const char *user, uint32_t id, struct userns_line *out)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	cleanup_buf struct buf all = BUF_NONE;
	char *line, *rest;
	int r = fd < 0 ? -errno : io_read_all(fd, &all, 1 << 24);

	if (r < 0 || !all.len)
		return r < 0 ? r : -ENOENT;
	for (rest = all.data; (line = strsep(&rest, "\n"));)
		if (parse_subordinate(text_of(line, strlen(line)), user, id, out))
			return 0;
	return -ENOENT;
}
