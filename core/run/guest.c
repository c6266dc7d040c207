// SPDX-License-Identifier: Apache-2.0
#include "core/run/guest.h"

#include "core/ns/guard.h"
#ifdef CONFIG_EMU
#include "core/emu/emu.h"
#endif
#include <sys/prctl.h>
#include <sys/socket.h>

/* Room for one descriptor beside a message. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

/* What was installed goes up as a byte, with the listener where there is one. */
static int send_up(int up, enum emulate what, int listener)
{
	char byte = (char)what;
	union control control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (listener >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &listener, sizeof(int));
	}
	return sendmsg(up, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int guest_hear(int down, enum emulate *what, int *listener)
{
	char byte = 0;
	union control control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room)};
	struct cmsghdr *c;
	ssize_t n;

	*listener = -1;
	while ((n = recvmsg(down, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	*what = (enum emulate)byte;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(listener, CMSG_DATA(c), sizeof(int));
	return 0;
}

#ifdef CONFIG_EMU
static int failed(const struct guest *g, struct err *err)
{
	g->ops->fail(g->arg, err);
	return GUEST_FAILED;
}

/* One kind of emulation: the listener, -1 where it needs none; *r says whether it is there. */
static int try_emulation(const struct guest *g, enum emu_mode mode, int *r, struct err *err)
{
	const struct emu_options o = {.mode = mode, .strict = g->strict};

	ns_tell(g->log,
		mode == EMU_FULL ? "system calls that have to do with owners wait for an answer"
				 : "changes of owner succeed and do nothing",
		"seccomp(SECCOMP_SET_MODE_FILTER, %s, ...)",
		mode == EMU_FULL ? "SECCOMP_FILTER_FLAG_NEW_LISTENER" : "0");
	*r = emu_install(&o, err);
	return *r >= 0 && mode == EMU_FULL ? *r : -1;
}

/* auto goes down the ladder, and says so. */
static int emulate(const struct guest *g, enum emulate *what, int *listener)
{
	cleanup_err struct err err = ERR_NONE;
	int r;

	*listener = -1;
	if (*what != EMULATE_LIE) {
		*listener = try_emulation(g, EMU_FULL, &r, &err);
		if (r < 0 && *what == EMULATE_FULL)
			return failed(g, &err);
		*what = r < 0 ? EMULATE_LIE : EMULATE_FULL;
		if (r >= 0)
			return 0;
		g->ops->worse(g->arg, &err);
		err_free(&err);
	}
	try_emulation(g, EMU_LIE, &r, &err);
	return r < 0 ? failed(g, &err) : 0;
}

/* Waits until the other one serves. */
static int start_emulation(const struct guest *g, int up)
{
	enum emulate what = g->emulate;
	cleanup_fd int listener = -1;
	char byte;
	int status = emulate(g, &what, &listener);

	if (status)
		return status;
	if (send_up(up, what, listener) < 0)
		return GUEST_FAILED;
	base_close(&listener);
	listener = -1;
	return read(up, &byte, 1) == 1 ? 0 : GUEST_FAILED;
}
#else
static int start_emulation(const struct guest *g, int up)
{
	(void)g;
	return up < 0 || send_up(up, EMULATE_OFF, -1) == 0 ? 0 : GUEST_FAILED;
}
#endif

int guest_main(const struct guest *g, int up)
{
	int status = 0;

	if (g->alone)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (g->detached) {
		ns_tell(g->log, "no terminal is its standard input, so it gets none to type into",
			"setsid()");
		setsid();
	}
	if (g->foreground)
		guard_foreground();
	if (g->ops->prepare)
		status = g->ops->prepare(g->arg);
	if (!status && g->emulate != EMULATE_OFF)
		status = start_emulation(g, up);
	if (status)
		return status;
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
	return g->ops->become(g->arg);
}
