// SPDX-License-Identifier: Apache-2.0
/* Id maps and mount points of a tree: what their text comes to. */
#include "core/ns/points.h"
#include "core/ns/userns.h"
#include "core/owner/attr.h"
#include "testsuite/unit/test.h"

#include <stdio.h>

static void show(const struct userns_map *map, char text[256])
{
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < map->count; i++)
		used += (size_t)snprintf(text + used, 256 - used, "%s%u %u %u", i ? ", " : "",
			map->lines[i].inside, map->lines[i].outside, map->lines[i].count);
}

static const struct {
	struct userns_line lines[3];
	const char *want, *what;
} maps[] = {
	{{{0, 1000, 1}}, "0 1000 1", "one line"},
	{{{0, 100000, 65536}, {0, 1000, 1}}, "1 100000 65535, 0 1000 1", "a hole at the start"},
	{{{0, 100000, 10}, {4, 1000, 1}}, "0 100000 4, 4 1000 1, 5 100004 5",
		"a hole in the middle"},
	{{{0, 100000, 10}, {9, 1000, 1}}, "0 100000 9, 9 1000 1", "a hole at the end"},
	{{{0, 100000, 10}, {20, 100003, 1}}, "0 100000 3, 3 100004 6, 20 100003 1",
		"a hole outside"},
	{{{5, 500, 2}, {0, 0, 10}}, "0 0 10", "a line that covers another"},
	{{{0, 0, 5}, {5, 5, 5}}, "0 0 5, 5 5 5", "neighbours"},
};

static bool same_lines(char *got, const char *want)
{
	char copy[256], *rest = copy, *line;

	/* in any order */
	snprintf(copy, sizeof(copy), "%s", want);
	if (strlen(copy) != strlen(got))
		return false;
	while ((line = strsep(&rest, ",")))
		if (!strstr(got, line + (*line == ' ')))
			return false;
	return true;
}

static void check_maps(void)
{
	char got[256];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		struct userns_map map = {.count = 0};

		for (k = 0; k < 3 && maps[i].lines[k].count; k++)
			userns_map_add(&map, maps[i].lines[k]);
		show(&map, got);
		CHECK(same_lines(got, maps[i].want), "%s: %s", maps[i].what, got);
	}
}

static void check_limits(void)
{
	struct userns_map map = {.count = 0};
	uint32_t i;

	CHECK(userns_map_add(&map, (struct userns_line){0, 0, 0}) == -EINVAL, "no ids are no line");
	CHECK(userns_map_add(&map, (struct userns_line){UINT32_MAX, 0, 2}) == -EINVAL,
		"ids beyond 32 bits are refused");
	for (i = 0; i < USERNS_LINES; i++)
		userns_map_add(&map, (struct userns_line){i * 2, i * 2, 1});
	CHECK(userns_map_add(&map, (struct userns_line){100, 100, 1}) == -E2BIG,
		"a full map is full");
}

static void write_text(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	fputs(text, f);
	fclose(f);
}

static void check_subordinate(void)
{
	struct userns_line line;

	write_text("subuid", "al:1:1\nalice:100000:65536\nalice:5:5\n77:300:3\nbad:x:1\nnone:4:0\n"
			     "end:7:7");
	CHECK(userns_subordinate("subuid", "alice", 1, &line) == 0 && line.inside == 0 &&
			line.outside == 100000 && line.count == 65536,
		"the first range of a name");
	CHECK(userns_subordinate("subuid", "bob", 77, &line) == 0 && line.outside == 300,
		"a range by number");
	CHECK(userns_subordinate("subuid", NULL, 77, &line) == 0, "without a name");
	CHECK(userns_subordinate("subuid", "end", 1, &line) == 0 && line.count == 7, "no newline");
	CHECK(userns_subordinate("subuid", "ali", 1, &line) == -ENOENT, "half a name is none");
	CHECK(userns_subordinate("subuid", "bad", 1, &line) == -ENOENT, "no number");
	CHECK(userns_subordinate("subuid", "none", 1, &line) == -ENOENT, "no ids");
	CHECK(userns_subordinate("missing", "al", 1, &line) == -ENOENT, "no file");
	unlink("subuid");
}

static void open_point(struct points *p, const char *path, bool is_dir, const char *what)
{
	cleanup_err struct err err = ERR_NONE;
	int fd = points_open(p, path, is_dir, &err);

	CHECK(fd >= 0, "%s", what);
	close(fd);
}

static void check_points(void)
{
	struct points p = POINTS_NONE, second = POINTS_NONE;
	char probe;

	mkdir("points", 0755);
	symlink("../../../far/away", "points/link");
	p.tree.fd = second.tree.fd = open("points", O_RDONLY | O_DIRECTORY);
	p.aside = points_aside();
	p.make = second.make = true;
	open_point(&p, "/a//b/c/", true, "directories are made");
	open_point(&p, "a/f", false, "a file is made");
	open_point(&p, "link", true, "a dangling symlink's target is made");
	CHECK(access("points/far/away", F_OK) == 0, "a symlink leads beneath the top");
	open_point(&second, "a/b", true, "another one uses a part");
	points_free(&p);
	points_remove(&p.tree, p.aside);
	CHECK(access("points/a/b", F_OK) == 0, "what another one uses stays");
	CHECK(access("points/a/b/c", F_OK) < 0 && access("points/far", F_OK) < 0, "the rest goes");
	points_free(&second);
	points_remove(&p.tree, p.aside);
	CHECK(access("points/a", F_OK) < 0, "the last one takes all");
	CHECK(attr_get(p.tree.fd, NULL, POINTS_ATTR, &probe, 0) < 0, "no list is left");
	close(p.tree.fd);
	unlink("points/link");
	CHECK(rmdir("points") == 0, "nothing is left");
}

int main(void)
{
	check_maps();
	check_limits();
	check_subordinate();
	check_points();
	return test_done();
}
