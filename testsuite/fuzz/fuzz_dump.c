// SPDX-License-Identifier: Apache-2.0
/* Dumps, line by line: what is read is written as one line and read back alike. */
#include "core/owner/dump.h"
#include "testsuite/fuzz/fuzz.h"

static void check_line(const struct dump_line *line)
{
	cleanup_buf struct buf b = BUF_NONE, again = BUF_NONE;
	struct dump_line back;

	MUST(line->path[0] && line->type && strchr("fdlpscb", line->type));
	MUST(dump_format(line, &b) == 0);
	MUST(memchr(b.data, '\n', b.len) == b.data + b.len - 1 && !memchr(b.data, '\0', b.len));
	MUST(dump_parse(b.data, b.len - 1, &back) == 1);
	MUST(owner_same(line->owner, back.owner) && line->recorded == back.recorded);
	MUST(line->type == back.type && line->major == back.major && line->minor == back.minor);
	MUST(strcmp(line->path, back.path) == 0);
	MUST(dump_format(&back, &again) == 0 && same_bytes(&b, &again));
	free(back.path);
}

static void one_line(const char *text, size_t len)
{
	struct dump_line line;
	int ret = dump_parse(text, len, &line);

	MUST(ret == 1 || ret == 0 || ret == -EBADMSG);
	MUST((ret == 1) == (line.path != NULL));
	if (ret == 1)
		check_line(&line);
	free(line.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		one_line(at, len);
		at += len + (newline ? 1 : 0);
	}
	return 0;
}
