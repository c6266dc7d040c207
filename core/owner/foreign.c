// SPDX-License-Identifier: Apache-2.0
#include "core/owner/foreign.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

#include "core/owner/text.h"

static const struct {
	const char *word;
	mode_t mode;
} types[] = {
	{"file", S_IFREG},
	{"dir", S_IFDIR},
	{"symlink", S_IFLNK},
	{"pipe", S_IFIFO},
	{"socket", S_IFSOCK},
	{"block", S_IFBLK},
	{"char", S_IFCHR},
};

static bool is_device(mode_t mode)
{
	return S_ISBLK(mode) || S_ISCHR(mode);
}

static const char *type_word(mode_t mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((mode & S_IFMT) == types[i].mode)
			return types[i].word;
	return NULL;
}

/* Nobody has the id 4294967295: as a number here it is no "keep". */
static bool parse_id(struct text *t, uint32_t *id)
{
	return text_u32(t, id) && *id != OWNER_KEEP;
}

static bool parse_mode(struct text *t, mode_t *mode)
{
	uint64_t value;

	if (!text_number(t, 8, 0177777, &value))
		return false;
	*mode = (mode_t)value;
	return true;
}

static bool parse_type(struct text *t, struct foreign *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (text_word(t, types[i].word)) {
			f->mode |= types[i].mode;
			return !is_device(f->mode) ||
			       (text_char(t, '-') && text_u32(t, &f->major) && text_char(t, '-') &&
				       text_u32(t, &f->minor));
		}
	return false;
}

int foreign_override_parse(const char *text, size_t len, struct foreign *f)
{
	struct text t = text_of(text, len);

	*f = (struct foreign){.has_mode = true};
	if (!parse_id(&t, &f->owner.uid) || !text_char(&t, ':') || !parse_id(&t, &f->owner.gid) ||
		!text_char(&t, ':') || !parse_mode(&t, &f->mode))
		return -EBADMSG;
	/* Some writers leave the type's bits in; without the device's numbers they mislead. */
	f->mode &= 07777;
	if (text_char(&t, ':') && !parse_type(&t, f))
		return -EBADMSG;
	return text_end(&t) ? 0 : -EBADMSG;
}

static bool has_owner(const struct foreign *f)
{
	return f->owner.uid != OWNER_KEEP && f->owner.gid != OWNER_KEEP;
}

int foreign_override_format(const struct foreign *f, struct buf *out)
{
	const char *type = type_word(f->mode);

	if (!has_owner(f) || !f->has_mode)
		return -EINVAL;
	if (buf_addf(out, "%" PRIu32 ":%" PRIu32 ":%04o", f->owner.uid, f->owner.gid,
		    (unsigned int)f->mode & 07777) < 0)
		return -ENOMEM;
	if (!type)
		return 0;
	if (is_device(f->mode))
		return buf_addf(out, ":%s-%" PRIu32 "-%" PRIu32, type, f->major, f->minor);
	return buf_addf(out, ":%s", type);
}

static uint64_t little_endian(const unsigned char *data, size_t bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | data[bytes];
	return value;
}

int foreign_virtfs_parse32(const void *data, size_t len, uint32_t *value)
{
	if (len != 4)
		return -EBADMSG;
	*value = (uint32_t)little_endian(data, len);
	return 0;
}

int foreign_virtfs_parse64(const void *data, size_t len, uint64_t *value)
{
	if (len != 8)
		return -EBADMSG;
	*value = little_endian(data, len);
	return 0;
}

void foreign_virtfs_format(uint64_t value, size_t bytes, unsigned char *out)
{
	for (size_t i = 0; i < bytes; i++, value >>= 8)
		out[i] = (unsigned char)value;
}

/* "name=" and a number; every field but the first has a comma before it. */
static bool parse_field(struct text *t, const char *name, unsigned int base, uint64_t *value)
{
	return text_word(t, name) && text_number(t, base, UINT64_MAX, value);
}

int foreign_fakeroot_parse(const char *text, size_t len, struct fakeroot_line *line)
{
	struct text t = text_of(text, len);
	struct foreign *f = &line->what;

	*line = (struct fakeroot_line){.what.has_mode = true};
	if (text_end(&t))
		return 0;
	if (!parse_field(&t, "dev=", 16, &line->dev) || !parse_field(&t, ",ino=", 10, &line->ino) ||
		!text_word(&t, ",mode=") || !parse_mode(&t, &f->mode) || !type_word(f->mode) ||
		!text_word(&t, ",uid=") || !parse_id(&t, &f->owner.uid) ||
		!text_word(&t, ",gid=") || !parse_id(&t, &f->owner.gid) ||
		!parse_field(&t, ",nlink=", 10, &line->nlink) ||
		!parse_field(&t, ",rdev=", 10, &line->rdev) || !text_end(&t))
		return -EBADMSG;
	if (is_device(f->mode)) {
		f->major = major(line->rdev);
		f->minor = minor(line->rdev);
	}
	return 1;
}

int foreign_fakeroot_format(const struct fakeroot_line *line, struct buf *out)
{
	const struct foreign *f = &line->what;

	if (!has_owner(f) || !f->has_mode || !type_word(f->mode))
		return -EINVAL;
	return buf_addf(out,
		"dev=%" PRIx64 ",ino=%" PRIu64 ",mode=%o,uid=%" PRIu32 ",gid=%" PRIu32
		",nlink=%" PRIu64 ",rdev=%" PRIu64 "\n",
		line->dev, line->ino, (unsigned int)f->mode, f->owner.uid, f->owner.gid,
		line->nlink, is_device(f->mode) ? (uint64_t)makedev(f->major, f->minor) : 0);
}
