// SPDX-License-Identifier: Apache-2.0
/*
 * An image's config as a runtime's configuration: the bytes are the config, a NUL, etc/passwd, a
 * NUL, and etc/group. What is made is a document that can be written and read again.
 */
#include "core/base/io.h"
#include "core/image/spec.h"
#include "testsuite/fuzz/fuzz.h"

static void put(int dirfd, const char *name, const void *data, size_t n)
{
	cleanup_fd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && io_write(fd, data, n) == 0);
}

/* The next part, up to a NUL or the end. */
static size_t part(const uint8_t **data, size_t *size)
{
	const uint8_t *nul = *size ? memchr(*data, '\0', *size) : NULL;
	size_t n = nul ? (size_t)(nul - *data) : *size;
	size_t taken = nul ? n + 1 : n;

	*data += taken;
	*size -= taken;
	return n;
}

static void make(json_t *config, const struct tree *tree, bool rootless)
{
	const struct spec_options o = {.tree = tree, .root = "rootfs", .rootless = rootless};
	const struct image i = {.config = config};
	cleanup_json json_t *spec = NULL, *again = NULL;
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;

	if (spec_make(&i, &o, &spec, &err) < 0) {
		MUST(err.code < 0);
		return;
	}
	MUST(doc_write(spec, &text) == 0);
	MUST(doc_parse(text.data, text.len, "spec", &again, &err) == 0);
	MUST(json_is_array(json_object_get(json_object_get(spec, "process"), "args")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dir[] = "/tmp/fuzz-spec-XXXXXX";
	const uint8_t *config_text = data, *text;
	size_t n = part(&data, &size), m;
	cleanup_json json_t *config = NULL;
	cleanup_tree struct tree tree = TREE_NONE;
	cleanup_fd int etc = -1;

	if (doc_parse(config_text, n, "config", &config, NULL) < 0)
		return 0;
	MUST(mkdtemp(dir));
	tree.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(tree.fd >= 0 && mkdirat(tree.fd, "etc", 0700) == 0);
	etc = openat(tree.fd, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	text = data;
	m = part(&data, &size);
	put(etc, "passwd", text, m);
	put(etc, "group", data, size);
	make(config, &tree, true);
	make(config, &tree, false);
	make(config, NULL, true);
	MUST(unlinkat(etc, "passwd", 0) == 0 && unlinkat(etc, "group", 0) == 0);
	MUST(unlinkat(tree.fd, "etc", AT_REMOVEDIR) == 0 && rmdir(dir) == 0);
	return 0;
}
