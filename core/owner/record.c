// SPDX-License-Identifier: Apache-2.0
#include "core/owner/record.h"

#include "core/owner/text.h"
#include "core/owner/wire.h"
#include "proto/rootlesscontainers.pb-c.h"

typedef Rootlesscontainers__Resource Resource;

static void resource_free(Resource **r)
{
	if (*r)
		rootlesscontainers__resource__free_unpacked(*r, NULL);
}

#define cleanup_resource cleanup(resource_free)

static size_t put_field(uint8_t *out, const struct wire_field *f)
{
	size_t n = wire_put_varint(out, (uint64_t)f->number << 3 | f->type);

	if (f->type == WIRE_BYTES)
		n += wire_put_varint(out + n, f->len);
	if (f->len)
		memcpy(out + n, f->data, f->len);
	return n + f->len;
}

/*
 * The same fields with shortest keys and lengths, which is what protobuf-c can
 * read; out has room for len bytes and is never longer. uid and gid have to be
 * varints: other readers skip what is not, which would be a silent 0.
 */
static int tidy(const uint8_t *data, size_t len, uint8_t *out, size_t *out_len)
{
	struct wire w = {data, data + len};
	struct wire_field f;
	int got;

	*out_len = 0;
	while ((got = wire_next(&w, &f)) > 0) {
		if (f.number <= 2 && f.type != WIRE_VARINT)
			return -EBADMSG;
		*out_len += put_field(out + *out_len, &f);
	}
	return got;
}

/* Reads a record as it stands; the caller frees *r. */
static int unpack(const void *data, size_t len, Resource **r)
{
	uint8_t tidied[RECORD_MAX];

	if (len > RECORD_MAX)
		return -EBADMSG;
	if (len && tidy(data, len, tidied, &len) < 0)
		return -EBADMSG;
	*r = rootlesscontainers__resource__unpack(NULL, len, tidied);
	return *r ? 0 : -ENOMEM; /* all that it could object to has been checked */
}

int record_decode(const void *data, size_t len, struct owner *owner)
{
	cleanup_resource Resource *r = NULL;
	int ret = unpack(data, len, &r);

	if (ret < 0)
		return ret;
	*owner = (struct owner){.uid = r->uid, .gid = r->gid};
	return 0;
}

static int add_packed(const Resource *r, struct buf *out)
{
	size_t len = rootlesscontainers__resource__get_packed_size(r);

	if (buf_reserve(out, len) < 0)
		return -ENOMEM;
	rootlesscontainers__resource__pack(r, (uint8_t *)out->data + out->len);
	out->len += len;
	out->data[out->len] = '\0';
	return 0;
}

int record_encode(const void *old, size_t old_len, struct owner owner, struct buf *out)
{
	cleanup_resource Resource *kept = NULL;
	Resource plain = ROOTLESSCONTAINERS__RESOURCE__INIT, *r = &plain;
	int ret = old ? unpack(old, old_len, &kept) : 0;

	if (ret == -ENOMEM)
		return ret;
	if (kept)
		r = kept;
	r->has_uid = r->has_gid = true;
	r->uid = owner.uid;
	r->gid = owner.gid;
	if (rootlesscontainers__resource__get_packed_size(r) > RECORD_MAX) {
		plain.has_uid = plain.has_gid = true;
		plain.uid = owner.uid;
		plain.gid = owner.gid;
		r = &plain;
	}
	return add_packed(r, out);
}

int record_decode_decimal(const char *text, size_t len, uint32_t *id)
{
	struct text t = text_of(text, len);

	return text_u32(&t, id) && text_end(&t) ? 0 : -EBADMSG;
}
