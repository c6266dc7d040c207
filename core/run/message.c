// SPDX-License-Identifier: Apache-2.0
#include "core/run/container.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

struct body {
	char what;
	int number;
};

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

int message_send(int to, char what, int number, int fd)
{
	struct body body = {what, number};
	union control control = {.room = {0}};
	struct iovec iov = {&body, sizeof(body)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void take_control(struct msghdr *msg, struct message *m)
{
	struct cmsghdr *c;
	struct ucred who;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			memcpy(&m->fd, CMSG_DATA(c), sizeof(int));
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&who, CMSG_DATA(c), sizeof(who));
			m->sender = who.pid;
		}
}

int message_receive(int from, struct message *m)
{
	struct body body = {0, 0};
	union control control = {.room = {0}};
	struct iovec iov = {&body, sizeof(body)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room)};
	ssize_t n;

	*m = (struct message){.fd = -1};
	while ((n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return -errno;
	take_control(&msg, m);
	m->what = body.what;
	m->number = body.number;
	return n == sizeof(body) ? 0 : -EPIPE;
}

/* Those that end this process, were they not blocked, and that nobody has told it to ignore. */
static void that_end(sigset_t *set)
{
	static const unsigned char all[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction a;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(all); i++)
		if (sigaction(all[i], NULL, &a) == 0 && a.sa_handler != SIG_IGN)
			sigaddset(set, all[i]);
}

int message_await(int from, int timeout)
{
	sigset_t set;
	cleanup_fd int signals = -1;
	struct pollfd p[] = {{.fd = from, .events = POLLIN}, {.events = POLLIN}};
	int r;

	that_end(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	p[1].fd = signals;
	while ((r = poll(p, ARRAY_SIZE(p), timeout)) < 0 && errno == EINTR)
		;
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	return p[0].revents ? 0 : -EINTR;
}
