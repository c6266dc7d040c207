// SPDX-License-Identifier: Apache-2.0
/*
 * Foreign stores: the first byte chooses override_stat, a line of fakeroot's save
 * file, 9p's numbers or the oldest decimal records; what is read is written and
 * read back alike.
 */
#include "core/owner/foreign.h"
#include "testsuite/fuzz/fuzz.h"

static bool same(const struct foreign *a, const struct foreign *b)
{
	return owner_same(a->owner, b->owner) && a->mode == b->mode && a->has_mode == b->has_mode &&
	       a->major == b->major && a->minor == b->minor;
}

static void override(const char *text, size_t len)
{
	cleanup_buf struct buf b = BUF_NONE;
	struct foreign f, back;
	int ret = foreign_override_parse(text, len, &f);

	if (ret < 0) {
		MUST(ret == -EBADMSG);
		return;
	}
	MUST(f.owner.uid != OWNER_KEEP && f.owner.gid != OWNER_KEEP);
	MUST(foreign_override_format(&f, &b) == 0);
	MUST(foreign_override_parse(b.data, b.len, &back) == 0 && same(&f, &back));
}

static void fakeroot(const char *text, size_t len)
{
	cleanup_buf struct buf b = BUF_NONE;
	struct fakeroot_line line, back;
	int ret = foreign_fakeroot_parse(text, len, &line);

	if (ret <= 0) {
		MUST(ret == -EBADMSG || (ret == 0 && len == 0));
		return;
	}
	MUST(foreign_fakeroot_format(&line, &b) == 0);
	MUST(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
	MUST(foreign_fakeroot_parse(b.data, b.len - 1, &back) == 1 && same(&line.what, &back.what));
	MUST(line.dev == back.dev && line.ino == back.ino && line.nlink == back.nlink);
}

static void virtfs(const uint8_t *data, size_t len)
{
	unsigned char out[8];
	uint32_t v32;
	uint64_t v64;

	MUST((foreign_virtfs_parse32(data, len, &v32) == 0) == (len == 4));
	MUST((foreign_virtfs_parse64(data, len, &v64) == 0) == (len == 8));
	if (len != 4 && len != 8)
		return;
	foreign_virtfs_format(len == 4 ? v32 : v64, len, out);
	MUST(memcmp(out, data, len) == 0);
}

static void decimal(const char *text, size_t len)
{
	cleanup_buf struct buf b = BUF_NONE;
	uint32_t id, back;

	if (record_decode_decimal(text, len, &id) < 0)
		return;
	MUST(buf_addf(&b, "%u", id) == 0);
	MUST(record_decode_decimal(b.data, b.len, &back) == 0 && id == back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	switch (data[0]) {
	case 'o':
		override(text, size - 1);
		break;
	case 'f':
		fakeroot(text, size - 1);
		break;
	case 'v':
		virtfs(data + 1, size - 1);
		break;
	case 'd':
		decimal(text, size - 1);
		break;
	default:
		break;
	}
	return 0;
}
