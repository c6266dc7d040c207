// SPDX-License-Identifier: Apache-2.0
/* COPY and ADD become imports. */
#include "core/build/converting.h"
#include "core/build/fields.h"

#include <stdio.h>

struct copy {
	const struct docker_step *s;
	char *dest;
	const struct stage *from; /* what is copied from; NULL: the context */
	const char *hash;
	char *mode;  /* NULL: as it is */
	char *chown; /* what is done in the steps; NULL: nothing */
	unsigned uid, gid;
	bool owned, add;
};

/* The stage that --from names, by its word or number; NULL: there is none. */
static const struct stage *find_stage(const struct converting *c, const char *name)
{
	size_t i, count = c->stage_count - 1;
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	for (i = 0; i < count; i++)
		if (c->stages[i].word && strcasecmp(c->stages[i].word, name) == 0)
			return &c->stages[i];
	return *name >= '0' && *name <= '9' && !*end && number < count ? &c->stages[number] : NULL;
}

/* UID[:GID]; names are only known in the image. */
static int take_owner(struct converting *c, struct copy *copy, const char *text)
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
	copy->chown = strdup(flat.data);
	if (!copy->chown)
		return convert_memory(c);
	return convert_note(c, copy->s,
		"--chown=%s: names are known in the image alone, so a step does chown -R there",
		flat.data);
}

static int take_flags(struct converting *c, struct copy *copy)
{
	static const char *const known[] = {
		"from", "chown", "chmod", "link", "checksum", "keep-git-dir"};
	const struct docker_step *s = copy->s;
	const char *from = docker_flag(s, "from"), *chown = docker_flag(s, "chown");
	const char *sum = docker_flag(s, "checksum"), *mode = docker_flag(s, "chmod");
	size_t i, found = 0;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		found += docker_flag(s, known[i]) != NULL;
	if (found < s->flags.count)
		return convert_err(c, s,
			"a flag that cannot be converted; --from, --chown, --chmod, --link and "
			"--checksum can");
	copy->from = from ? find_stage(c, from) : NULL;
	if (from && !copy->from)
		return convert_err(c, s,
			"--from=%s is no stage of this file; give the image a stage: FROM %s AS "
			"NAME",
			from, from);
	if (mode && (!*mode || mode[strspn(mode, "01234567")]))
		return convert_err(c, s, "--chmod=%s: an octal number is expected", mode);
	if (mode && asprintf(&copy->mode, "0%s", mode) < 0)
		return convert_memory(c);
	if (sum && strncmp(sum, "sha256:", 7) != 0)
		return convert_err(c, s, "--checksum=%s: sha256:DIGITS is expected", sum);
	copy->hash = sum ? sum + 7 : NULL;
	return chown ? take_owner(c, copy, chown) : 0;
}

/* Whether ADD takes it for an archive, and unpacks it. */
static bool is_archive(const char *name)
{
	static const char *const ends[] = {
		".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"};
	size_t i, len = strlen(name);

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static int note_ignore(struct converting *c, const struct docker_step *s)
{
	if (c->ignored || faccessat(c->context, ".dockerignore", F_OK, 0) != 0)
		return 0;
	c->ignored = true;
	return convert_note(c, s, "all of a directory is copied: .dockerignore counts no more");
}

/* Whether the stage has a directory there, as far as can be told. */
static bool is_dir(const struct stage *stage, const char *path)
{
	size_t i;

	for (; stage; stage = stage->base)
		for (i = 0; i < stage->dirs.count; i++)
			if (strcmp(stage->dirs.at[i], path) == 0)
				return true;
	return false;
}

static int know_dir(struct converting *c, const char *path)
{
	size_t len = strlen(path);
	cleanup_free char *dir = strndup(path, len - (len && path[len - 1] == '/'));

	return !dir || strings_add(&stage_now(c)->dirs, dir) < 0 ? convert_memory(c) : 0;
}

/* What is in a stage becomes known when it is built: by then a directory must have been told. */
static int stage_path(
	struct converting *c, const struct copy *copy, const char *source, struct buf *path)
{
	cleanup_free char *clean = path_absolute("/", source);
	bool slash = *source && source[strlen(source) - 1] == '/';
	bool dir = clean && (slash || !clean[1] || is_dir(copy->from, clean));

	if (!clean)
		return convert_memory(c);
	buf_addf(path, "stacker://%s%s%s", copy->from->name, clean, dir && clean[1] ? "/" : "");
	if (dir || copy->dest[strlen(copy->dest) - 1] != '/')
		return 0;
	return convert_note(c, copy->s,
		"%s is taken for a file; where it is a directory, write '%s/' for what is in it",
		source, source);
}

/* The path that an import has for source: a directory's content, not itself, as COPY does. */
static int import_path(
	struct converting *c, const struct copy *copy, const char *source, struct buf *path)
{
	struct stat st;
	size_t len = strlen(source);

	if (url_scheme(source))
		return buf_adds(path, source);
	if (copy->from)
		return stage_path(c, copy, source, path);
	source += strspn(source, "/");
	if (!*source)
		source = ".";
	len = strlen(source);
	buf_adds(path, source);
	if (c->context < 0 || fstatat(c->context, source, &st, 0) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	buf_adds(path, source[len - 1] == '/' ? "" : "/");
	return note_ignore(c, copy->s);
}

static void add_import(struct converting *c, const struct copy *copy, const char *path)
{
	struct buf *out = &c->imports;

	buf_adds(out, "    - path: ");
	add_yaml_text(out, path);
	if (copy->dest) {
		buf_adds(out, "\n      dest: ");
		add_yaml_text(out, copy->dest);
	}
	if (copy->mode)
		buf_addf(out, "\n      mode: %s", copy->mode);
	if (copy->owned)
		buf_addf(out, "\n      uid: %u\n      gid: %u", copy->uid, copy->gid);
	if (copy->hash) {
		buf_adds(out, "\n      hash: ");
		add_yaml_text(out, copy->hash);
	}
	buf_adds(out, "\n");
}

/* An archive is imported for the steps, which unpack it. */
static int add_archive(struct converting *c, struct copy *copy, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dest = copy->dest;

	copy->dest = NULL;
	add_import(c, copy, path);
	copy->dest = dest;
	if (know_dir(c, dest) < 0)
		return -ENOMEM;
	buf_adds(&c->script, "mkdir -p ");
	add_shell_word(&c->script, dest);
	buf_adds(&c->script, "\ntar -xf /stacker/imports/");
	add_shell_word(&c->script, slash ? slash + 1 : path);
	buf_adds(&c->script, " -C ");
	add_shell_word(&c->script, dest);
	buf_adds(&c->script, "\n");
	return convert_note(c, copy->s, "%s is unpacked by the image's own tar", path);
}

static int copy_source(struct converting *c, struct copy *copy, const char *source)
{
	cleanup_buf struct buf path = BUF_NONE;
	const struct docker_step *s = copy->s;
	bool url = url_scheme(source) != 0;
	int code;

	if (strpbrk(source, "*?["))
		return convert_err(c, s,
			"'%s': imports know no wildcards; name the files, or a directory", source);
	if (url && (!copy->add || (!url_is(source, "http") && !url_is(source, "https"))))
		return convert_err(c, s, "'%s': ADD with http:// or https:// is expected", source);
	if (strncmp(source, "git@", 4) == 0 ||
		(url && strlen(source) > 4 && strcmp(source + strlen(source) - 4, ".git") == 0))
		return convert_err(c, s, "'%s': a git repository cannot be imported", source);
	code = import_path(c, copy, source, &path);
	if (code < 0 || path.failed)
		return path.failed ? convert_memory(c) : code;
	if (copy->add && !url && !copy->from && is_archive(path.data))
		return add_archive(c, copy, path.data);
	add_import(c, copy, path.data);
	return path.data[path.len - 1] == '/' ? know_dir(c, copy->dest) : 0;
}

static int copy_all(struct converting *c, struct copy *copy, const struct strings *words)
{
	size_t i, count = words->count;
	int code = take_flags(c, copy);

	if (code < 0)
		return code;
	if (count < 2)
		return convert_err(c, copy->s, "%s needs what to copy and where to", copy->s->word);
	copy->dest = docker_dest(c, words->at[count - 1]);
	if (!copy->dest)
		return convert_memory(c);
	if (count > 2 && copy->dest[strlen(copy->dest) - 1] != '/')
		return convert_err(c, copy->s,
			"several files go into a directory: write '%s/' at the end", copy->dest);
	code = copy->dest[strlen(copy->dest) - 1] == '/' ? know_dir(c, copy->dest) : 0;
	if (code == 0 && c->script.len)
		code = convert_split(c);
	for (i = 0; code == 0 && i + 1 < count; i++)
		code = copy_source(c, copy, words->at[i]);
	if (code == 0 && copy->chown) {
		buf_adds(&c->script, "chown -R ");
		add_shell_word(&c->script, copy->chown);
		buf_adds(&c->script, " ");
		add_shell_word(&c->script, copy->dest);
		buf_adds(&c->script, "\n");
	}
	return code;
}

int convert_copy(struct converting *c, const struct docker_step *s)
{
	struct copy copy = {.s = s, .add = strcmp(s->word, "ADD") == 0};
	struct strings words = {0};
	int code;

	if (docker_heredoc(s->text))
		return convert_err(c, s,
			"a here-document cannot be converted; put it into a file and copy that");
	code = docker_words(c, s, &words);
	if (code == 0)
		code = copy_all(c, &copy, &words);
	strings_free(&words);
	free(copy.dest);
	free(copy.mode);
	free(copy.chown);
	return code;
}
