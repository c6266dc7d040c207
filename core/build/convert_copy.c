// SPDX-License-Identifier: Apache-2.0
/* COPY and ADD become imports. */
#include "core/build/copying.h"
#include "core/build/fields.h"

#include <stdio.h>

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

/* An image that is no stage of the file becomes one of the result, of which nothing else is done.
 */
static int from_image(struct converting *c, struct copy *copy, const char *image)
{
	const char *there = pairs_find(&c->images, image);
	struct buf *out = &c->out->yaml;

	if (asprintf(&copy->image.name, "from%zu", c->images.count + 1) < 0)
		return copy->image.name = NULL, convert_memory(c);
	copy->from = &copy->image;
	if (there) {
		free(copy->image.name);
		copy->image.name = strdup(there);
		return copy->image.name ? 0 : convert_memory(c);
	}
	if (pairs_add(&c->images, image, copy->image.name) < 0)
		return convert_memory(c);
	buf_addf(out, "%s'%s':\n  from:\n", out->len ? "\n" : "", copy->image.name);
	if (convert_from(c, out, image) < 0)
		return -ENOMEM;
	return buf_adds(out, "  build_only: true\n");
}

static int take_flags(struct converting *c, struct copy *copy)
{
	static const char *const known[] = {"from", "chown", "chmod", "link"};
	const struct docker_step *s = copy->s;
	const char *from = docker_flag(s, "from"), *chown = docker_flag(s, "chown");
	const char *mode = docker_flag(s, "chmod");
	cleanup_buf struct buf image = BUF_NONE;
	size_t i, found = 0;
	int code = 0;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		found += docker_flag(s, known[i]) != NULL;
	if (found < s->flags.count)
		return convert_err(c, s,
			"a flag that cannot be converted; --from, --chown, --chmod and --link can");
	if (mode && (!*mode || mode[strspn(mode, "01234567")]))
		return convert_err(c, s, "--chmod=%s: an octal number is expected", mode);
	if (mode && asprintf(&copy->mode, "0%s", mode) < 0)
		return copy->mode = NULL, convert_memory(c);
	if (from)
		code = docker_expand(c, s, from, &image, NULL);
	if (code == 0 && from)
		copy->from = find_stage(c, image.data);
	if (code == 0 && from && !copy->from)
		code = *image.data ? from_image(c, copy, image.data)
				   : convert_err(c, s, "--from needs a stage or an image");
	if (code == 0 && from && !chown && !c->owners_said) {
		c->owners_said = true;
		code = convert_note(c, s,
			"what COPY takes of an image becomes root's; --chown says whose else");
	}
	return code == 0 && chown ? copy_owner(c, copy, chown) : code;
}

/* The letter of tar by which ADD unpacks it, "" for none; NULL: it is no archive. */
static const char *archive_letter(const char *name)
{
	static const struct {
		const char *end, *letter;
	} kinds[] = {{".tar", ""}, {".tar.gz", "z"}, {".tgz", "z"}, {".tar.bz2", "j"},
		{".tbz2", "j"}, {".tar.xz", "J"}, {".txz", "J"}, {".tar.zst", ""}};
	size_t i, len = strlen(name);

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (len > strlen(kinds[i].end) &&
			strcmp(name + len - strlen(kinds[i].end), kinds[i].end) == 0)
			return kinds[i].letter;
	return NULL;
}

static int note_ignore(struct converting *c, const struct docker_step *s)
{
	if (c->ignored || faccessat(c->context, ".dockerignore", F_OK, 0) != 0)
		return 0;
	c->ignored = true;
	return convert_note(c, s, "all of a directory is copied: .dockerignore counts no more");
}

/* Whether the stage has a directory there, as far as can be told. */
bool stage_has_dir(const struct stage *stage, const char *path)
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

/* Whether source is a directory, whose content is copied, as far as can be told. */
bool copy_is_content(const struct converting *c, const struct copy *copy, const char *source)
{
	cleanup_free char *clean = path_absolute("/", source);
	struct stat st;

	if (!clean)
		return false;
	if (copy->from)
		return !*source || source[strlen(source) - 1] == '/' || !clean[1] ||
		       stage_has_dir(copy->from, clean);
	return c->context >= 0 && fstatat(c->context, clean[1] ? clean + 1 : ".", &st, 0) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* What is in a stage becomes known when it is built: by then a directory must have been told. */
static int stage_path(
	struct converting *c, const struct copy *copy, const char *source, struct buf *path)
{
	cleanup_free char *clean = path_absolute("/", source);
	bool dir = copy_is_content(c, copy, source);

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
	cleanup_free char *clean = NULL;

	if (copy->from)
		return stage_path(c, copy, source, path);
	/* ".." ends at the context */
	clean = path_absolute("/", source);
	if (!clean)
		return convert_memory(c);
	buf_adds(path, clean[1] ? clean + 1 : ".");
	if (convert_inside(c, copy->s, clean[1] ? clean + 1 : ".") < 0)
		return -EINVAL;
	if (!copy_is_content(c, copy, source))
		return 0;
	buf_adds(path, path->data[path->len - 1] == '/' ? "" : "/");
	return note_ignore(c, copy->s);
}

void copy_import(struct converting *c, const struct copy *copy, const char *path, const char *dest)
{
	struct buf *out = &c->imports;

	buf_adds(out, "    - path: ");
	add_yaml_text(out, path);
	if (dest) {
		buf_adds(out, "\n      dest: ");
		add_yaml_text(out, dest);
	}
	if (copy->mode)
		buf_addf(out, "\n      mode: %s", copy->mode);
	if (copy->owned)
		buf_addf(out, "\n      uid: %u\n      gid: %u", copy->uid, copy->gid);
	buf_adds(out, "\n");
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(dir, path, len) == 0 && (path[len] == '/' || !path[len]);
}

/* Whether there can be nothing at the path yet: all that is in the image is of this file. */
static bool is_new(const struct stage *stage, const char *path)
{
	size_t i;

	for (;; stage = stage->base) {
		for (i = 0; i < stage->dirs.count; i++)
			if (is_below(stage->dirs.at[i], path))
				return false;
		for (i = 0; i < stage->filled.count; i++)
			if (is_below(path, stage->filled.at[i]))
				return false;
		if (!stage->base)
			return stage->from_scratch && !stage->ran;
	}
}

/*
 * What is in a directory. Where that cannot be there yet the directory itself does as well, and
 * then has the owner that is given.
 */
int copy_content_of(struct converting *c, struct copy *copy, struct buf *path)
{
	size_t len = strlen(copy->dest);
	cleanup_free char *dest =
		strndup(copy->dest, len - (len > 1 && copy->dest[len - 1] == '/'));

	if (!dest)
		return convert_memory(c);
	if (copy->mode && strcmp(copy->mode, "0755") != 0 &&
		convert_note(c, copy->s, "--chmod=%s is that of files; directories keep theirs",
			copy->mode + 1) < 0)
		return -ENOMEM;
	if (copy->owned && dest[1] && path->len > 2 && is_new(stage_now(c), dest)) {
		buf_cut(path, path->len - 1);
		copy_import(c, copy, path->data, dest);
	} else {
		copy_import(c, copy, path->data, copy->dest);
	}
	copy->content = true;
	stage_now(c)->scratch = false;
	if (strings_add(&stage_now(c)->filled, strcmp(dest, "/") == 0 ? "" : dest) < 0)
		return convert_memory(c);
	return know_dir(c, dest);
}

/* An archive is imported for the steps, which unpack it; all of an image is that image's base. */
static int add_archive(struct converting *c, const struct copy *copy, const char *path)
{
	const char *slash = strrchr(path, '/'), *letter = archive_letter(path);

	if (strchr("jJ", *letter) && *letter && stage_now(c)->scratch)
		return convert_err(c, copy->s,
			"nothing in this image unpacks '%s'; make it a .tar.gz or .tar.zst", path);
	if (stage_now(c)->scratch && !c->imports.len && strcmp(copy->dest, "/") == 0) {
		stage_now(c)->scratch = false;
		stage_now(c)->ran = true;
		buf_cut(&c->from, 0);
		buf_adds(&c->from, "    type: tar\n    url: ");
		add_yaml_text(&c->from, path);
		buf_adds(&c->from, "\n");
		return 0;
	}
	copy_import(c, copy, path, NULL);
	stage_now(c)->ran = true;
	if (know_dir(c, copy->dest) < 0)
		return -ENOMEM;
	buf_adds(&c->script, "mkdir -p ");
	add_shell_word(&c->script, copy->dest);
	buf_addf(&c->script, "\ntar -x%sf /stacker/imports/", letter);
	add_shell_word(&c->script, slash ? slash + 1 : path);
	buf_adds(&c->script, " -C ");
	add_shell_word(&c->script, copy->dest);
	buf_adds(&c->script, "\n");
	return convert_note(c, copy->s, "%s is unpacked by the image's own tar", path);
}

int copy_named(struct converting *c, struct copy *copy, const char *source)
{
	cleanup_buf struct buf path = BUF_NONE;
	int code = import_path(c, copy, source, &path);

	if (code < 0 || path.failed)
		return path.failed ? convert_memory(c) : code;
	if (copy->add && archive_letter(path.data))
		return add_archive(c, copy, path.data);
	if (copy->chown) /* a step asks what it was */
		copy_import(c, &(struct copy){0}, path.data, NULL);
	if (path.data[path.len - 1] == '/')
		return copy_content_of(c, copy, &path);
	copy_import(c, copy, path.data, copy->dest);
	return 0;
}

static int copy_source(struct converting *c, struct copy *copy, const char *source)
{
	if (url_scheme(source) || strncmp(source, "git@", 4) == 0)
		return convert_err(c, copy->s,
			"'%s': nothing is fetched; fetch it first, and name the file here%s",
			source, copy->mode ? "" : ", with --chmod=600");
	if (!strpbrk(source, "*?["))
		return copy_named(c, copy, source);
	if (copy->from)
		return copy_picked(c, copy, source);
	return note_ignore(c, copy->s) < 0 ? -ENOMEM : copy_matches(c, copy, source);
}

/* Whether the word begins the next here-document. */
static bool is_doc(const struct copy *copy, size_t docs, const char *word)
{
	const struct heredoc *doc = docs < copy->s->doc_count ? &copy->s->docs[docs] : NULL;
	const char *sign = doc && doc->tabs ? "<<-" : "<<";

	word += strspn(word, "0123456789");
	return doc && strncmp(word, sign, strlen(sign)) == 0 &&
	       strcmp(word + strlen(sign), doc->name) == 0;
}

/* A step writes it: its variables are those that steps have. */
static int copy_doc(struct converting *c, struct copy *copy, const struct heredoc *doc)
{
	cleanup_buf struct buf text = BUF_NONE, flat = BUF_NONE, word = BUF_NONE, to = BUF_NONE;
	cleanup_free char *dir = NULL;
	struct buf *out = &c->script;
	int code = convert_ready(c);

	if (stage_now(c)->scratch)
		return convert_err(c, copy->s,
			"there is no shell in this image to write '%s'; put it into a file and "
			"copy that",
			doc->name);
	dir = strndup(copy->dest, (size_t)(strrchr(copy->dest, '/') - copy->dest) + 1);
	buf_addf(&text, "%s%s", copy->dest, ends_in_slash(copy->dest) ? doc->name : "");
	add_shell_word(&to, text.data ? text.data : "");
	buf_cut(&text, 0);
	heredoc_text(doc, &text);
	if (code == 0 && doc->expand)
		code = docker_expand_text(c, copy->s, text.data, &flat, &word);
	else
		add_shell_word(&word, text.data ? text.data : "");
	if (code < 0)
		return code;
	if (!dir || text.failed || to.failed || word.failed)
		return convert_memory(c);
	buf_adds(out, "mkdir -p ");
	add_shell_word(out, dir);
	buf_addf(out, "\nprintf %%s %s >%s\nchmod %s %s\n", word.len ? word.data : "''", to.data,
		copy->mode ? copy->mode : "0644", to.data);
	if (copy->owned)
		buf_addf(out, "chown %u:%u %s\n", copy->uid, copy->gid, to.data);
	if (copy->chown) {
		buf_adds(out, "chown ");
		add_shell_word(out, copy->chown);
		buf_addf(out, " %s\n", to.data);
	}
	return 0;
}

/* All that is no here-document. */
static int copy_files(struct converting *c, struct copy *copy, const struct strings *words)
{
	size_t i, docs = 0, count = words->count - 1;
	int code = 0;

	if (count == copy->s->doc_count)
		return 0;
	if (stage_now(c)->dir_owner && !stage_now(c)->dir_made)
		code = convert_ready(c);
	copy_make_dest(c, copy, words->at[0]);
	if (c->script.len)
		code = convert_split(c);
	for (i = 0; code == 0 && i < count; i++)
		if (is_doc(copy, docs, words->at[i]))
			docs++;
		else
			code = copy_source(c, copy, words->at[i]);
	if (code == 0 && copy->chown)
		copy_chown(c, copy);
	return code;
}

/* Where the image has a directory a file goes into it. */
static int into_dir(struct converting *c, struct copy *copy)
{
	static const char usual[] =
		" /bin /etc /home /opt /root /srv /tmp /usr /usr/bin /usr/local "
		"/usr/local/bin /usr/share /var ";
	const struct stage *stage = stage_now(c), *first = stage;
	cleanup_free char *word = NULL;
	char *dest;

	while (first->base)
		first = first->base;
	if (asprintf(&word, " %s ", copy->dest) < 0)
		return word = NULL, convert_memory(c);
	if (ends_in_slash(copy->dest) || !(stage_has_dir(stage, copy->dest) ||
						 (!first->from_scratch && strstr(usual, word))))
		return 0;
	if (asprintf(&dest, "%s/", copy->dest) < 0)
		return convert_memory(c);
	free(copy->dest);
	copy->dest = dest;
	return 0;
}

static int copy_all(struct converting *c, struct copy *copy, const struct strings *words)
{
	size_t i, count = words->count, docs = 0;
	int code = take_flags(c, copy);

	if (code < 0)
		return code;
	if (count < 2)
		return convert_err(c, copy->s, "%s needs what to copy and where to", copy->s->word);
	copy->dest = docker_dest(c, copy->s, words->at[count - 1]);
	if (!copy->dest)
		return -ENOMEM;
	if (count > 2 && !ends_in_slash(copy->dest))
		return convert_err(c, copy->s,
			"several files go into a directory: write '%s/' at the end", copy->dest);
	code = into_dir(c, copy);
	if (code == 0)
		code = copy_files(c, copy, words);
	if (code == 0 && ends_in_slash(copy->dest))
		code = know_dir(c, copy->dest);
	for (i = 0; code == 0 && i + 1 < count; i++)
		if (is_doc(copy, docs, words->at[i]))
			code = copy_doc(c, copy, &copy->s->docs[docs++]);
	return code;
}

int convert_copy(struct converting *c, const struct docker_step *s)
{
	struct copy copy = {.s = s, .add = strcmp(s->word, "ADD") == 0};
	struct strings words = {0};
	int code = docker_words(c, s, &words);

	if (code == 0)
		code = copy_all(c, &copy, &words);
	strings_free(&words);
	free(copy.dest);
	free(copy.mode);
	free(copy.chown);
	free(copy.image.name);
	return code;
}
