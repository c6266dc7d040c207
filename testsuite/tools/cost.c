// SPDX-License-Identifier: Apache-2.0
/*
 * cost DIRECTORY: what a system call costs here, the median in nanoseconds, a line for each. Makes
 * two files in the directory; "record" is 5:6 where owners are kept. cost: nothing; a program that
 * starts and ends.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 301, CALLS = 50 };

struct place {
	char plain[PATH_MAX], record[PATH_MAX];
	int dir, fd;
};

static void lstat_plain(const struct place *p)
{
	struct stat st;

	lstat(p->plain, &st);
}

static void lstat_record(const struct place *p)
{
	struct stat st;

	lstat(p->record, &st);
}

static void fstatat_plain(const struct place *p)
{
	struct stat st;

	fstatat(p->dir, "plain", &st, AT_SYMLINK_NOFOLLOW);
}

static void fstatat_record(const struct place *p)
{
	struct stat st;

	fstatat(p->dir, "record", &st, AT_SYMLINK_NOFOLLOW);
}

static void fstat_plain(const struct place *p)
{
	struct stat st;

	fstat(p->fd, &st);
}

static void open_close(const struct place *p)
{
	close(open(p->plain, O_RDONLY));
}

static void get_parent(const struct place *p)
{
	(void)p;
	getppid();
}

static const struct {
	const char *name;
	void (*call)(const struct place *p);
} costs[] = {
	{"lstat", lstat_plain},
	{"lstat-record", lstat_record},
	{"fstatat", fstatat_plain},
	{"fstatat-record", fstatat_record},
	{"fstat", fstat_plain},
	{"open", open_close},
	{"getppid", get_parent},
};

static int compare(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static long long median(void (*call)(const struct place *p), const struct place *p)
{
	long long took[ROUNDS], start;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		start = now();
		for (i = 0; i < CALLS; i++)
			call(p);
		took[round] = (now() - start) / CALLS;
	}
	qsort(took, ROUNDS, sizeof(took[0]), compare);
	return took[ROUNDS / 2];
}

static int prepare(struct place *p, const char *dir)
{
	p->dir = open(dir, O_RDONLY | O_DIRECTORY);
	snprintf(p->plain, sizeof(p->plain), "%s/plain", dir);
	snprintf(p->record, sizeof(p->record), "%s/record", dir);
	p->fd = open(p->plain, O_RDWR | O_CREAT, 0644);
	close(open(p->record, O_RDWR | O_CREAT, 0644));
	if (p->dir < 0 || p->fd < 0)
		return -1;
	return chown(p->record, 5, 6) < 0 ? 0 : 1;
}

static void many(const struct place *p, long long count)
{
	long long i;

	printf("first %lld\n", median(lstat_record, p));
	for (i = 2 * ROUNDS * CALLS; i < count; i++)
		lstat_record(p);
	printf("last %lld\n", median(lstat_record, p));
}

int main(int argc, char **argv)
{
	struct place p;
	size_t i;

	if (argc < 2)
		return 0;
	if (prepare(&p, argv[1]) < 0) {
		perror(argv[1]);
		return 1;
	}
	if (argc > 2)
		many(&p, atoll(argv[2]));
	for (i = 0; argc == 2 && i < sizeof(costs) / sizeof(costs[0]); i++)
		printf("%s %lld\n", costs[i].name, median(costs[i].call, &p));
	unlink(p.plain);
	unlink(p.record);
	return 0;
}
