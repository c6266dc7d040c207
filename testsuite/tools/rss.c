// SPDX-License-Identifier: Apache-2.0
/*
 * rss KIB COMMAND...: runs a command; exit 99 with a message where it (or a child that it
 * waited for) took more memory than that, else its own status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("rss");
		return 125;
	}
	if (usage.ru_maxrss > atol(argv[1])) {
		fprintf(stderr, "rss: %ld KiB, more than %s\n", usage.ru_maxrss, argv[1]);
		return 99;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
