// SPDX-License-Identifier: Apache-2.0
#include "core/pack/path.h"

/* Each component costs a descriptor and the path down to it, wherever somebody works there. */
enum { PATH_BYTES_MAX = 65536, PATH_PARTS_MAX = 2048 };

/* Cuts the last component off what ends at end; returns the new end. */
static size_t drop_last(const char *parts, size_t end)
{
	if (end == 0)
		return 0;
	for (end--; end > 0 && parts[end - 1]; end--)
		;
	return end;
}

int path_split(const char *path, char **out, size_t *count)
{
	size_t len = strlen(path), end = 0;
	cleanup_free char *parts = NULL;

	if (len > PATH_BYTES_MAX)
		return -ENAMETOOLONG;
	parts = malloc(len + 2);
	if (!parts)
		return -ENOMEM;
	*count = 0;
	while (*(path += strspn(path, "/"))) {
		size_t n = strcspn(path, "/");

		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			end = drop_last(parts, end);
			*count -= *count > 0;
		} else if (n != 1 || path[0] != '.') {
			memcpy(parts + end, path, n);
			parts[end + n] = '\0';
			end += n + 1;
			if (++*count > PATH_PARTS_MAX)
				return -ENAMETOOLONG;
		}
		path += n;
	}
	*out = parts;
	parts = NULL;
	return 0;
}

const char *path_part(const char *parts, size_t i)
{
	while (i--)
		parts += strlen(parts) + 1;
	return parts;
}

int path_clean(const char *path, char **clean)
{
	size_t count;
	char *parts;
	int r = path_split(path, &parts, &count);

	if (r < 0)
		return r;
	if (count == 0) {
		free(parts);
		*clean = strdup(".");
		return *clean ? 0 : -ENOMEM;
	}
	for (char *p = parts; --count; p++) {
		p += strlen(p);
		*p = '/';
	}
	*clean = parts;
	return 0;
}

void path_cut_last(char *clean)
{
	char *slash = strrchr(clean, '/');

	*(slash ? slash : clean) = '\0';
}
