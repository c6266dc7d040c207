// SPDX-License-Identifier: Apache-2.0
#include "core/pack/create.h"

static bool is_root(const char *name)
{
	return strcmp(name, "root") == 0;
}

int create_owner(const struct create_options *o, const struct names *names, struct owner *owner,
	struct err *err)
{
	int r = 0;

	*owner = o->owner;
	if (o->user && owner->uid == OWNER_KEEP) {
		owner->uid = 0;
		r = is_root(o->user) ? 0 : names_uid(names, o->user, &owner->uid, NULL);
		if (r < 0)
			return err_set(err, r, "no such user in the tree's etc/passwd", o->user);
	}
	if (o->group && owner->gid == OWNER_KEEP) {
		owner->gid = 0;
		r = is_root(o->group) ? 0 : names_gid(names, o->group, &owner->gid);
		if (r < 0)
			return err_set(err, r, "no such group in the tree's etc/group", o->group);
	}
	return 0;
}
