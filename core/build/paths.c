// SPDX-License-Identifier: Apache-2.0
/* Paths and URLs as a file of images writes them. */
#include "core/build/fields.h"
#include "core/image/image.h"

/* Adds the components of path to out, which is a clean absolute path without "/" at its end. */
static int add_clean(struct buf *out, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && strncmp(path, "..", 2) == 0) {
			const char *slash = out->len ? strrchr(out->data, '/') : NULL;

			buf_cut(out, slash ? (size_t)(slash - out->data) : 0);
		} else if (len && !(len == 1 && *path == '.') &&
			   (buf_add(out, "/", 1) < 0 || buf_add(out, path, len) < 0)) {
			return -ENOMEM;
		}
		path += len + (path[len] == '/');
	}
	return 0;
}

char *path_absolute(const char *dir, const char *path)
{
	struct buf out = BUF_NONE;

	if ((*path != '/' && add_clean(&out, dir) < 0) || add_clean(&out, path) < 0 ||
		(!out.len && buf_adds(&out, "/") < 0)) {
		buf_free(&out);
		return NULL;
	}
	return out.data;
}

size_t url_scheme(const char *text)
{
	size_t len =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return strncmp(text + len, "://", 3) == 0 ? len : 0;
}

bool url_is(const char *text, const char *scheme)
{
	size_t len = url_scheme(text);

	return len && strlen(scheme) == len && strncmp(text, scheme, len) == 0;
}

char *url_image(const char *text)
{
	const char *name = text + strlen("stacker://");

	return url_is(text, "stacker") ? strndup(name, strcspn(name, "/")) : NULL;
}

bool recipe_name_valid(const char *text)
{
	return tag_valid(text) && !strpbrk(text, ":/");
}
