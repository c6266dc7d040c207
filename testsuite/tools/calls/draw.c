// SPDX-License-Identifier: Apache-2.0
/* What a call is made of, drawn from the seed. */
#include "testsuite/tools/calls/calls.h"

#include <sys/sysmacros.h>

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned draw(struct actor *a, unsigned bound)
{
	return (unsigned)(next(&a->random) >> 33) % bound;
}

unsigned draw_of(struct actor *a, const unsigned *from, unsigned count)
{
	return from[draw(a, count)];
}

static const char *name_of(struct actor *a, bool last)
{
	static const char *const ends[] = {"a", "a", "a", "b", "b", "c", "d", "e", "l", "m", "s"};
	static const char *const ways[] = {"d", "d", "d", "e", "e", "e", "d", "e", "l", "..", "."};
	unsigned luck = draw(a, 100);

	if (luck < 3)
		return "..";
	if (last || luck < 8)
		return ends[draw(a, sizeof(ends) / sizeof(*ends))];
	return ways[draw(a, sizeof(ways) / sizeof(*ways))];
}

static void long_path(char path[SCRATCH_MAX])
{
	memset(path, 'x', 256);
	path[256] = '\0';
}

void draw_path(struct actor *a, char path[SCRATCH_MAX])
{
	static const unsigned depths[] = {1, 1, 1, 1, 1, 1, 2, 2, 3};
	unsigned luck = draw(a, 400), depth = DRAW(a, depths), slash = draw(a, 16), i;
	size_t len = 0;

	path[0] = '\0';
	if (luck < 100)
		len = (size_t)snprintf(
			path, SCRATCH_MAX, "%s%s", a->prefix, luck < 5 ? "/../" : "/");
	for (i = 1; i <= depth; i++)
		len += (size_t)snprintf(path + len, SCRATCH_MAX - len, "%s%s",
			name_of(a, i == depth), i < depth || slash == 0 ? "/" : "");
	if (luck == 399)
		long_path(path);
	else if (luck >= 397)
		path[0] = '\0';
}

/* The name alone, or what an open descriptor is the directory of */
void draw_place(struct actor *a, struct place *p)
{
	unsigned luck = draw(a, 100), slot = draw(a, SLOTS);

	draw_path(a, p->path);
	if (luck < 60) {
		p->dir = AT_FDCWD;
		say(a, "cwd, ");
	} else if (luck < 98) {
		p->dir = a->slots[slot];
		say(a, "s%u, ", slot);
	} else {
		p->dir = 99;
		say(a, "99, ");
	}
	if (luck >= 85 && luck < 98)
		p->path[0] = '\0';
	say_path(a, p->path);
}

void draw_name(struct actor *a, struct place *p)
{
	p->dir = AT_FDCWD;
	draw_path(a, p->path);
	say_path(a, p->path);
}

unsigned draw_slot(struct actor *a)
{
	unsigned slot = draw(a, SLOTS);

	say(a, "s%u", slot);
	return slot;
}

unsigned draw_mode(struct actor *a, bool directory)
{
	static const unsigned open_dirs[] = {0755, 0777, 01777, 0775, 02775, 02777, 0555, 03777};
	static const unsigned open_files[] = {
		0644, 0666, 0755, 0777, 0444, 04755, 02755, 06755, 04777, 02644};
	static const unsigned closed[] = {
		0, 0700, 0600, 0400, 0111, 0711, 0070, 0007, 0660, 0444, 0222, 01770, 06711, 07777};
	unsigned shut = draw(a, 3), any = DRAW(a, closed);
	unsigned mode = directory ? DRAW(a, open_dirs) : DRAW(a, open_files);

	if (shut == 0 && (!(a->flags & IDS) || a->flags & STRICT))
		mode = any;
	say(a, ", %04o", mode);
	return mode;
}

unsigned draw_id(struct actor *a)
{
	static const unsigned ids[] = {
		0, 0, 1000, 1000, 1001, 33, 33, 65534, UINT_MAX, UINT_MAX, 3000000000};
	unsigned id = DRAW(a, ids);

	say(a, ", %d", (int)id);
	return id;
}

unsigned draw_dev(struct actor *a)
{
	/* None that there is a driver for: what an open of it gives is the machine's affair */
	static const unsigned majors[] = {0, 511, 300}, minors[] = {0, 70000, 7};
	unsigned i = draw(a, 3);

	say(a, ", %u:%u", majors[i], minors[i]);
	return (unsigned)makedev(majors[i], minors[i]);
}

/* Each of the flags is there in a third of the calls. */
unsigned draw_flags(struct actor *a, const unsigned *from, unsigned count)
{
	unsigned flags = 0, i;

	for (i = 0; i < count; i++)
		if (draw(a, 3) == 0)
			flags |= from[i];
	say(a, ", 0x%x", flags);
	return flags;
}
