// SPDX-License-Identifier: Apache-2.0
/*
 * swap A B SECONDS COMMAND...: runs a command while A and B change places all the time; after
 * SECONDS the exchanging ends. A and B stand as they stood. The command's status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int exchange(const char *a, const char *b)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	bool exchanged = false;
	int status = 0;
	double end;
	pid_t pid;

	if (argc < 5)
		return 2;
	end = now() + atof(argv[3]);
	pid = fork();
	if (pid == 0) {
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now() < end && exchange(argv[1], argv[2]) == 0)
			exchanged = !exchanged;
		else
			usleep(1000);
	}
	if (exchanged && exchange(argv[1], argv[2]) < 0)
		perror("swap");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
