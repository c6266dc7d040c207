// SPDX-License-Identifier: Apache-2.0
#include "core/owner/node.h"

#include "core/owner/attr.h"
#include "core/owner/widen.h"
#include <sys/sysmacros.h>

#define KEEP_BOTH ((struct owner){OWNER_KEEP, OWNER_KEEP})

static bool bears_attributes(mode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode);
}

void node_plain(const struct owners *o, const struct stat *st, struct node *node)
{
	*node = (struct node){.st = *st, .real = *st, .kept = KEEP_BOTH};
	node->own = owners_inside(o, st->st_uid, st->st_gid);
	node->st.st_uid = node->own.uid;
	node->st.st_gid = node->own.gid;
}

static void apply(struct node *node, struct owner kept)
{
	struct owner seen = owner_merge(node->own, kept);

	node->kept = kept;
	node->recorded = true;
	node->st.st_uid = seen.uid;
	node->st.st_gid = seen.gid;
}

static void apply_foreign(struct node *node, const struct foreign *f)
{
	struct owner seen = owner_merge((struct owner){node->st.st_uid, node->st.st_gid}, f->owner);
	mode_t type = f->mode & S_IFMT;

	node->override = true;
	node->st.st_uid = seen.uid;
	node->st.st_gid = seen.gid;
	if (f->has_mode)
		node->st.st_mode = (node->st.st_mode & S_IFMT) | (f->mode & 07777);
	if ((type == S_IFCHR || type == S_IFBLK) && S_ISREG(node->real.st_mode) &&
		node->real.st_size == 0) {
		node->disguised = true;
		node->st.st_mode = type | (node->st.st_mode & 07777);
		node->st.st_rdev = makedev(f->major, f->minor);
	}
}

/* A file of mode 0 hides its attributes from its own owner, where no namespace helps. */
static int read_attr(struct dir *dir, const char *name, const char *attr, struct buf *out)
{
	cleanup_widen struct widen w = WIDEN_NONE;
	int r = attr_read(dir->fd, name, attr, out);

	if (r != -EACCES || widen(&w, dir->fd, name, S_IRUSR) < 0)
		return r;
	return attr_read(dir->fd, name, attr, out);
}

static int malformed(const struct dir *dir, const char *name, struct node *node, struct err *err)
{
	node->st.st_uid = node->st.st_gid = OWNER_STRANGER;
	return err_set_at(err, -EBADMSG, "the record is malformed", dir->path, name);
}

static int read_decimal(struct dir *dir, const char *name, const char *attr, uint32_t *id)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = read_attr(dir, name, attr, &text);

	return r < 0 ? r : record_decode_decimal(text.data, text.len, id);
}

/* Which of the attributes that matter the inode has. */
struct present {
	bool record, uid, gid, override;
};

static struct present look_through(struct node *node, const struct buf *names)
{
	struct present p = {false, false, false, false};

	for (const char *n = names->data; n < names->data + names->len; n += strlen(n) + 1) {
		if (strncmp(n, RECORD_ATTR, sizeof(RECORD_ATTR) - 1) == 0) {
			p.record |= strcmp(n, RECORD_ATTR) == 0;
			p.uid |= strcmp(n, RECORD_ATTR_UID) == 0;
			p.gid |= strcmp(n, RECORD_ATTR_GID) == 0;
		}
		p.override |= strcmp(n, OVERRIDE_ATTR) == 0;
		node->has_caps |= strcmp(n, "security.capability") == 0 ||
				  strcmp(n, ATTR_KEPT "security.capability") == 0;
	}
	node->has_attrs = names->len > 0;
	return p;
}

static int read_override(struct dir *dir, const char *name, struct node *node)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct foreign f;
	int r = read_attr(dir, name, OVERRIDE_ATTR, &text);

	if (r == 0)
		r = foreign_override_parse(text.data, text.len, &f);
	if (r == 0)
		apply_foreign(node, &f);
	return r;
}

static size_t skip_varint(const struct buf *value, size_t at)
{
	while (at < value->len && value->data[at] & 0x80)
		at++;
	return at + 1;
}

/* Of a record that is known to be well formed. A writer need not read it again. */
static bool is_plain(const struct buf *value)
{
	size_t gid;

	if (!value->len || value->data[0] != 0x08)
		return false;
	gid = skip_varint(value, 1);
	return gid < value->len && value->data[gid] == 0x10 &&
	       skip_varint(value, gid + 1) == value->len;
}

/* The newest dialect counts where both stand. */
static int read_record(struct dir *dir, const char *name, struct node *node, struct present p)
{
	cleanup_buf struct buf value = BUF_NONE;
	struct owner owner = KEEP_BOTH;
	int r = 0;

	node->decimal = p.uid || p.gid;
	if (p.record) {
		r = read_attr(dir, name, RECORD_ATTR, &value);
		if (r == 0)
			r = record_decode(value.data, value.len, &owner);
		node->plain = r == 0 && is_plain(&value);
	} else {
		if (p.uid)
			r = read_decimal(dir, name, RECORD_ATTR_UID, &owner.uid);
		if (p.gid && r == 0)
			r = read_decimal(dir, name, RECORD_ATTR_GID, &owner.gid);
	}
	if (r == 0)
		apply(node, owner);
	return r;
}

static int read_attributes(const struct owners *o, struct dir *dir, const char *name,
	struct node *node, struct err *err)
{
	cleanup_buf struct buf names = BUF_NONE;
	struct present p;
	int r = attr_list(dir->fd, name, &names);

	if (r < 0)
		return err_set_at(err, r, "cannot list attributes", dir->path, name);
	if (names.len == 0)
		return 0;
	p = look_through(node, &names);
	if (!o->records)
		return 0;
	if (p.override)
		r = read_override(dir, name, node);
	if (r == 0 && (p.record || p.uid || p.gid))
		r = read_record(dir, name, node, p);
	if (r == -ENODATA)
		return 0;
	if (r == -EBADMSG)
		return malformed(dir, name, node, err);
	return r < 0 ? err_set_at(err, r, "cannot read the record", dir->path, name) : 0;
}

static int read_map_entry(struct dir *dir, const char *name, struct node *node, struct err *err)
{
	const struct dirmap_entry *e;
	int r = dir_read_map(dir);

	if (r == -EBADMSG)
		return malformed(dir, name, node, err);
	if (r < 0)
		return err_set_at(err, r, "cannot read the directory's map", dir->path, NULL);
	e = dirmap_find(&dir->map, name);
	if (e && e->ino == node->real.st_ino && e->type == (node->real.st_mode & S_IFMT))
		apply(node, e->owner);
	return 0;
}

static void read_sidecar(
	const struct owners *o, const struct dir *dir, const char *name, struct node *node)
{
	cleanup_free char *path = dir_path(dir, name);
	const struct dump_line *line = path ? sidecar_get(o->sidecar, path) : NULL;

	if (!line || (S_ISREG(node->real.st_mode) && node->real.st_size > 0 && line->type != 'f'))
		return;
	if (line->type == 'c' || line->type == 'b') {
		struct foreign f = {.owner = KEEP_BOTH,
			.mode = line->type == 'c' ? S_IFCHR : S_IFBLK,
			.major = line->major,
			.minor = line->minor};

		apply_foreign(node, &f);
	}
	if (line->recorded)
		apply(node, line->owner);
}

int node_read(const struct owners *o, struct dir *dir, const char *name, struct node *node,
	struct err *err)
{
	struct stat st;

	if ((name ? fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) : fstat(dir->fd, &st)) < 0)
		return err_set_at(err, -errno, NULL, dir->path, name);
	return node_read_known(o, dir, name, &st, node, err);
}

int node_read_known(const struct owners *o, struct dir *dir, const char *name,
	const struct stat *st, struct node *node, struct err *err)
{
	int r;

	node_plain(o, st, node);
	if (bears_attributes(st->st_mode))
		r = read_attributes(o, dir, name, node, err);
	else
		r = o->records && name ? read_map_entry(dir, name, node, err) : 0;
	if (r == 0 && o->sidecar)
		read_sidecar(o, dir, name, node);
	return r;
}

int node_raw(struct dir *dir, const char *name, struct buf *out)
{
	return read_attr(dir, name, RECORD_ATTR, out);
}

int node_probe(int fd)
{
	char value[1];
	ssize_t n = attr_get(fd, NULL, RECORD_ATTR, value, sizeof(value));

	return n == -EOPNOTSUPP ? -EOPNOTSUPP : 0;
}
