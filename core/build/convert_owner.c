// SPDX-License-Identifier: Apache-2.0
/* Whom what COPY copies belongs to. */
#include "core/build/copying.h"

#include <stdio.h>

int copy_owner(struct converting *c, struct copy *copy, const char *text)
{
	cleanup_buf struct buf flat = BUF_NONE;
	char *end;
	int code = docker_expand(c, copy->s, text, &flat, NULL);

	if (code < 0)
		return code;
	copy->owned = true;
	copy->uid = (unsigned)strtoul(flat.data, &end, 10);
	copy->gid = copy->uid;
	if (end > flat.data && *end == ':' && end[1] >= '0' && end[1] <= '9')
		copy->gid = (unsigned)strtoul(end + 1, &end, 10);
	if (end > flat.data && !*end)
		return 0;
	copy->owned = false;
	if (strcmp(flat.data, "root") == 0 || strcmp(flat.data, "root:root") == 0)
		return 0;
	/* The user's own group, where none is given */
	if (asprintf(&copy->chown, "%s%s", flat.data, strchr(flat.data, ':') ? "" : ":") < 0)
		return copy->chown = NULL, convert_memory(c);
	return convert_note(c, copy->s,
		"--chown=%s: names are known in the image alone, so a step does it there",
		flat.data);
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
	struct buf *out = &c->script;

	if (!dir || !*dir || !(copy->chown || (copy->owned && stage_now(c)->ran)) ||
		stage_has_dir(stage_now(c), dir))
		return;
	buf_adds(out, "d=");
	add_shell_word(out, dir);
	buf_adds(out, "; [ -d \"$d\" ] || { t=$d; while [ ! -d \"${t%/*}/\" ]; do t=${t%/*}; done; "
		      "mkdir -p \"$d\"; chown -R ");
	if (copy->chown)
		add_shell_word(out, copy->chown);
	else
		buf_addf(out, "%u:%u", copy->uid, copy->gid);
	buf_adds(out, " \"$t\"; }\n");
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
