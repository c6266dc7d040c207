// SPDX-License-Identifier: Apache-2.0
#include "core/image/spec.h"

#include "core/base/io.h"
#include "core/owner/record.h"
#include "core/owner/text.h"

enum { FILE_MAX_BYTES = 16 << 20, GROUPS_MAX = 65536 };

/* A line of etc/passwd or etc/group, its fields. */
struct fields {
	struct text at[7];
	size_t count;
};

static bool split(struct text *file, struct fields *f)
{
	const char *end;

	if (text_end(file))
		return false;
	end = memchr(file->at, '\n', (size_t)(file->end - file->at));
	if (!end)
		end = file->end;
	for (f->count = 0; f->count < ARRAY_SIZE(f->at); f->count++) {
		const char *colon = memchr(file->at, ':', (size_t)(end - file->at));

		f->at[f->count] = (struct text){file->at, colon ? colon : end};
		file->at = colon ? colon + 1 : end;
		if (!colon) {
			f->count++;
			break;
		}
	}
	file->at = end < file->end ? end + 1 : end;
	return true;
}

static bool is_text(struct text t, const char *word)
{
	return text_word(&t, word) && text_end(&t);
}

static bool is_number(struct text t, uint32_t *id)
{
	return text_u32(&t, id) && text_end(&t) && *id != OWNER_KEEP;
}

static int read_file(const struct tree *tree, const char *path, struct buf *out, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	if (!tree)
		return 0;
	fd = tree_openat(tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_set(err, fd, "cannot read", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	r = io_read_all(fd, out, FILE_MAX_BYTES);
	return r < 0 ? err_set(err, r, "cannot read", path) : 0;
}

static char *copy(struct text t)
{
	return strndup(t.at, (size_t)(t.end - t.at));
}

/* "NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL"; the first that fits counts. 1, 0 or negative errno. */
static int find_user(const struct buf *passwd, const char *user, struct spec_user *out, char **name)
{
	struct text file = text_of(passwd->data, passwd->len);
	struct fields f;
	uint32_t wanted = 0, uid, gid;
	bool number = !*user || is_number(text_of(user, strlen(user)), &wanted);

	while (split(&file, &f)) {
		if (f.count < 4 || !is_number(f.at[2], &uid) || !is_number(f.at[3], &gid))
			continue;
		if (!is_text(f.at[0], user) && !(number && uid == wanted))
			continue;
		out->uid = uid;
		out->gid = gid;
		*name = copy(f.at[0]);
		out->home = f.count > 5 ? copy(f.at[5]) : strdup("");
		return *name && out->home ? 1 : -ENOMEM;
	}
	out->uid = wanted;
	return number ? 0 : -ENOENT;
}

static bool has_member(struct text members, const char *name)
{
	while (members.at < members.end) {
		const char *comma = memchr(members.at, ',', (size_t)(members.end - members.at));
		struct text one = {members.at, comma ? comma : members.end};

		if (is_text(one, name))
			return true;
		members.at = comma ? comma + 1 : members.end;
	}
	return false;
}

/* "NAME:PASSWORD:GID:MEMBERS" */
static int find_group(const struct buf *groups, const char *group, struct spec_user *out)
{
	struct text file = text_of(groups->data, groups->len);
	struct fields f;
	uint32_t wanted, gid;
	bool number = is_number(text_of(group, strlen(group)), &wanted);

	while (split(&file, &f))
		if (f.count >= 3 && is_number(f.at[2], &gid) &&
			(is_text(f.at[0], group) || (number && gid == wanted))) {
			out->gid = gid;
			return 0;
		}
	if (number)
		out->gid = wanted;
	return number ? 0 : -ENOENT;
}

static int find_memberships(const struct buf *groups, const char *name, struct spec_user *out)
{
	struct text file = text_of(groups->data, groups->len);
	struct fields f;
	uint32_t gid;

	while (split(&file, &f)) {
		uint32_t *more;

		if (f.count < 4 || !is_number(f.at[2], &gid) || !has_member(f.at[3], name))
			continue;
		if (out->group_count == GROUPS_MAX)
			return -E2BIG;
		more = reallocarray(out->groups, out->group_count + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		out->groups = more;
		out->groups[out->group_count++] = gid;
	}
	return 0;
}

int spec_user_find(
	const struct tree *tree, const char *text, struct spec_user *out, struct err *err)
{
	const char *colon = strchr(text, ':'), *group = colon ? colon + 1 : "";
	cleanup_free char *user = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	cleanup_buf struct buf passwd = BUF_NONE, groups = BUF_NONE;
	cleanup_free char *name = NULL;
	int r = user ? read_file(tree, "etc/passwd", &passwd, err) : -ENOMEM;

	if (r == 0)
		r = read_file(tree, "etc/group", &groups, err);
	if (r < 0)
		return err_set(err, r, NULL, NULL);
	r = find_user(&passwd, user, out, &name);
	if (r < 0)
		return err_tell(err, r, "no such user in the tree's etc/passwd", user);
	if (!*group)
		r = name ? find_memberships(&groups, name, out) : 0;
	else
		r = find_group(&groups, group, out);
	return r < 0 ? err_tell(err, r, "no such group in the tree's etc/group", group) : 0;
}

void spec_user_done(struct spec_user *u)
{
	free(u->groups);
	free(u->home);
	*u = (struct spec_user)SPEC_USER_NONE;
}
