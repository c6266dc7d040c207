// SPDX-License-Identifier: Apache-2.0
#include "core/emu/tags.h"
#include "testsuite/unit/test.h"

#include <pthread.h>

static struct creds user(uint32_t number)
{
	struct creds c;

	creds_root(&c, CREDS_LAST_CAP);
	c.uid = c.euid = c.suid = c.fsuid = number;
	c.groups[0] = number % 7;
	c.group_count = number % 3;
	return c;
}

static void test_values(void)
{
	uint64_t tag = UINT64_MAX, next;
	bool lower = true;

	CHECK(tags_index(UINT64_MAX) == 0, "no limit is index 0");
	for (unsigned int i = 0; i < 1000 && lower; i++) {
		lower = tags_next(tag, i * 65 % TAGS_INDICES, &next) == 0 && next < tag &&
			tags_index(next) == i * 65 % TAGS_INDICES;
		tag = next;
	}
	CHECK(lower, "each tag is lower and has its index");
	CHECK(tags_next(UINT64_MAX, 65535, &next) == 0 && next == ((uint64_t)1 << 62) + 65535,
		"the first is 2^46 and the index");
	CHECK(tags_next(200000, 9, &next) == 0 && next == (2 << 16 | 9), "from a host's limit");
	CHECK(tags_next(65536, 65535, &next) == 0 && next == 65535, "the last era");
	CHECK(tags_next(65535, 0, &next) == -EAGAIN && tags_next(0, 0, &next) == -EAGAIN,
		"none lower");
}

static void test_table(void)
{
	struct creds c = user(0), got;
	struct tags *t;
	int a, b;

	CHECK(tags_new(&c, &t) == 0 && tags_intern(t, &c, NULL, NULL) == 0,
		"the initial ones are 0");
	CHECK(tags_get(t, 0, &got) == 0 && creds_equal(&c, &got), "and can be had");
	c = user(5);
	a = tags_intern(t, &c, NULL, NULL);
	c.groups[c.group_count] = 99; /* beyond the end */
	b = tags_intern(t, &c, NULL, NULL);
	CHECK(a > 0 && a == b, "the same are one, whatever is behind the groups");
	CHECK(tags_get(t, (unsigned int)a, &got) == 0 && creds_equal(&c, &got), "5 comes back");
	c.groups[c.group_count++] = 99;
	b = tags_intern(t, &c, NULL, NULL);
	CHECK(b > 0 && a != b, "one group more is another one");
	CHECK(tags_get(t, 3, &got) == -ENOENT && tags_get(t, 65535, &got) == -ENOENT &&
			tags_get(t, 65536, &got) == -ENOENT,
		"nobody's");
	tags_unpin(t, 0);
	tags_unpin(t, 12345);
	tags_free(t);
	tags_free(NULL);
}

/* Which are in use: those whose uid can be divided by 100. */
struct users {
	int calls, result;
	const int *indices;
};

static int in_use(void *arg, uint8_t used[TAGS_INDICES / 8])
{
	struct users *u = arg;

	u->calls++;
	for (int i = 100; i < TAGS_INDICES; i += 100)
		if (i % 200 == 0 || u->calls == 2) /* half of them are seen the second time */
			TAGS_USE(used, u->indices[i]);
	return u->result;
}

static void test_full(void)
{
	cleanup_free int *indices = calloc(TAGS_INDICES, sizeof(*indices));
	struct users users = {.indices = indices, .result = -EIO};
	struct creds c = user(0), got;
	bool good = true, kept = true;
	struct tags *t;

	tags_new(&c, &t);
	for (int i = 1; i < TAGS_THREADS && good; i++) {
		c = user((uint32_t)i);
		indices[i] = tags_intern(t, &c, NULL, NULL);
		good = indices[i] > 0;
		if (i != 77)
			tags_unpin(t, (unsigned int)indices[i]);
	}
	CHECK(good, "65534 of them");
	c = user(70000);
	CHECK(tags_intern(t, &c, NULL, NULL) == -EAGAIN, "full");
	CHECK(tags_intern(t, &c, in_use, &users) == -EIO, "cannot tell who is there");
	users = (struct users){.indices = indices};
	CHECK(tags_intern(t, &c, in_use, &users) > 0 && users.calls == 2, "room again");
	for (int i = 1; i < TAGS_THREADS && kept; i++) {
		bool there =
			tags_get(t, (unsigned int)indices[i], &got) == 0 && got.uid == (uint32_t)i;

		kept = there == (i % 100 == 0 || i == 77);
	}
	CHECK(kept, "what is used or pinned stays, the rest is gone");
	c = user(300);
	CHECK(tags_intern(t, &c, NULL, NULL) == indices[300], "what stayed is still found");
	for (uint32_t i = 100001; i < 100000 + 64000 && good; i++) {
		c = user(i);
		good = tags_intern(t, &c, NULL, NULL) > 0;
	}
	CHECK(good, "and 63999 others have room");
	tags_free(t);
}

struct racer {
	struct tags *t;
	bool good;
	pthread_t thread;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	struct creds c, got;

	for (uint32_t i = 0; i < 2000; i++) {
		int index;

		c = user(1 + i % 500);
		index = tags_intern(r->t, &c, NULL, NULL);
		if (index <= 0 || tags_get(r->t, (unsigned int)index, &got) < 0 ||
			!creds_equal(&c, &got))
			return NULL;
		tags_unpin(r->t, (unsigned int)index);
	}
	r->good = true;
	return NULL;
}

static void test_threads(void)
{
	struct creds c = user(0), got;
	struct racer racers[4] = {0};
	bool good = true;
	struct tags *t;

	tags_new(&c, &t);
	for (int i = 0; i < 4; i++) {
		racers[i].t = t;
		pthread_create(&racers[i].thread, NULL, race, &racers[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(racers[i].thread, NULL);
		good = good && racers[i].good;
	}
	CHECK(good && tags_get(t, 500, &got) == 0 && tags_get(t, 501, &got) == -ENOENT,
		"four threads find the same 500");
	tags_free(t);
}

int main(void)
{
	test_values();
	test_table();
	test_full();
	test_threads();
	return test_done();
}
