// SPDX-License-Identifier: Apache-2.0
/* Wildcards of COPY and ADD. */
#include "core/build/copying.h"
#include "core/tree/walk.h"

#include <fnmatch.h>
#include <stdio.h>

enum { MATCHES_MAX = 10000 };

static int match_in(int context, const char *dir, const char *pattern, struct strings *out);

/* A name that the pattern's first part matches: it is one, or the way to some. */
static int match_name(
	int context, const char *dir, const char *name, const char *rest, struct strings *out)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0)
		return path = NULL, -ENOMEM;
	if (*rest)
		return match_in(context, path, rest, out);
	return out->count == MATCHES_MAX ? -E2BIG : strings_add(out, path);
}

/* No symlink is gone through: what is in the context stays in it. */
static int match_in(int context, const char *dir, const char *pattern, struct strings *out)
{
	size_t i, len = strcspn(pattern, "/");
	cleanup_free char *part = strndup(pattern, len);
	cleanup_fd int fd = -1;
	cleanup_listing struct listing l = LISTING_NONE;
	const char *rest = pattern + len + strspn(pattern + len, "/");
	int code;

	if (!part)
		return -ENOMEM;
	if (strcmp(part, ".") == 0)
		return match_in(context, dir, rest, out);
	fd = openat(context, *dir ? dir : ".",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	code = listing_read(fd, true, &l);
	for (i = 0; code == 0 && i < l.count; i++)
		if (fnmatch(part, listing_name(&l, i), 0) == 0)
			code = match_name(context, dir, listing_name(&l, i), rest, out);
	return code;
}

/* What matches in the context now. */
int copy_matches(struct converting *c, struct copy *copy, const char *pattern)
{
	struct strings found = {0};
	cleanup_buf struct buf names = BUF_NONE;
	size_t i;
	int code = c->context < 0 ? -EBADF
		   : strlen(pattern) >= PATH_MAX
			   ? -ENAMETOOLONG
			   : match_in(c->context, "", pattern + strspn(pattern, "/"), &found);

	for (i = 0; i < found.count; i++)
		buf_addf(&names, " %s", found.at[i]);
	if (code == -ENOMEM || names.failed)
		code = convert_memory(c);
	else if (code < 0 || !found.count)
		code = convert_err(c, copy->s, "'%s': %s", pattern,
			code < 0 ? strerror(-code) : "nothing beside this file matches");
	else if (found.count > 1 && !ends_in_slash(copy->dest))
		code = convert_err(c, copy->s,
			"'%s' is several files; they go into a directory: write '%s/' at the end",
			pattern, copy->dest);
	else
		code = convert_note(
			c, copy->s, "'%s' is what matches it now:%s", pattern, names.data);
	for (i = 0; code == 0 && i < found.count; i++)
		code = copy_named(c, copy, found.at[i]);
	strings_free(&found);
	return code;
}

/* A pattern as a shell has it: its wildcards stay ones. */
static void add_shell_pattern(struct buf *out, const char *pattern)
{
	bool class = false;

	for (; *pattern; pattern++) {
		if (class && pattern[-1] == '[' && *pattern == '^')
			buf_adds(out, "!");
		else if (strchr("*?[]-!", *pattern) || (*pattern == '\\' && pattern[1]))
			buf_add(out, pattern, 1);
		else
			add_shell_word(out, (char[]){*pattern, '\0'});
		class = *pattern == '[' || (class && *pattern != ']');
	}
}

/* What matches in a stage is known there: an image on top of it has a directory with that. */
int copy_picked(struct converting *c, struct copy *copy, const char *pattern)
{
	const char *slash = strrchr(copy->dest, '/');
	cleanup_free char *dir = strndup(copy->dest, (size_t)(slash - copy->dest) + 1);
	cleanup_buf struct buf name = BUF_NONE, to = BUF_NONE, url = BUF_NONE;
	struct buf *out = &c->out->yaml;

	buf_addf(&name, "%s.copy%zu", copy->from->name, ++c->picks);
	buf_addf(&url, "stacker://%s/.copied/", name.data ? name.data : "");
	add_shell_word(&to, slash[1] ? slash + 1 : ".");
	if (!dir || name.failed || to.failed || url.failed)
		return convert_memory(c);
	buf_adds(out, out->len ? "\n" : "");
	add_yaml_text(out, name.data);
	buf_adds(out, ":\n  from:\n    type: built\n    tag: ");
	add_yaml_text(out, copy->from->name);
	buf_adds(out, "\n  run: |\n    mkdir /.copied\n    for f in /");
	add_shell_pattern(out, pattern + strspn(pattern, "/"));
	buf_addf(out,
		"; do\n    if [ -d \"$f\" ]; then f=$f/.; fi\n"
		"    cp -a \"$f\" /.copied/%s\n    done\n  build_only: true\n",
		to.data);
	if (copy->chown && !slash[1])
		copy_import(c, &(struct copy){0}, url.data, NULL);
	if (!slash[1])
		return copy_content_of(c, copy, &url);
	copy_import(c, copy, url.data, dir);
	return 0;
}
