// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_RUN_CONFIG_H
#define RLC_RUN_CONFIG_H

#include "core/image/doc.h"

/*
 * The configuration of a container (runtime-spec, config.md and config-linux.md), read from
 * config.json: checked and bounded. Strings belong to the document, which it holds.
 */
struct run_mount {
	const char *dest, *type, *source; /* type, source: NULL where not given */
	unsigned long flags, clear;       /* MS_...; those that options take away */
	unsigned long propagation;        /* MS_PRIVATE, ..., or 0 */
	bool bind, recursive;
	bool recursive_read_only;
	bool copy_up;  /* a new file system starts as what it covers */
	bool maps_ids; /* its own: not done */
	char *data;    /* owned: what is the file system's own, with ',' between */
};

struct run_rlimit {
	int what; /* RLIMIT_... */
	uint64_t soft, hard;
};

struct run_map {
	uint32_t inside, outside, count;
};

struct run_hook {
	const char *path;
	char **args, **env; /* owned arrays that end with NULL; NULL where not given */
	int timeout;        /* seconds; 0: none */
};

enum run_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS
};

struct run_namespace {
	int flag;         /* CLONE_NEW... */
	const char *path; /* NULL: a new one */
};

struct run_caps {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* What a process of a container is: also what `exec --process FILE` has. */
struct run_process {
	char **args, **env; /* owned arrays that end with NULL */
	const char *cwd;
	uint32_t uid, gid;
	uint32_t umask;   /* UINT32_MAX: not given */
	uint32_t *groups; /* owned */
	size_t group_count;
	struct run_rlimit *rlimits; /* owned */
	size_t rlimit_count;
	bool has_caps;
	struct run_caps caps;
	bool no_new_privileges, terminal;
	unsigned rows, columns;
	int oom_score_adj;
	bool has_oom_score_adj;
};

struct run_config {
	json_t *doc;
	const char *version, *root, *hostname, *domainname, *cgroups_path, *rootfs_propagation;
	bool read_only;
	struct run_process process;
	bool has_process;
	struct run_mount *mounts;
	size_t mount_count;
	struct run_namespace namespaces[8];
	size_t namespace_count;
	struct run_map *uid_maps, *gid_maps;
	size_t uid_map_count, gid_map_count;
	char **masked, **read_only_paths; /* owned arrays that end with NULL */
	struct run_sysctl {
		const char *name, *value;
	} * sysctls;
	size_t sysctl_count;
	struct run_device {
		const char *path;
		mode_t mode; /* with its type */
		dev_t number;
		uint32_t uid, gid;
	} * devices;
	size_t device_count;
	bool denies_devices; /* all but those that are named */
	struct run_hook *hooks[HOOK_KINDS];
	size_t hook_counts[HOOK_KINDS];
	/* What was asked for that nobody can have without privilege, for one message each. */
	const char *skipped[16];
	size_t skipped_count;
};

#define RUN_CONFIG_NONE                                                                            \
	{                                                                                          \
		.doc = NULL                                                                        \
	}
#define cleanup_run_config cleanup(run_config_free)

/*
 * Reads n bytes of text that end with a NUL besides, and changes it: numbers that have no room in
 * 63 bits (RLIM_INFINITY is written as one) become the largest there is. As doc_parse.
 */
int run_config_parse(char *text, size_t n, const char *path, json_t **out, struct err *err);

/*
 * Reads the document (at most DOC_MAX bytes). 0; -EBADMSG or -ENOTSUP with err, whose path names
 * the member at fault ("process.rlimits[2].type").
 */
int run_config_read(json_t *doc, struct run_config *out, struct err *err);
/* The same of a document that is a process alone, and keeps its strings. */
int run_process_read(json_t *doc, struct run_process *out, struct err *err);
void run_config_free(struct run_config *c);
void run_process_free(struct run_process *p);

/* The kinds of namespaces (CLONE_NEW...) that are made; whether it makes, or names this one. */
int run_config_new(const struct run_config *c);
bool run_config_names(const struct run_config *c, int flag);
bool run_config_has_new(const struct run_config *c, int flag);

/* A word of propagation(mount_namespaces(7)) as flags: MS_PRIVATE|MS_REC for "rprivate"; 0: none.
 */
unsigned long config_propagation(const char *word);

/* Names that the configuration knows, from 0 on: without CAP_; NULL beyond the last. */
const char *config_cap_name(unsigned int cap);
const char *config_namespace_name(size_t i);
const char *config_mount_option(size_t i);

#endif
