// SPDX-License-Identifier: Apache-2.0
/* What images are called by. */
#include "core/image/image.h"

static bool alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/*
 * annotations.md: components of letters and digits, with a separator ("--" or one of "-._:@+")
 * between them, and "/" between components.
 */
bool tag_valid(const char *text)
{
	for (;;) {
		if (!alphanumeric(*text))
			return false;
		while (alphanumeric(*text))
			text++;
		if (!*text)
			return true;
		if (!strchr("-._:@+/", *text))
			return false;
		text += text[0] == '-' && text[1] == '-' ? 2 : 1;
	}
}

int image_name_parse(const char *text, struct image_name *out, struct err *err)
{
	const char *colon = strchr(text, ':'), *tag = colon ? colon + 1 : "latest";

	if (!*text || colon == text)
		return err_tell(err, -EINVAL, "the directory is empty", NULL);
	if (!tag_valid(tag))
		return err_tell(err, -EINVAL, "what follows the colon is no tag", NULL);
	out->dir = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	out->tag = strdup(tag);
	if (out->dir && out->tag)
		return 0;
	image_name_done(out);
	return err_set(err, -ENOMEM, NULL, NULL);
}

void image_name_done(struct image_name *n)
{
	free(n->dir);
	free(n->tag);
	*n = (struct image_name)IMAGE_NAME_NONE;
}
