// SPDX-License-Identifier: Apache-2.0
/*
 * Manifests: what is read is sound whatever the bytes are, and a tree can be compared with it;
 * names and values that were read are written and read back alike.
 */
#include "core/base/io.h"
#include "core/image/mtree.h"
#include "core/image/vis.h"
#include "testsuite/fuzz/fuzz.h"
#include <sys/mman.h>

static void check_name(const char *name)
{
	cleanup_buf struct buf coded = BUF_NONE, back = BUF_NONE;

	MUST(*name && !strchr(name, '/') && strlen(name) <= NAME_MAX && strcmp(name, "..") != 0);
	MUST(vis_add(&coded, name, strlen(name), true) == 0);
	MUST(vis_read(&back, coded.data, coded.len) == 0 && strcmp(back.data, name) == 0);
}

static void check_entry(const struct mtree_entry *e)
{
	check_name(e->name);
	MUST(e->has & MTREE_TYPE && e->size >= 0 && e->mode <= 07777);
	MUST(!(e->has & MTREE_SUM) || strlen(e->sum) == 64);
	MUST(!(e->has & MTREE_LINK) == !e->link);
	for (size_t i = 0; i < e->attr_count; i++) {
		cleanup_buf struct buf coded = BUF_NONE, back = BUF_NONE;
		const struct entry_attr *a = &e->attrs[i];

		MUST(i == 0 || strcmp(a[-1].name, a->name) < 0);
		MUST(base64_add(&coded, a->value, a->len) == 0);
		MUST(base64_read(&back, coded.data, coded.len) == 0 && back.len == a->len);
	}
}

static void read_all(int fd)
{
	cleanup_err struct err err = ERR_NONE;
	const struct mtree_entry *e;
	struct mtree_in *in;
	int r, depth = 0;

	MUST(mtree_in_open(fd, &in) == 0);
	while ((r = mtree_in_next(in, &e, &err)) > 0) {
		if (r == MTREE_ENTRY) {
			MUST((depth == 0) == (strcmp(e->name, ".") == 0));
			check_entry(e);
			depth += S_ISDIR(e->type);
		} else {
			MUST(r == MTREE_UP && --depth >= 0);
		}
	}
	MUST(r < 0 || depth == 0);
	mtree_in_free(in);
}

/* An empty directory is compared with it. */
static void compare(int fd)
{
	cleanup_tree struct tree tree = TREE_NONE;
	cleanup_changes struct changes c = CHANGES_NONE;
	cleanup_err struct err err = ERR_NONE;
	char dir[] = "/tmp/fuzz-mtree-XXXXXX";
	struct mtree_view view = {&tree, {0, 0}, {0, 0}};

	MUST(mkdtemp(dir));
	tree.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(tree.fd >= 0 && rmdir(dir) == 0);
	mtree_compare(&view, fd, -1, &c, &err);
	for (size_t i = 1; i < c.count; i++)
		MUST(strcmp(c.at[i - 1].path, c.at[i].path) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int fd = memfd_create("mtree", MFD_CLOEXEC);

	MUST(fd >= 0 && io_write(fd, data, size) == 0);
	lseek(fd, 0, SEEK_SET);
	read_all(fd);
	lseek(fd, 0, SEEK_SET);
	compare(fd);
	return 0;
}
