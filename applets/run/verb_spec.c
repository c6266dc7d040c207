// SPDX-License-Identifier: Apache-2.0
/* verb spec
Writes a
.Pa config.json
to begin with into a bundle whose tree is
.Pa rootfs :
a shell at the terminal.
For a caller other than root it is that of
.Fl -rootless .
*/
#include "applets/run/run.h"

#include "core/base/io.h"
#include "core/image/spec.h"
#include <stdio.h>

static json_t *own_id(uint32_t id)
{
	return json_pack(
		"[{s:i, s:I, s:i}]", "containerID", 0, "hostID", (json_int_t)id, "size", 1);
}

/* What an image would be run with that says nothing. */
static int make(bool rootless, json_t **out, struct err *err)
{
	cleanup_json json_t *uids = rootless ? own_id(geteuid()) : NULL;
	cleanup_json json_t *gids = rootless ? own_id(getegid()) : NULL;
	cleanup_json json_t *config = json_pack("{s:s}", "os", "linux");
	const struct spec_options o = {
		.root = "rootfs", .rootless = rootless, .uid_maps = uids, .gid_maps = gids};
	struct image nothing = IMAGE_NONE;
	int r;

	nothing.config = config;
	r = spec_make(&nothing, &o, out, err);
	if (r == 0 && json_object_set_new(*out, "hostname", json_string("rlc-run")) < 0)
		r = err_set(err, -ENOMEM, NULL, NULL);
	if (r == 0)
		json_object_del(*out, "annotations");
	return r;
}

static int add(const char *text, size_t n, void *out)
{
	return buf_add(out, text, n);
}

static int write_spec(const struct call *c, struct err *err)
{
	const char *dir = c->bundle ? c->bundle : ".";
	cleanup_fd int bundle = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), file = -1;
	cleanup_json json_t *spec = NULL;
	cleanup_buf struct buf text = BUF_NONE;
	int r;

	if (bundle < 0)
		return err_set(err, -errno, "cannot open the bundle", dir);
	r = make(c->rootless || geteuid() != 0, &spec, err);
	if (r < 0)
		return r;
	if (json_dump_callback(spec, add, &text, JSON_INDENT(2)) < 0 || buf_adds(&text, "\n") < 0)
		return err_set(err, -ENOMEM, NULL, NULL);
	file = openat(bundle, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	r = file < 0 ? -errno : io_write(file, text.data, text.len);
	return r < 0 ? err_set_at(err, r, "cannot write", dir, "config.json") : 0;
}

static int spec_main(const struct applet *self, int argc, char **argv)
{
	cleanup_err struct err err = ERR_NONE;
	struct call c;
	int status = call_read(&c, self, argc, argv, 0, 0);

	if (status < 0)
		status = write_spec(&c, &err) < 0 ? call_fail(&c, &err) : EXIT_DONE;
	call_free(&c);
	return status;
}

static const struct option_row spec_options[] = {
	RUN_ROW_BUNDLE,
	{RUN_ROOTLESS, 0, "rootless", NULL, "for an ordinary user, also where root makes it"},
	RUN_ROWS_COMMON,
	{0},
};

const struct applet run_spec = {
	.name = "run spec",
	.summary = "Write a config.json to begin with.",
	.usage = "[OPTION]...",
	.options = spec_options,
	.main = spec_main,
};
