// SPDX-License-Identifier: Apache-2.0
/* generate_labels: files that a script writes become labels. */
#include "applets/build/stage.h"
#include "core/base/io.h"

#include <stdio.h>

#define SCRIPT ".stacker-labels.sh"
#define LABELS "labels"

enum { LABELS_SIZE_MAX = 1 << 20 }; /* of all, names and values */

static int add_label(json_t *labels, int dir, const char *name, size_t *left, struct err *err)
{
	cleanup_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_buf struct buf text = BUF_NONE;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot be a label", name);
	if (!S_ISREG(st.st_mode))
		return err_tell(err, -EINVAL, "is no file, and cannot be a label", name);
	r = *left < strlen(name) ? -EFBIG : io_read_all(fd, &text, *left - strlen(name));
	if (r < 0)
		return err_set(err, r, "cannot be a label", name);
	*left -= strlen(name) + text.len;
	if (text.len && memchr(text.data, '\0', text.len))
		return err_tell(err, -EILSEQ, "has a NUL, and cannot be a label", name);
	if (json_object_set_new(labels, name, json_stringn(text.data ? text.data : "", text.len)))
		return err_tell(err, -EILSEQ, "is not UTF-8, and cannot be a label", name);
	return 0;
}

static int read_labels(struct stage *s, struct err *err)
{
	cleanup_fd int dir =
		openat(s->upper.lock, LABELS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_listing struct listing l = LISTING_NONE;
	int r = dir < 0 ? -errno : listing_read(dir, true, &l);
	size_t left = LABELS_SIZE_MAX;

	s->m->labels = json_object();
	if (r == 0 && !s->m->labels)
		r = -ENOMEM;
	for (size_t n = 0; r == 0 && n < l.count; n++)
		r = add_label(s->m->labels, dir, listing_name(&l, n), &left, err);
	return r;
}

/* One directory under both of its names. */
static int bind_labels(struct stage *s, struct err *err)
{
	char src[96];
	int r = mkdirat(s->upper.lock, LABELS, 0755) < 0 ? -errno : 0;

	snprintf(src, sizeof(src), "%s/" LABELS, s->upper.name);
	if (r == 0)
		r = stage_bind(s, src, "/stacker/oci-labels", false, err);
	return r == 0 ? stage_bind(s, src, "/oci-labels", false, err) : r;
}

int labels_make(struct making *m, struct err *err)
{
	const char *const command[] = {"/stacker/imports/" SCRIPT, NULL};
	cleanup_stage struct stage s = STAGE_NONE;
	int r = stage_begin(&s, m, &m->image, err);

	if (r == 0)
		r = steps_script(m, SCRIPT, &m->r->generate_labels, err);
	if (r == 0)
		r = steps_furnish(&s, err);
	if (r == 0)
		r = bind_labels(&s, err);
	if (r < 0)
		return err_set(err, r, "cannot generate labels", m->r->name);
	making_say(m, "generating labels");
	r = stage_run(&s, command, m->out, err);
	if (r > 0) {
		report(&m->self, "generate_labels: exit status %d", r);
		return build_told(err);
	}
	if (r == 0)
		r = read_labels(&s, err);
	if (r == 0 && m->faulty)
		return err_tell(err, -EIO, "not all of it could be done", NULL);
	return r;
}
