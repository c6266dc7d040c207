// SPDX-License-Identifier: Apache-2.0
/*
 * attack NAME [ARGUMENT]...: a guest of rlc-unshare, root in its own eyes, that tries to get at
 * what emulates it, or to make it do what the guest could not. Works in the current directory. 0
 * where the defence held; else what did not is said.
 */
#include "testsuite/tools/attack/attack.h"

#include <grp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

int broken(bool held, const char *format, ...)
{
	va_list args;

	if (held)
		return 0;
	printf("attack: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return 1;
}

bool looks(const char *name, mode_t mode, unsigned uid, unsigned gid)
{
	struct stat st;

	return lstat(name, &st) == 0 && (st.st_mode & 07777) == mode && st.st_uid == uid &&
	       st.st_gid == gid;
}

int make_file(const char *name, mode_t mode, unsigned uid, unsigned gid)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "text\n", 5) != 5 || fchown(fd, uid, gid) < 0 ||
		fchmod(fd, mode) < 0)
		return broken(false, "cannot make %s: %s", name, strerror(errno));
	return close(fd);
}

int not_kept(const char *name)
{
	int bad = make_file(name, 0600, 0, 0);

	bad |= broken(chown(name, 5, 6) == 0, "chown %s: %s", name, strerror(errno));
	bad |= broken(looks(name, 0600, 5, 6), "%s is not 5:6", name);
	bad |= broken(unlink(name) == 0, "unlink %s: %s", name, strerror(errno));
	return bad;
}

void become(unsigned id)
{
	if (setgroups(0, NULL) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		_exit(broken(false, "cannot become %u: %s", id, strerror(errno)));
}

int status_of(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int check(char **argv)
{
	(void)argv;
	return not_kept("check");
}

static const struct attack attacks_none[] = {{"check", check}, {0}};

int main(int argc, char **argv)
{
	static const struct attack *const tables[] = {attacks_none, attacks_supervisor,
		attacks_view, attacks_numbers, attacks_memory, attacks_races, attacks_users,
		attacks_crowd};
	const struct attack *t;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (t = tables[i]; t->name; t++)
			if (argc < 2)
				puts(t->name);
			else if (strcmp(t->name, argv[1]) == 0)
				return t->run(argv + 1) ? 1 : 0;
	return 2;
}
