// SPDX-License-Identifier: Apache-2.0
/* RUN --mount: what of the context is bound for a command. */
#include "core/build/converting.h"
#include "core/build/fields.h"

struct mount {
	const char *type, *source, *target;
	bool other; /* it says what a bind cannot do */
};

/* "type=bind,source=DIR,target=PATH"; the text is cut into its parts. */
static void read_mount(char *text, struct mount *m)
{
	static const struct {
		const char *name;
		size_t member;
	} keys[] = {
		{"type=", offsetof(struct mount, type)},
		{"source=", offsetof(struct mount, source)},
		{"src=", offsetof(struct mount, source)},
		{"target=", offsetof(struct mount, target)},
		{"dst=", offsetof(struct mount, target)},
		{"destination=", offsetof(struct mount, target)},
	};
	char *word, *rest;
	size_t i;

	for (word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		for (i = 0; i < ARRAY_SIZE(keys); i++) {
			size_t len = strlen(keys[i].name);

			if (strncmp(word, keys[i].name, len) == 0)
				*(const char **)((char *)m + keys[i].member) = word + len;
		}
		m->other = m->other || strncmp(word, "from=", 5) == 0 ||
			   strncmp(word, "rw", 2) == 0 || strncmp(word, "readwrite", 9) == 0;
	}
}

static int add_bind(struct converting *c, const struct docker_step *s, const struct mount *m)
{
	cleanup_free char *source = path_absolute("/", m->source);
	cleanup_free char *dest = docker_dest(c, s, m->target);
	struct buf *out = &c->binds;

	if (!source || !dest)
		return convert_memory(c);
	if (dest[1] && dest[strlen(dest) - 1] == '/')
		dest[strlen(dest) - 1] = '\0';
	if (convert_inside(c, s, source[1] ? source + 1 : ".") < 0)
		return -EINVAL;
	buf_adds(out, "    - source: ");
	add_yaml_text(out, source[1] ? source + 1 : ".");
	buf_adds(out, "\n      dest: ");
	add_yaml_text(out, dest);
	buf_adds(out, "\n");
	return convert_note(c, s, "%s is bound, and what a step writes there is written here",
		source[1] ? source + 1 : ".");
}

int convert_mount(struct converting *c, const struct docker_step *s, const char *flag)
{
	cleanup_buf struct buf flat = BUF_NONE;
	struct mount m = {"bind", ".", NULL, false};
	int code = docker_expand(c, s, flag + strlen("--mount="), &flat, NULL);

	if (code < 0)
		return code;
	read_mount(flat.data, &m);
	if (strcmp(m.type, "cache") == 0 || strcmp(m.type, "tmpfs") == 0)
		return convert_note(
			c, s, "%s is left out: what steps leave there is in the image", flag);
	if (strcmp(m.type, "bind") == 0 && m.target && !m.other)
		return add_bind(c, s, &m);
	return convert_err(c, s,
		"%s cannot be converted; 'binds' and 'imports' bring in what is needed", flag);
}
