// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/unshare.h"

#include "core/owner/text.h"
#include "core/tree/tree.h"
#include <sched.h>
#include <stdio.h>

static void names_cleanup(struct names **n)
{
	names_free(*n);
}

/* The names of the host, as far as they can be read. */
static struct names *host_names(void)
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
	names = host_names();
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
	cleanup(names_cleanup) struct names *names = host_names();
	const char *file = group ? "/etc/subgid" : "/etc/subuid", *user = NULL;
	uint32_t id = geteuid();
	struct userns_line line;

	if (names)
		user = names_user(names, id);
	if (userns_subordinate(file, user, id, &line) == 0 && userns_map_add(map, line) == 0)
		return true;
	report(j->self, "%s gives no ids to %s (%u); root adds some with 'usermod --add-sub%ss'", file,
		user ? user : "this user", id, group ? "gid" : "uid");
	return false;
}

/* OUTER,INNER,COUNT */
static bool add_range(
	const struct job *j, struct userns_map *map, const char *text, bool group)
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
	usage_error(j->self, "--map-%ss: '%s' is not OUTER,INNER,COUNT or auto", group ? "group" : "user",
		text);
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
