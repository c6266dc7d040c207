// SPDX-License-Identifier: Apache-2.0
#include "applets/lib/progress.h"
#include "testsuite/unit/test.h"

static const struct applet tar = {.name = "tar"};

static void shows(uint64_t total, uint64_t done, uint64_t ms, const char *want, const char *what)
{
	struct progress p = {.total = total, .self = &tar, .what = "extracting"};
	char text[160];

	progress_text(&p, done, ms, text, sizeof(text));
	CHECK(strcmp(text, want) == 0, "%s: %s", what, text);
}

int main(void)
{
	const uint64_t mib = 1 << 20;

	shows(0, 5 * mib, 1000, "rlc-tar: extracting: 5 MiB, 5 MiB/s", "nobody knows how much");
	shows(200 * mib, 50 * mib, 1000,
		"rlc-tar: extracting: 25%, 50 of 200 MiB, 50 MiB/s, 0:03 left", "a quarter");
	shows(200 * mib, 0, 900, "rlc-tar: extracting: 0%, 0 of 200 MiB, 0 MiB/s", "nothing yet");
	shows(200 * mib, 50 * mib, 0, "rlc-tar: extracting: 25%, 50 of 200 MiB, 0 MiB/s",
		"no time yet");
	shows(200 * mib, 201 * mib, 3000, "rlc-tar: extracting: 201 MiB, 67 MiB/s",
		"more than was said");
	shows(UINT64_MAX, 1 << 20, 1000,
		"rlc-tar: extracting: 0%, 1 of 17592186044415 MiB, 1 MiB/s", "no end in sight");
	return test_done();
}
