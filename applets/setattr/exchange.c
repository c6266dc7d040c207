// SPDX-License-Identifier: Apache-2.0
#include "applets/setattr/stores.h"

#include "core/base/sys.h"
#include <sys/sysmacros.h>

#ifdef CONFIG_FOREIGN

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

/*
 * Makes the inode the type that the store says. A device becomes one in disguise. 0, and node is
 * read anew where it was replaced; negative errno.
 */
static int settle_type(const struct exchange *x, const struct visit *v, const struct foreign *f,
	struct node *node, struct err *err)
{
	mode_t type = f->mode & S_IFMT;
	int r = 0;

	if (!f->has_mode || type == 0 || type == (node->real.st_mode & S_IFMT) ||
		(is_device(type) && S_ISREG(node->real.st_mode) && node->real.st_size == 0))
		return 0;
	if (S_ISLNK(type) || S_ISFIFO(type) || S_ISSOCK(type))
		r = replace_by_special(v->dir, v->name, &node->real, type);
	else
		r = -EINVAL;
	if (r == -EINVAL)
		return err_set(err, 0, "not imported: the store says that it is of another type",
			       v->path),
		       r;
	if (r < 0)
		return err_set(err, r, "cannot replace", v->path);
	return node_read(&x->s->c.owners, v->dir, v->name, node, err);
}

/* Permissions last: a change of owner takes setuid bits away. */
static int take_over(const struct exchange *x, const struct visit *v, struct foreign *f,
	struct node *node, struct err *err)
{
	const struct owners *o = &x->s->c.owners;
	bool device = f->has_mode && is_device(f->mode) && !is_device(node->real.st_mode);
	int r = settle_type(x, v, f, node, err);

	if (r == 0)
		r = node_chown(o, v->dir, v->name, node, f->owner, err);
	if (r < 0 || !f->has_mode || S_ISLNK(node->real.st_mode))
		return r;
	r = sys_chmod_at(v->dir->fd, v->name, f->mode & 07777);
	if (r < 0)
		return err_set(err, r, "cannot set the permissions", v->path);
	if (!device && !node->override)
		return 0;
	f->owner = (struct owner){node->st.st_uid, node->st.st_gid};
	if (!(f->mode & S_IFMT))
		f->mode |= node->st.st_mode & S_IFMT;
	return node_disguise(o, v->dir, v->name, -1, f, err);
}

static int import_one(struct exchange *x, const struct visit *v, struct node *node, struct err *err)
{
	struct foreign f;
	int r = x->store->read(x, v->dir, v->name, &node->real, &f);

	if (r < 0)
		return err_set(err, r, "cannot read what the store says", v->path);
	if (r == 0)
		return 0;
	x->known++;
	return take_over(x, v, &f, node, err);
}

static int export_one(
	struct exchange *x, const struct visit *v, const struct node *node, struct err *err)
{
	struct foreign f = {.owner = {node->st.st_uid, node->st.st_gid},
		.mode = node->st.st_mode,
		.has_mode = true,
		.major = major(node->st.st_rdev),
		.minor = minor(node->st.st_rdev)};
	int r = x->store->write(x, v, node, &f);

	if (r < 0)
		return err_set(err, r, "cannot write to the store", v->path);
	x->left_out += r == 0;
	return 0;
}

static int visit(void *arg, const struct visit *v, bool *enter)
{
	struct exchange *x = arg;
	cleanup_err struct err err = ERR_NONE;
	struct node node;
	int r;

	(void)enter;
	if (v->leaving)
		return EXIT_DONE;
	r = node_read(&x->s->c.owners, v->dir, v->name, &node, &err);
	if (r == 0)
		r = x->s->verb == IMPORT ? import_one(x, v, &node, &err)
					 : export_one(x, v, &node, &err);
	return r < 0 ? setattr_fail(x->s, &err) : EXIT_DONE;
}

static int exchange_all(struct exchange *x, char **operands)
{
	struct each each = {.c = &x->s->c, .recursive = true, .visit = visit, .arg = x};
	int status = EXIT_DONE;

	for (; *operands; operands++)
		status |= each_inode(&each, *operands);
	if (x->s->verb == IMPORT && x->known == 0) {
		report(x->s->c.self, "%s says nothing of these files", x->store->name);
		status = EXIT_SOME;
	}
	if (x->left_out) {
		report(x->s->c.self,
			"%s cannot keep the owners of %zu symlinks, FIFOs, sockets or devices: left out",
			x->store->name, x->left_out);
		status = EXIT_SOME;
	}
	return status;
}

int setattr_exchange(struct setattr *s, char **operands)
{
	struct exchange x = {.s = s, .store = store_find(s->store)};
	bool has_file = strcmp(s->store, "fakeroot") == 0;
	int status;

	if (!x.store)
		return usage_error(s->c.self,
			"'%s' is none of fakeroot, override, fuseoverlayfs, virtfs", s->store);
	if (s->file && !has_file)
		return usage_error(s->c.self, "--file is fakeroot's only");
	status = has_file ? fakeroot_open(&x, s->verb == EXPORT) : EXIT_DONE;
	if (status == EXIT_DONE || x.line_count)
		status |= exchange_all(&x, operands);
	return fakeroot_close(&x, status);
}

#endif
