// SPDX-License-Identifier: Apache-2.0
#include "applets/chown/spec.h"

#include "core/owner/text.h"
#include <stdio.h>

/* A number up to 4294967294, in decimal, "+" before it or not. */
static bool parse_number(const char *word, uint32_t *id)
{
	struct text t = text_of(word, strlen(word));

	text_char(&t, '+');
	return text_u32(&t, id) && text_end(&t) && *id != OWNER_KEEP;
}

/* NULL, or what is wrong with it. */
static const char *find_group(const struct names *n, const char *word, uint32_t *gid)
{
	if ((*word != '+' && names_gid(n, word, gid) == 0) || parse_number(word, gid))
		return NULL;
	return "group";
}

static char *name_or_number(const char *name, uint32_t id)
{
	char *text;

	if (name)
		return strdup(name);
	return asprintf(&text, "%u", id) < 0 ? NULL : text;
}

/* A name brings its login group where the colon after it has no group. */
static const char *find_user(const struct names *n, struct spec *s, bool login_group)
{
	uint32_t gid;

	if (*s->user != '+' && names_uid(n, s->user, &s->owner.uid, &gid) == 0) {
		if (!login_group)
			return NULL;
		s->owner.gid = gid;
		s->group = name_or_number(names_group(n, gid), gid);
		return NULL;
	}
	if (!parse_number(s->user, &s->owner.uid))
		return "user";
	return login_group ? "spec" : NULL;
}

/* text is cut at separator, which may be NULL. NULL, or what is wrong with it. */
static const char *parse_split(
	const struct names *n, const char *text, const char *separator, struct spec *s)
{
	size_t len = separator ? (size_t)(separator - text) : strlen(text);
	const char *group = separator && separator[1] ? separator + 1 : NULL;
	const char *wrong = NULL;

	spec_free(s);
	s->user = len ? strndup(text, len) : NULL;
	s->group = group ? strdup(group) : NULL;
	if (s->user)
		wrong = find_user(n, s, separator && !group);
	if (!wrong && group)
		wrong = find_group(n, group, &s->owner.gid);
	return wrong;
}

const char *spec_parse(const struct names *n, const char *text, struct spec *s, bool *dotted)
{
	const char *colon = strchr(text, ':'), *dot = strchr(text, '.');
	const char *wrong = parse_split(n, text, colon, s);

	*dotted = wrong && !colon && dot && !parse_split(n, text, dot, s);
	return *dotted ? NULL : wrong;
}

const char *spec_parse_group(const struct names *n, const char *text, struct spec *s)
{
	spec_free(s);
	s->group = *text ? strdup(text) : NULL;
	return *text ? find_group(n, text, &s->owner.gid) : NULL;
}

void spec_name(const struct names *n, struct owner owner, bool group_only, struct spec *s)
{
	spec_free(s);
	s->owner = owner;
	if (!group_only)
		s->user = name_or_number(names_user(n, owner.uid), owner.uid);
	s->group = name_or_number(names_group(n, owner.gid), owner.gid);
}

void spec_free(struct spec *s)
{
	free(s->user);
	free(s->group);
	*s = SPEC_NONE;
}
