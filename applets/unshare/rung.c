// SPDX-License-Identifier: Apache-2.0
#include "applets/unshare/unshare.h"

#include "core/ns/guard.h"
#ifdef CONFIG_EMU
#include "core/emu/emu.h"
#endif
#include <stdio.h>
#include <sched.h>
#include <sys/wait.h>

/* What one rung of the ladder came to: refused, and why; or allowed. */
struct rung {
	bool allowed;
	char *why; /* owned; NULL where there is nothing to say */
};

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	cleanup_free char *copy = strdup(path ? path : "/usr/bin:/bin"), *file = NULL;
	char *rest = copy, *dir;

	while (rest && (dir = strsep(&rest, ":"))) {
		base_free(&file);
		file = NULL;
		if (asprintf(&file, "%s/%s", dir, program) >= 0 && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

static struct rung try_subordinate(int userns)
{
	struct userns_line line;
	struct rung r = {false, NULL};
	char number[12];
	const char *user = getenv("USER"), *missing = NULL;

	snprintf(number, sizeof(number), "%u", geteuid());
	if (userns < 0)
		missing = "there are no user namespaces.";
	else if (!in_path("newuidmap") || !in_path("newgidmap"))
		missing = "newuidmap and newgidmap are not installed (package uidmap).";
	else if (userns_subordinate("/etc/subuid", user, geteuid(), &line) < 0 ||
		 userns_subordinate("/etc/subgid", user, geteuid(), &line) < 0)
		missing = "/etc/subuid or /etc/subgid has no line for this user; root adds it with "
			  "'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER'.";
	r.allowed = !missing;
	r.why = strdup(
		missing ? missing : "It is used where --map-auto and --map-root-user say so.");
	return r;
}

#ifdef CONFIG_EMU
/* The errors that emu_install may have. */
static char *emulation_why(int code)
{
	if (code == -EBUSY)
		return strdup("another program answers this process's system calls already.");
	if (code == -EINVAL || code == -ENOSYS)
		return strdup(
			"this kernel (or what stands in for one, as gVisor does) has no seccomp "
			"notifications; they need Linux 5.14.");
	return strdup("a filter of this host refuses seccomp(2).");
}

/* Tries in a child, which ends with the error. */
static int try_install(bool in_userns, enum emu_mode mode)
{
	const struct emu_options o = {.mode = mode};
	cleanup_err struct err err = ERR_NONE;
	int status, r;
	pid_t child = _Fork();

	if (child == 0) {
		r = in_userns ? userns_become_root() : 0;
		if (r >= 0)
			r = emu_install(&o, &err);
		_exit(r < 0 ? -r : 0);
	}
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}

static struct rung try_emulation(int userns, bool in_userns, enum emu_mode mode)
{
	int r = in_userns && userns < 0 ? userns : try_install(in_userns, mode);

	return (struct rung){r == 0, r == 0                    ? NULL
				     : in_userns && userns < 0 ? userns_why(userns)
							       : emulation_why(r)};
}
#endif

enum { RUNGS = 5 };

static const char *const names[RUNGS] = {
	"subordinate ids: owners are real",
	"user namespace and notification: owners are kept in records",
	"user namespace and a filter: changes of owner succeed and are not kept",
	"notification without a namespace (--emulate=full)",
	"files only: rlc-tar, rlc-chown and the others keep owners, nothing is run as root",
};

static void try_all(struct rung rungs[RUNGS])
{
	int userns = userns_try();

	rungs[0] = try_subordinate(userns);
#ifdef CONFIG_EMU
	rungs[1] = try_emulation(userns, true, EMU_FULL);
	rungs[2] = try_emulation(userns, true, EMU_LIE);
	rungs[3] = try_emulation(userns, false, EMU_FULL);
#else
	for (int i = 1; i < 4; i++)
		rungs[i] = (struct rung){false,
			userns < 0 && i < 3 ? userns_why(userns)
					    : strdup("this rlc was built without emulation.")};
#endif
	rungs[4] = (struct rung){true, NULL};
}

/* The first that is allowed and taken without being asked for. */
static int best(const struct rung rungs[RUNGS])
{
	int i = 1;

	while (!rungs[i].allowed)
		i++;
	return i;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

int job_rung(const struct job *j)
{
	struct rung rungs[RUNGS];
	int i, here;

	(void)j;
	try_all(rungs);
	here = best(rungs);
	printf("rung %d of %d: %s\n", here + 1, RUNGS, names[here]);
	for (i = 0; i < here; i++) {
		printf("%s rung %d, %s\n", rungs[i].allowed ? "allowed:" : "refused:", i + 1,
			names[i]);
		if (i == 0 || !is_same(rungs[i].why, rungs[i - 1].why))
			printf("  %s\n", rungs[i].why ? rungs[i].why : "");
	}
	for (i = 0; i < RUNGS; i++)
		free(rungs[i].why);
	return EXIT_DONE;
}
