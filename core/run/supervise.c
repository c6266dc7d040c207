// SPDX-License-Identifier: Apache-2.0
#include "core/run/guest.h"

#include "core/base/io.h"
#include "core/base/sys.h"
#include "core/ns/guard.h"
#include "core/owner/owners.h"
#ifdef CONFIG_EMU
#include "core/emu/emu.h"
#endif
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum emulate guest_emulation(enum emulate wish, bool root)
{
#ifdef CONFIG_EMU
	if (wish == EMULATE_OFF || sys_is_guest())
		return EMULATE_OFF;
	return wish == EMULATE_AUTO && !root ? EMULATE_OFF : wish;
#else
	(void)wish;
	(void)root;
	return EMULATE_OFF;
#endif
}

static int failed(const struct guest *g, struct err *err)
{
	g->ops->fail(g->arg, err);
	return GUEST_FAILED;
}

/* close_range(2), also before Linux 5.9. */
static void close_between(unsigned int from, unsigned int to)
{
	enum { MOST = 4096 };

	if (from > to || syscall(SYS_close_range, from, to, 0) == 0)
		return;
	for (; from <= to && from < MOST; from++)
		close((int)from);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void guest_close(unsigned int from, int *keep, size_t count)
{
	size_t i;

	qsort(keep, count, sizeof(*keep), compare);
	for (i = 0; i < count; i++) {
		if (keep[i] < (int)from)
			continue;
		close_between(from, (unsigned int)keep[i] - 1);
		from = (unsigned int)keep[i] + 1;
	}
	close_between(from, ~0U);
}

void guest_shed(int *keep, size_t count)
{
	guest_close(STDERR_FILENO + 1, keep, count);
	dup2(STDERR_FILENO, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

#ifdef CONFIG_EMU
/* Serves what the guest has installed, and lets it go on. */
static int serve(const struct guest *g, const struct owners *owners, int down, struct emu **emu)
{
	const struct emu_options o = {EMU_FULL, g->strict, g->initial, g->no_new_privs};
	cleanup_err struct err err = ERR_NONE;
	enum emulate what;
	int listener;
	int r = guest_hear(down, &what, &listener);

	if (r < 0) /* it has said why */
		return GUEST_FAILED;
	if (listener >= 0) {
		ns_tell(g->log, "from here on the guest's calls are answered",
			"ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV)");
		r = emu_start(&o, owners, listener, emu, &err);
	}
	if (r < 0)
		return failed(g, &err);
	return io_write(down, "", 1) < 0 ? GUEST_FAILED : 0;
}

static void tell_counts(const struct guest *g, const struct emu *emu)
{
	cleanup_buf struct buf counts = BUF_NONE;

	if (emu && g->ops->counts && emu_counts(emu, &counts) == 0 && counts.len)
		g->ops->counts(g->arg, counts.data);
}
#endif

static void tell_survivors(const struct guest *g)
{
	cleanup_buf struct buf left = BUF_NONE;

	if (g->ops->left && guard_children(&left) == 0 && left.len)
		g->ops->left(g->arg, left.data);
}

/* Waits for the guest while others answer its system calls. */
static int look_after(const struct guest *g, pid_t guest, const struct owners *owners, int down)
{
	int status = 0;
#ifdef CONFIG_EMU
	struct emu *emu = NULL;

	if (down >= 0)
		status = serve(g, owners, down, &emu);
	base_close(&down);
#else
	(void)owners;
	(void)down;
#endif
	if (status)
		kill(guest, SIGTERM);
	status = guard_exit_status(
		guard_inner(guest, g->detached || g->foreground, g->foreground, g->on_death));
#ifdef CONFIG_EMU
	tell_counts(g, emu);
#endif
	if (g->alone)
		tell_survivors(g);
	return status;
}

static int prepare(const struct guest *g, struct owners *owners, int ends[2])
{
	cleanup_err struct err err = ERR_NONE;
	int r;

	if (g->emulate == EMULATE_OFF)
		return 0;
	r = owners_init(owners, false, (struct owner){0, 0});
	if (r == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	err_set(&err, r, "cannot prepare to answer system calls", NULL);
	return failed(g, &err);
}

/* Nothing of the outside stays open, and nobody may look into this process. */
static void withdraw(const struct root *root, int down)
{
	size_t n = root->points.count;
	int *keep = malloc((n + 1) * sizeof(*keep));

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!keep)
		return;
	if (n)
		memcpy(keep, root->points.held, n * sizeof(*keep));
	keep[n] = down;
	guest_shed(keep, n + 1);
	free(keep);
}

int guest_run(const struct guest *g, const struct root *root)
{
	cleanup_err struct err err = ERR_NONE;
	int ends[2] = {-1, -1};
	struct owners owners;
	pid_t guest;

	if (prepare(g, &owners, ends))
		return GUEST_FAILED;
	ns_tell(g->log, "the child becomes the command; this process reaps what it leaves",
		"fork()");
	guest = _Fork();
	if (guest == 0) {
		base_close(&ends[0]);
		_exit(guest_main(g, ends[1]));
	}
	if (guest < 0) {
		err_set(&err, -errno, "cannot start a process", NULL);
		return failed(g, &err);
	}
	withdraw(root, ends[0]);
	if (g->ops->withdrawn)
		g->ops->withdrawn(g->arg);
	return look_after(g, guest, &owners, ends[0]);
}
