// SPDX-License-Identifier: Apache-2.0
/* Whom what COPY copies belongs to. */
#include "core/build/copying.h"
#include "core/owner/text.h"

#include <stdio.h>

const char *convert_user_known(const struct converting *c, const char *user)
{
	cleanup_free char *name = NULL;
	const char *value;
	size_t len = strlen(user);

	if (len < 6 || strncmp(user, "${{", 3) != 0 || strcmp(user + len - 2, "}}") != 0)
		return user;
	name = strndup(user + 3, len - 5);
	value = name ? pairs_find(&c->substitutions, name) : NULL;
	return value ? value : user;
}

char *convert_owner(const struct converting *c, const char *user)
{
	const char *known = convert_user_known(c, user);
	char *owner;
	int n;

	if (strchr(known, ':') || strstr(user, "}}:"))
		return strdup(user);
	n = *known >= '0' && *known <= '9' ? asprintf(&owner, "%s:%s", user, user)
					   : asprintf(&owner, "%s:", user);
	return n < 0 ? NULL : owner;
}

/* UID, whose group has the same number, or UID:GID. */
static bool read_numbers(const struct buf *b, unsigned *uid, unsigned *gid)
{
	struct text t = text_of(b->data, b->len);
	uint64_t u, g;

	if (!text_number(&t, 10, UINT32_MAX - 1, &u))
		return false;
	g = u;
	if (!text_end(&t) && (*t.at++ != ':' || !text_number(&t, 10, UINT32_MAX - 1, &g)))
		return false;
	*uid = (unsigned)u;
	*gid = (unsigned)g;
	return text_end(&t);
}

int copy_owner(struct converting *c, struct copy *copy, const char *text)
{
	cleanup_buf struct buf flat = BUF_NONE;
	int code = docker_expand(c, copy->s, text, &flat, NULL);

	if (code < 0)
		return code;
	copy->owned = read_numbers(&flat, &copy->uid, &copy->gid);
	if (copy->owned)
		return 0;
	if (strcmp(flat.data, "root") == 0 || strcmp(flat.data, "root:root") == 0)
		return 0;
	copy->chown = convert_owner(c, flat.data);
	if (!copy->chown)
		return convert_memory(c);
	return convert_note(c, copy->s,
		"--chown=%s: names are known in the image alone, so a step does it there",
		flat.data);
}

void add_made_dir(struct buf *out, const char *dir, const char *owner)
{
	buf_adds(out, "d=");
	add_shell_word(out, dir);
	buf_adds(out, "; [ -d \"$d\" ] || { t=$d; while [ ! -d \"${t%/*}/\" ]; do t=${t%/*}; done; "
		      "mkdir -p \"$d\"; chown -R ");
	add_shell_word(out, owner ? owner : "");
	buf_adds(out, " \"$t\"; }\n");
}

/*
 * Directories that COPY makes have the owner that it gives; those that are there keep theirs. Where
 * the owner is a number, and nothing tells that the image has a shell, they are root's.
 */
void copy_make_dest(struct converting *c, const struct copy *copy, const char *source)
{
	const char *dest = copy->dest, *slash = strrchr(dest, '/');
	bool whole = !slash[1] || copy_is_content(c, copy, source);
	cleanup_free char *dir =
		strndup(dest, whole && slash[1] ? strlen(dest) : (size_t)(slash - dest));
	cleanup_buf struct buf numbers = BUF_NONE;
	struct buf *out = &c->script;

	if (!dir || !*dir || !(copy->chown || (copy->owned && stage_now(c)->ran)) ||
		stage_has_dir(stage_now(c), dir))
		return;
	if (!copy->chown && buf_addf(&numbers, "%u:%u", copy->uid, copy->gid) < 0)
		out->failed = true;
	add_made_dir(out, dir, copy->chown ? copy->chown : numbers.data);
}

/* What came by imports belongs to whom --chown names: they are in /stacker/imports once more. */
void copy_chown(struct converting *c, const struct copy *copy)
{
	struct buf *out = &c->script;

	if (!ends_in_slash(copy->dest) && !copy->content) {
		buf_adds(out, "chown -h ");
		add_shell_word(out, copy->chown);
		buf_adds(out, " ");
		add_shell_word(out, copy->dest);
		buf_adds(out, "\n");
		return;
	}
	buf_adds(out, "(cd /stacker/imports && find . ! -name . ! -name .stacker-run.sh -print0) | "
		      "(cd ");
	add_shell_word(out, copy->dest);
	buf_adds(out, " && xargs -0 chown -h ");
	add_shell_word(out, copy->chown);
	buf_adds(out, ")\n");
}
