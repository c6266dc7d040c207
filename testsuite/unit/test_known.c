// SPDX-License-Identifier: Apache-2.0
#include "core/image/known.h"
#include "testsuite/unit/test.h"

static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static bool finds(const struct known *k, struct stat st)
{
	const char *hex = known_find(k, &st);

	return hex && strcmp(hex, a) == 0;
}

int main(void)
{
	struct stat st = {.st_dev = 1, .st_ino = 7, .st_size = 4, .st_ctim = {5, 6}}, other = st;
	struct known *k = known_new();

	CHECK(!finds(NULL, st) && !finds(k, (struct stat){0}), "nothing yet");
	known_add(k, &st, a);
	CHECK(finds(k, st), "as it was");
	other.st_ctim.tv_nsec++;
	CHECK(!finds(k, other), "changed since");
	other = st;
	other.st_size++;
	CHECK(!finds(k, other), "of another size");
	other = st;
	other.st_dev++;
	CHECK(!finds(k, other), "on another file system");
	other = st;
	other.st_ino += 1 << 16;
	CHECK(!finds(k, other), "another inode of the same slot");
	known_add(k, &other, a);
	CHECK(finds(k, other) && !finds(k, st), "it takes the place");
	known_add(k, &other, NULL);
	CHECK(!finds(k, other), "no longer known");
	known_free(k);
	known_free(NULL);
	return test_done();
}
