// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/context.h"

#include "core/ns/userns.h"
#include <stdio.h>
#include <sys/resource.h>

static bool parse_ids(const char *text, struct owner *owner)
{
	char *end;
	unsigned long uid, gid;

	if (*text < '0' || *text > '9')
		return false;
	uid = strtoul(text, &end, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	gid = strtoul(end + 1, &end, 10);
	if (*end || uid >= OWNER_KEEP || gid >= OWNER_KEEP)
		return false;
	*owner = (struct owner){(uint32_t)uid, (uint32_t)gid};
	return true;
}

int context_option(struct context *c, int id, const char *arg)
{
	switch (id) {
	case OPT_ROOT:
		c->root = arg;
		return 1;
	case OPT_RECORDS:
		c->records = true;
		return 1;
	case OPT_SIDECAR:
		c->sidecar_file = arg;
		return 1;
	case OPT_BASE_OWNER:
		if (parse_ids(arg, &c->base))
			return 1;
		usage_error(c->self, "--base-owner: '%s' is not UID:GID in numbers", arg);
		return OPTION_BAD;
	default:
		return 0;
	}
}

/* Each directory that is being worked in is open, all the way down to the innermost. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The tree is opened after the namespace is entered: mode 0 does not keep its owner out then. */
int context_begin(struct context *c)
{
	cleanup_err struct err err = ERR_NONE;

	raise_open_files();
	if (geteuid() != 0)
		userns_become_root();
	owners_init(&c->owners, c->records, c->base);
	if (tree_open(&c->tree, c->root, &err) < 0 ||
		(c->sidecar_file && sidecar_open(c->sidecar_file, &c->owners.sidecar, &err) < 0)) {
		report_err(c->self, &err);
		return EXIT_SOME;
	}
	return EXIT_DONE;
}

int context_finish(struct context *c, int status)
{
	cleanup_err struct err err = ERR_NONE;

	if (!c->owners.sidecar || sidecar_save(c->owners.sidecar, &err) == 0)
		return status;
	report_err(c->self, &err);
	return EXIT_SOME;
}

void context_end(struct context *c)
{
	tree_close(&c->tree);
	sidecar_free(c->owners.sidecar);
	c->owners.sidecar = NULL;
}
