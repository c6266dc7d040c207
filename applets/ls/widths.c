// SPDX-License-Identifier: Apache-2.0
#include "applets/ls/ls.h"

#include <stdio.h>
#include <sys/sysmacros.h>

static size_t digits(uint64_t n)
{
	size_t count = 1;

	while (n >= 10) {
		n /= 10;
		count++;
	}
	return count;
}

static void widen_to(size_t *width, size_t n)
{
	if (*width < n)
		*width = n;
}

static size_t size_width(const struct ls *ls, int64_t size)
{
	struct human h;

	if (!ls->human)
		return digits((uint64_t)size);
	human_of(&h, (uint64_t)size);
	return strlen(h.text);
}

static size_t blocks_width(const struct ls *ls, const struct item *item)
{
	return ls->human ? size_width(ls, item->blocks * 512)
			 : digits(((uint64_t)item->blocks + 1) / 2);
}

static size_t owner_width(const struct item *item, const char *name, uint32_t id)
{
	if (item->malformed)
		return 1;
	return name ? strlen(name) : digits(id);
}

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static void widen_long(const struct ls *ls, const struct item *item, struct widths *w)
{
	widen_to(&w->nlink, digits(item->nlink));
	widen_to(&w->user, owner_width(item, item->user, item->uid));
	widen_to(&w->group, owner_width(item, item->group, item->gid));
	if (is_device(item->mode)) {
		widen_to(&w->major, digits(major(item->rdev)));
		widen_to(&w->minor, digits(minor(item->rdev)));
	} else {
		widen_to(&w->size, size_width(ls, item->size));
	}
}

/* A "?" in each place. */
static void widen_to_unknown(struct widths *w)
{
	widen_to(&w->inode, 1);
	widen_to(&w->blocks, 1);
	widen_to(&w->nlink, 1);
	widen_to(&w->user, 1);
	widen_to(&w->group, 1);
	widen_to(&w->size, 1);
}

void widths_of(const struct ls *ls, const struct items *l, struct widths *w)
{
	*w = ls->least;
	for (size_t i = 0; i < l->count; i++) {
		const struct item *item = &l->items[i];

		if (item->failed) {
			widen_to_unknown(w);
			continue;
		}
		if (ls->inode)
			widen_to(&w->inode, digits(item->ino));
		if (ls->blocks)
			widen_to(&w->blocks, blocks_width(ls, item));
		if (ls->format == FORMAT_LONG)
			widen_long(ls, item, w);
	}
	if (w->major)
		widen_to(&w->size, w->major + 2 + w->minor);
}

/*
 * The largest unit that leaves at least 1; below 10 with one decimal. Always rounded up, as other
 * programs do.
 */
void human_of(struct human *h, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	unsigned int unit = 0, shift;
	uint64_t whole, part, tenths;

	while (bytes >> (10 * unit) >= 1024)
		unit++;
	shift = 10 * unit;
	part = bytes & ((UINT64_C(1) << shift) - 1);
	whole = (bytes >> shift) + (part != 0);
	/* part has 60 bits at the most, so ten times as much still fits */
	tenths = (bytes >> shift) * 10 + ((part * 10 + (UINT64_C(1) << shift) - 1) >> shift);
	if (whole == 1024) {
		unit++;
		tenths = 10;
	}
	if (unit == 0)
		snprintf(h->text, sizeof(h->text), "%u", (unsigned int)whole);
	else if (tenths < 100)
		snprintf(h->text, sizeof(h->text), "%u.%u%c", (unsigned int)tenths / 10,
			(unsigned int)tenths % 10, units[unit - 1]);
	else
		snprintf(h->text, sizeof(h->text), "%u%c", (unsigned int)whole, units[unit - 1]);
}
