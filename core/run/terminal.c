// SPDX-License-Identifier: Apache-2.0
#include "core/run/container.h"

#include "core/base/io.h"
#include "core/ns/guard.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>

/* The caller's terminal as it was; it passes on each key while the container has it. */
struct keyboard {
	bool is_tty;
	struct termios old;
};

static void keyboard_start(struct keyboard *k)
{
	struct termios raw;

	k->is_tty = tcgetattr(STDIN_FILENO, &k->old) == 0;
	if (!k->is_tty)
		return;
	raw = k->old;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void keyboard_end(const struct keyboard *k)
{
	if (k->is_tty)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &k->old);
}

static void copy_size(int pty)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(pty, TIOCSWINSZ, &size);
}

/* False: there is no more to come. */
static bool pass(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes));

	return (n > 0 && io_write(to, bytes, (size_t)n) == 0) || (n < 0 && errno == EINTR);
}

/* A signal that came; true: the container has ended. */
static bool take_signal(const struct running *r, int signals, int *status)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD)
		return waitpid(r->pid, status, WNOHANG) == r->pid;
	if (info.ssi_signo == SIGWINCH)
		copy_size(r->pty);
	else
		sigqueue(r->pid, (int)info.ssi_signo, (union sigval){.sival_int = 0});
	return false;
}

static int relay(const struct running *r, int signals)
{
	struct pollfd p[] = {{signals, POLLIN, 0}, {r->pty, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
	static const char end = 4; /* Ctrl-D: what a terminal makes of the end of a file */
	int status = 0;

	for (;;) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[1].revents && !pass(r->pty, STDOUT_FILENO))
			p[1].fd = -1;
		if (p[2].revents && !pass(STDIN_FILENO, r->pty)) {
			io_write(r->pty, &end, 1);
			p[2].fd = -1;
		}
		if (p[0].revents && take_signal(r, signals, &status))
			break;
	}
	while (p[1].fd >= 0 && poll(&p[1], 1, 0) > 0 && pass(r->pty, STDOUT_FILENO))
		;
	return status;
}

static int wait_with_terminal(const struct running *r)
{
	struct keyboard keyboard;
	sigset_t set;
	int status;
	cleanup_fd int signals = -1;

	sigprocmask(SIG_BLOCK, NULL, &set);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	copy_size(r->pty);
	keyboard_start(&keyboard);
	status = relay(r, signals);
	keyboard_end(&keyboard);
	return status;
}

int container_wait(struct running *r)
{
	int status = r->pty >= 0 ? wait_with_terminal(r) : guard_outer(r->pid, true);

	base_close(&r->pty);
	base_close(&r->life);
	sigprocmask(SIG_SETMASK, &r->mask, NULL);
	return guard_exit_status(status);
}
