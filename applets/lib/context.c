// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/context.h"

#include "core/ns/userns.h"
#include "core/owner/text.h"
#include <stdio.h>
#include <sys/resource.h>

static bool parse_ids(const char *text, struct owner *owner)
{
	struct text t = text_of(text, strlen(text));

	return text_u32(&t, &owner->uid) && text_char(&t, ':') && text_u32(&t, &owner->gid) &&
	       text_end(&t) && owner->uid != OWNER_KEEP && owner->gid != OWNER_KEEP;
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
	prlimit(0, RLIMIT_NOFILE, &limit, NULL); /* setrlimit costs 2 KB in a static program */
}

static int open_sidecar(struct context *c, struct err *err)
{
#ifdef CONFIG_SIDECAR
	if (c->sidecar_file)
		return sidecar_open(c->sidecar_file, &c->owners.sidecar, err);
#endif
	(void)c;
	(void)err;
	return 0;
}

/* The tree is opened after the namespace is entered: mode 0 does not keep its owner out then. */
int context_begin(struct context *c)
{
	cleanup_err struct err err = ERR_NONE;
	int r;

	raise_open_files();
	if (geteuid() != 0 && !c->brief)
		userns_become_root();
	r = owners_init(&c->owners, c->records, c->base);
	if (r < 0) {
		err_set(&err, r, "cannot find out whose ids these are", "/proc/self/uid_map");
		report_err(c->self, &err);
		return EXIT_SOME;
	}
	if (tree_open(&c->tree, c->root, &err) < 0 || open_sidecar(c, &err) < 0) {
		report_err(c->self, &err);
		return EXIT_SOME;
	}
	return EXIT_DONE;
}

int context_finish(struct context *c, int status)
{
#ifdef CONFIG_SIDECAR
	cleanup_err struct err err = ERR_NONE;

	if (c->owners.sidecar && sidecar_save(c->owners.sidecar, &err) < 0) {
		report_err(c->self, &err);
		return EXIT_SOME;
	}
#endif
	(void)c;
	return status;
}

void context_end(struct context *c)
{
	tree_close(&c->tree);
	sidecar_free(c->owners.sidecar);
	c->owners.sidecar = NULL;
}
