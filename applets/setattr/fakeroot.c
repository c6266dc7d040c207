// SPDX-License-Identifier: Apache-2.0
#include "applets/setattr/stores.h"

#include <stdio.h>

#ifdef CONFIG_FOREIGN

static int by_inode(const void *a, const void *b)
{
	const struct fakeroot_line *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int add_line(struct exchange *x, const struct fakeroot_line *line)
{
	void *grown = x->lines;

	/* Room doubles at each power of two. */
	if ((x->line_count & (x->line_count - 1)) == 0)
		grown = reallocarray(
			x->lines, x->line_count ? x->line_count * 2 : 1, sizeof(*line));
	if (!grown)
		return -ENOMEM;
	x->lines = grown;
	x->lines[x->line_count++] = *line;
	return 0;
}

static int read_lines(struct exchange *x, FILE *in, const char *file)
{
	cleanup_free char *text = NULL;
	size_t room = 0, number = 0;
	int status = EXIT_DONE;
	ssize_t len;

	while ((len = getline(&text, &room, in)) > 0) {
		struct fakeroot_line line;
		int r = foreign_fakeroot_parse(text, (size_t)len - (text[len - 1] == '\n'), &line);

		number++;
		if (r > 0)
			r = add_line(x, &line);
		if (r < 0) {
			report(x->s->c.self, "%s: line %zu: %s", file, number, err_reason(r));
			status = EXIT_SOME;
		}
	}
	if (x->line_count)
		qsort(x->lines, x->line_count, sizeof(*x->lines), by_inode);
	if (!ferror(in))
		return status;
	report(x->s->c.self, "%s: cannot read: %s", file, strerror(errno));
	return EXIT_SOME;
}

int fakeroot_open(struct exchange *x, bool write)
{
	const char *file = x->s->file;
	bool standard = !file || strcmp(file, "-") == 0;
	FILE *f = standard ? (write ? stdout : stdin) : fopen(file, write ? "we" : "re");
	int status;

	if (!f) {
		report(x->s->c.self, "%s: cannot open: %s", file, strerror(errno));
		return EXIT_SOME;
	}
	if (write) {
		x->out = f;
		return EXIT_DONE;
	}
	status = read_lines(x, f, standard ? "standard input" : file);
	if (!standard)
		fclose(f);
	return status;
}

int fakeroot_close(struct exchange *x, int status)
{
	free(x->lines);
	if (!x->out || x->out == stdout)
		return status;
	if ((ferror((FILE *)x->out) | fclose(x->out)) == 0)
		return status;
	report(x->s->c.self, "%s: cannot write: %s", x->s->file, strerror(errno));
	return EXIT_SOME;
}

int fakeroot_read(const struct exchange *x, const struct dir *dir, const char *name,
	const struct stat *real, struct foreign *f)
{
	struct fakeroot_line key = {.dev = real->st_dev, .ino = real->st_ino}, *found = NULL;

	(void)dir;
	(void)name;
	if (x->line_count)
		found = bsearch(&key, x->lines, x->line_count, sizeof(key), by_inode);
	if (found)
		*f = found->what;
	return found != NULL;
}

int fakeroot_write(const struct exchange *x, const struct visit *v, const struct node *node,
	const struct foreign *f)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct fakeroot_line line = {.dev = node->real.st_dev,
		.ino = node->real.st_ino,
		.nlink = node->real.st_nlink,
		.what = *f};
	int r = foreign_fakeroot_format(&line, &text);

	(void)v;
	if (r < 0)
		return r;
	fwrite(text.data, 1, text.len, x->out);
	return 1;
}

#endif
