// SPDX-License-Identifier: Apache-2.0
#include "core/image/rpm.h"

#include <endian.h>
#include <stdio.h>

enum { TAG_NAME = 1000, TAG_VERSION = 1001, TAG_RELEASE = 1002, TAG_EPOCH = 1003, TAG_ARCH = 1022 };
enum { TYPE_INT32 = 4, TYPE_STRING = 6 };

static const char magic[8] = {(char)0x8e, (char)0xad, (char)0xe8, 1, 0, 0, 0, 0};

struct header {
	const char *index, *data;
	uint32_t entries, bytes;
};

static uint32_t number(const char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return be32toh(n);
}

static int open_header(const char *text, size_t left, struct header *h)
{
	const size_t before = sizeof(magic) + 8;

	if (left < before || memcmp(text, magic, sizeof(magic)) != 0)
		return -EBADMSG;
	h->entries = number(text + sizeof(magic));
	h->bytes = number(text + sizeof(magic) + 4);
	if (h->entries > (left - before) / 16 || h->bytes > left - before - h->entries * (size_t)16)
		return -EBADMSG;
	h->index = text + before;
	h->data = h->index + h->entries * (size_t)16;
	return 0;
}

/* Where the value of a tag is, and how many bytes there are from there on; NULL: it has none. */
static const char *value_of(const struct header *h, uint32_t tag, uint32_t type, size_t *left)
{
	for (uint32_t n = 0; n < h->entries; n++) {
		const char *entry = h->index + n * (size_t)16;
		uint32_t offset = number(entry + 8);

		if (number(entry) != tag || number(entry + 4) != type)
			continue;
		*left = offset < h->bytes ? h->bytes - offset : 0;
		return h->data + (*left ? offset : 0);
	}
	return NULL;
}

/* "" where it has none. NULL: it does not end. */
static const char *string_of(const struct header *h, uint32_t tag)
{
	size_t left;
	const char *s = value_of(h, tag, TYPE_STRING, &left);

	if (!s)
		return "";
	return memchr(s, '\0', left) ? s : NULL;
}

static uint32_t epoch_of(const struct header *h)
{
	size_t left;
	const char *at = value_of(h, TAG_EPOCH, TYPE_INT32, &left);

	return at && left >= 4 ? number(at) : 0;
}

int rpm_header(const char *text, size_t left, size_t *len, char **key, char **version)
{
	const char *name, *arch, *v, *r;
	struct header h;
	bool many;

	if (open_header(text, left, &h) < 0)
		return -EBADMSG;
	name = string_of(&h, TAG_NAME);
	arch = string_of(&h, TAG_ARCH);
	v = string_of(&h, TAG_VERSION);
	r = string_of(&h, TAG_RELEASE);
	if (!name || !arch || !v || !r || !*name)
		return -EBADMSG;
	many = strcmp(name, "gpg-pubkey") == 0;
	if (asprintf(version, "%u:%s-%s", epoch_of(&h), v, r) < 0)
		return -ENOMEM;
	if (asprintf(key, "%s%s%s%s%s", name, many ? "-" : "", many ? *version : "",
		    *arch ? "." : "", arch) < 0) {
		free(*version);
		return -ENOMEM;
	}
	*len = (size_t)(h.data - text) + h.bytes;
	return 0;
}
