// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_UNSHARE_H
#define RLC_UNSHARE_H

#include "applets/lib/applet.h"
#include "core/ns/root.h"
#include "core/ns/userns.h"
#include "core/owner/record.h"
#include "core/run/guest.h"

/* As env(1) and chroot(1). */
enum {
	EXIT_OWN = GUEST_FAILED,
	EXIT_CANNOT_RUN = GUEST_CANNOT_RUN,
	EXIT_NOT_FOUND = GUEST_NOT_FOUND
};

/* What is mounted in addition, in the order of the command line. */
struct extra {
	const char *src, *dst; /* src NULL: a tmpfs */
	bool read_only;
};

/* What the command line asks for. */
struct job {
	const struct applet *self;
	struct ns_log log;
	int flags;    /* CLONE_NEW... */
	struct kept { /* namespaces that are to stay: where, and what /proc/PID/ns calls them */
		const char *file, *kind;
	} kept[8];
	size_t kept_count;
	bool chosen; /* the command line names namespaces: those, as unshare(1) makes them */
	bool fork;
	enum emulate emulate;
	bool strict, rung, explain;

	bool map_root, map_current;
	const char *map_user, *map_group, *map_users, *map_groups;
	enum userns_setgroups setgroups;
	struct userns_ids ids; /* made of them */
	bool guest_is_root;    /* inside, by the maps */

	int kill_child; /* a signal, or 0 */
	unsigned long propagation;
	const char *proc; /* where a fresh one is mounted, or NULL */
	const char *root, *wd, *hostname;
	struct root_overlay overlay;
	struct extra *extras;
	size_t extra_count;
	bool read_only;

	char **environment; /* "NAME=VALUE" */
	size_t environment_count;
	bool clear_environment, same_session, foreground;
	const char *as;
	uint32_t uid, gid; /* OWNER_KEEP: as they are */
	const char *monotonic, *boottime;
	char **command;

	struct points_aside *aside; /* what was made in the tree and could not be listed there */
};

/* Reads the command line: -1 where it can be run, or an exit status after a message or --help. */
int job_read(struct job *j, const struct applet *self, int argc, char **argv);
void job_free(struct job *j);

/* Fills ids from the options for maps: EXIT_DONE, or EXIT_OWN after a message. */
int job_map(struct job *j);

/* A name or number of the caller's own /etc/passwd or /etc/group: false after a message. */
bool job_user(const struct job *j, const char *word, uint32_t *uid);
bool job_group(const struct job *j, const char *word, uint32_t *gid);

/* Who the command is to be: ids, and the groups that list the user as a member. */
struct as {
	struct owner ids;
	gid_t groups[64];
	size_t count;
};

/* Reads --as by the names that the root has which this process sees. As job_map. */
int job_as(const struct job *j, struct as *as);

/* Says what err says and returns EXIT_OWN. Frees err. */
int job_failed(const struct job *j, struct err *err);

/* Runs the command: its exit status, or one of the above after a message. */
int job_run(struct job *j);

/* Whether there is a guest to be looked after: a root to be cleaned, system calls to be answered.
 */
bool job_supervised(const struct job *j);

/* What emulation the command line comes to here. */
enum emulate job_emulation(const struct job *j);

/*
 * What this process, in its new namespaces, does before the command: host name, mounts, root,
 * working directory. EXIT_DONE, or EXIT_OWN after a message.
 */
int job_furnish(struct job *j, struct root *root);

/* Sets the clocks of the time namespace to come, before anything is in it; as above. */
int job_clocks(const struct job *j);

/* Becomes the command: the exit status where that fails. */
int job_exec(const struct job *j);

/*
 * A process that stays outside, to bind namespaces of this one to the files that the command line
 * names: started before the first of them is made. EXIT_DONE, or EXIT_OWN after a message.
 */
struct keeper {
	pid_t pid;
	int go;
};
int keeper_start(const struct job *j, struct keeper *k);
int keeper_finish(const struct job *j, struct keeper *k);

/* Shows what this host allows. */
int job_rung(const struct job *j);

#endif
