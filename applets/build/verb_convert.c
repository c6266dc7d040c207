// SPDX-License-Identifier: Apache-2.0
/* verb convert
Each stage becomes an image, all but the last
.Ic build_only ,
and one more comes to be wherever
.Ic COPY
stands behind a
.Ic RUN .
.Ic ARG Ar NAME
becomes the substitution
.Li ARG_ Ns Ar NAME ,
so that
.Li $ Ns Ar NAME
stays a variable of the steps.
The last stage, where it has no name, becomes
.Li ${{IMAGE}} .
A base that is no stage becomes
.Li FROM_ Ns Ar N ,
which
.Fl -substitute
of
.Cm build
makes another, as
.Li FROM_1=oci:DIR:TAG .
Wildcards are what matches when it is converted, or in the stage that
.Fl -from
names; here-documents are steps.
What symlinks lead to outside the directory of
.Ar FILE
is not taken.
Files that
.Ic --mount=type=bind
names are
.Ic binds ;
what a cache would keep is in the image.
What substitutions stand for goes to a file of its own, for
.Fl -substitute-file
of
.Cm build .
What is left out is said, with its line; what cannot be converted is an error, and nothing is
written.
*/
#include "applets/build/build.h"
#include "core/base/io.h"
#include "core/build/convert.h"
#include "core/build/dockerfile.h"

struct convert_options {
	const char *in, *out, *substitutions;
};

static int take(void *arg, int id, const char *value)
{
	struct convert_options *o = arg;

	*(id == 'i' ? &o->in : id == 'o' ? &o->out : &o->substitutions) = value;
	return EXIT_DONE;
}

static int read_file(const char *path, struct buf *text, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int code;

	if (fd < 0)
		return err_set(err, -errno, "cannot open", path);
	code = io_read_all(fd, text, DOCKERFILE_MAX);
	if (code == 0 && text->len && memchr(text->data, '\0', text->len))
		return err_tell(err, -EINVAL, "there is a NUL in it", path);
	return code < 0 ? err_set(err, code, "cannot read", path) : 0;
}

static int write_file(const char *path, const struct buf *text, struct err *err)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int code;

	if (fd < 0)
		return err_set(err, -errno, "cannot write", path);
	code = io_write(fd, text->data, text->len);
	return code < 0 ? err_set(err, code, "cannot write", path) : 0;
}

/* The directory that the Dockerfile is in; -1: there is none to ask. */
static int open_context(const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	return dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* What to type now. */
static void say_next(
	const struct applet *self, const struct convert_options *o, const struct converted *made)
{
	cleanup_buf struct buf text = BUF_NONE;
	size_t i;

	if (strcmp(o->out, "stacker.yaml") != 0)
		buf_addf(&text, " -f %s", o->out);
	if (made->substitutions.len)
		buf_addf(&text, " --substitute-file %s", o->substitutions);
	for (i = 0; i < made->froms.count; i++)
		buf_addf(&text, " --substitute %s=oci:DIR:TAG", made->froms.at[i]);
	report(self, "next: rlc-build build%s", text.data ? text.data : "");
}

static int convert(
	const struct applet *self, const struct convert_options *o, bool quiet, struct err *err)
{
	cleanup_buf struct buf text = BUF_NONE;
	cleanup_converted struct converted made = CONVERTED_NONE;
	cleanup_fd int context = open_context(o->in);
	size_t i;
	int code = read_file(o->in, &text, err);

	if (code == 0)
		code = dockerfile_convert(o->in, text.len ? text.data : "", context, &made, err);
	for (i = 0; code == 0 && i < made.notes.count; i++)
		report(self, "%s", made.notes.at[i]);
	if (code == 0)
		code = write_file(o->out, &made.yaml, err);
	if (code == 0 && made.substitutions.len)
		code = write_file(o->substitutions, &made.substitutions, err);
	if (code == 0 && !quiet)
		say_next(self, o, &made);
	return code;
}

static int convert_main(const struct applet *self, int argc, char **argv)
{
	cleanup_build_options struct build_options b = BUILD_OPTIONS_NONE;
	struct convert_options o = {"Dockerfile", "stacker.yaml", "stacker-subs.yaml"};
	cleanup_err struct err err = ERR_NONE;
	int status;

	if (!build_start(&b, self, argc, argv, take, &o, 0, 0, &status))
		return status;
	return convert(self, &o, b.quiet, &err) < 0 ? build_fail(&b, &err) : EXIT_DONE;
}

static const struct option_row convert_options[] = {
	{'i', 'i', "docker-file", "FILE", "what to convert (Dockerfile)"},
	{'o', 'o', "output-file", "FILE", "where the images go (stacker.yaml)"},
	{'s', 's', "substitute-file", "FILE",
		"where the values of its substitutions go (stacker-subs.yaml)"},
	BUILD_ROWS,
	{0},
};

const struct applet build_convert = {
	.name = "build convert",
	.summary = "Make a file of images of a Dockerfile.",
	.usage = "[OPTION]...",
	.options = convert_options,
	.main = convert_main,
};
