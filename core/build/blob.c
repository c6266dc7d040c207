// SPDX-License-Identifier: Apache-2.0
#include "core/build/blob.h"

#include "core/build/sum_cache.h"

int blob_read(const struct layout *l, const struct descriptor *d)
{
	cleanup_err struct err err = ERR_NONE;
	struct source *s;
	int64_t n = blob_source(l, d, &s, &err);

	if (n == 0)
		n = source_drain(s);
	source_free(s);
	return (int)MIN(n, 0);
}

void blob_known(struct sum_cache *c, const struct layout *l, const struct descriptor *d)
{
	const char *hex = digest_hex(d->digest);
	struct stat st;
	char known[65];

	if (c && l->blobs >= 0 && fstatat(l->blobs, hex, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		(!sum_cache_find(c, &st, known) || strcmp(known, hex) != 0))
		sum_cache_note(c, &st, hex);
}

int blob_look(struct sum_cache *c, const struct layout *l, const struct descriptor *d)
{
	const char *hex = digest_hex(d->digest);
	struct stat st;
	char known[65];
	int r = blob_there(l, d);

	if (r < 0 || !c)
		return r;
	if (fstatat(l->blobs, hex, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (sum_cache_find(c, &st, known))
		return strcmp(known, hex) == 0 ? 0 : -EBADMSG;
	r = blob_read(l, d);
	if (r == 0)
		sum_cache_note(c, &st, hex);
	return r;
}
