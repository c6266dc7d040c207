// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/unshare.h"

#include "core/base/io.h"
#include "core/owner/text.h"
#include "core/tree/tree.h"
#include <sched.h>
#include <stdio.h>

static void names_cleanup(struct names **n)
{
	names_free(*n);
}

/* The names of the root that this process has, as far as they can be read. */
static struct names *own_names(void)
{
	cleanup_tree struct tree t = TREE_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct names *names = NULL;

	if (tree_open(&t, "/", &err) < 0 || tree_names(&t, "/", &names, &err) < 0)
		return NULL;
	return names;
}

static bool read_number(const char *word, uint32_t *id)
{
	struct text t = text_of(word, strlen(word));

	return text_u32(&t, id) && text_end(&t) && *id != OWNER_KEEP;
}

static bool read_id(const struct job *j, const char *word, bool group, uint32_t *id)
{
	cleanup(names_cleanup) struct names *names = NULL;

	if (read_number(word, id))
		return true;
	names = own_names();
	if (names && (group ? names_gid(names, word, id) : names_uid(names, word, id, NULL)) == 0)
		return true;
	report(j->self, "%s: no such %s", word, group ? "group" : "user");
	return false;
}

bool job_user(const struct job *j, const char *word, uint32_t *uid)
{
	return read_id(j, word, false, uid);
}

bool job_group(const struct job *j, const char *word, uint32_t *gid)
{
	return read_id(j, word, true, gid);
}

/* The first range that the host's list gives this user. */
static bool add_subordinate(const struct job *j, struct userns_map *map, bool group)
{
	cleanup(names_cleanup) struct names *names = own_names();
	const char *file = group ? "/etc/subgid" : "/etc/subuid", *user = NULL;
	uint32_t id = geteuid();
	struct userns_line line;

	if (names)
		user = names_user(names, id);
	if (userns_subordinate(file, user, id, &line) == 0 && userns_map_add(map, line) == 0)
		return true;
	report(j->self, "%s gives no ids to %s (%u); root adds some with 'usermod --add-sub%ss'",
		file, user ? user : "this user", id, group ? "gid" : "uid");
	return false;
}

/* OUTER,INNER,COUNT */
static bool add_range(const struct job *j, struct userns_map *map, const char *text, bool group)
{
	struct text t;
	struct userns_line line;

	if (!text)
		return true;
	if (strcmp(text, "auto") == 0)
		return add_subordinate(j, map, group);
	t = text_of(text, strlen(text));
	if (text_u32(&t, &line.outside) && text_char(&t, ',') && text_u32(&t, &line.inside) &&
		text_char(&t, ',') && text_u32(&t, &line.count) && text_end(&t) &&
		userns_map_add(map, line) == 0)
		return true;
	usage_error(j->self, "--map-%ss: '%s' is not OUTER,INNER,COUNT or auto",
		group ? "group" : "user", text);
	return false;
}

/* The line for one's own id, where the options ask for it. */
static bool add_own(const struct job *j, struct userns_map *map, bool group)
{
	uint32_t mine = group ? getegid() : geteuid();
	const char *word = group ? j->map_group : j->map_user;
	struct userns_line line = {0, mine, 1};

	if (j->map_current)
		line.inside = mine;
	else if (word && !read_id(j, word, group, &line.inside))
		return false;
	else if (!word && !j->map_root)
		return true;
	return userns_map_add(map, line) == 0;
}

static bool has_root(const struct userns_map *map)
{
	size_t i;

	for (i = 0; i < map->count; i++)
		if (map->lines[i].inside == 0 && map->lines[i].outside == geteuid())
			return true;
	return false;
}

int job_map(struct job *j)
{
	struct userns_ids *ids = &j->ids;

	if (!add_range(j, &ids->uids, j->map_users, false) ||
		!add_range(j, &ids->gids, j->map_groups, true) || !add_own(j, &ids->uids, false) ||
		!add_own(j, &ids->gids, true))
		return EXIT_OWN;
	ids->setgroups = j->setgroups;
	if (ids->gids.count == 1 && !j->map_groups)
		ids->setgroups = SETGROUPS_DENY;
	j->guest_is_root = (j->flags & CLONE_NEWUSER) && (has_root(&ids->uids) || j->uid == 0);
	return EXIT_DONE;
}

/* "NAME:PASSWORD:GID:USER,USER": whether the line lists user. group(5) */
static bool is_member(char *line, const char *user, uint32_t *gid)
{
	char *field[4], *member;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(field); i++)
		field[i] = strsep(&line, ":");
	if (!field[3] || !read_number(field[2], gid))
		return false;
	while ((member = strsep(&field[3], ",")))
		if (strcmp(member, user) == 0)
			return true;
	return false;
}

static int add_groups(const char *user, struct as *as)
{
	cleanup_fd int fd = open("/etc/group", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cleanup_buf struct buf all = BUF_NONE;
	char *line, *rest;
	uint32_t gid;
	int r;

	as->groups[as->count++] = as->ids.gid;
	if (fd < 0)
		return 0;
	r = io_read_all(fd, &all, 1 << 24);
	for (rest = all.data; r == 0 && rest && (line = strsep(&rest, "\n"));)
		if (as->count < ARRAY_SIZE(as->groups) && is_member(line, user, &gid) &&
			gid != as->ids.gid)
			as->groups[as->count++] = gid;
	return r;
}

/* "USER[:GROUP]" */
static bool read_as(const struct names *names, const char *text, struct as *as)
{
	const char *colon = strchr(text, ':');
	cleanup_free char *user = strndup(text, colon ? (size_t)(colon - text) : strlen(text));

	as->ids.gid = 0;
	if (!user)
		return false;
	if (names_uid(names, user, &as->ids.uid, &as->ids.gid) < 0) {
		if (!read_number(user, &as->ids.uid))
			return false;
		names_login_group(names, as->ids.uid, &as->ids.gid);
	}
	if (colon && names_gid(names, colon + 1, &as->ids.gid) < 0 &&
		!read_number(colon + 1, &as->ids.gid))
		return false;
	return add_groups(user, as) == 0;
}

int job_as(const struct job *j, struct as *as)
{
	cleanup(names_cleanup) struct names *names = own_names();

	if (names && read_as(names, j->as, as))
		return EXIT_DONE;
	report(j->self, "--as: '%s' is no user (and group) of the root that the command gets",
		j->as);
	return EXIT_OWN;
}
