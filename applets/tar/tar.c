// SPDX-License-Identifier: Apache-2.0
/* kconfig
config APPLET_TAR
	bool "rlc-tar"
	default y
	select PACK
	help
	  Unpacks and packs archives and container layers with the owners of
	  their files, as an ordinary user.
*/
/* man tar
.Sh DESCRIPTION
.Nm rlc-tar
unpacks, packs, lists and compares tar archives, container layers and initramfs
archives.
An ordinary user cannot give files away, so the owner that a file has in the
archive is kept in a record on the file, and comes back when the tree is packed
again.
.Pp
One of
.Fl c ,
.Fl x ,
.Fl t
and
.Fl d
says what to do.
Compression is recognised when reading (gzip and zstd, also several members or
frames in a row); when writing it is asked for.
.Ss Staying in the tree
Entries are made beneath the directory of
.Fl C
(or the working directory) and nowhere else: a leading
.Sq /
and
.Sq ..
stop at its top, and symbolic links are followed only within it.
A directory that is made for an extraction is open to its owner alone, since
the setuid files in it belong to that owner on the host.
Attributes in which rlc or others keep ownership are never taken from an archive.
.Ss Whiteouts
A layer says that a file of the layer below is gone by an empty file
.Pa .wh.NAME ,
and that a directory starts afresh by
.Pa .wh..wh..opq .
When extracting over a tree these are obeyed
.Pq Fl -whiteouts=apply ;
.Cm overlay
makes what overlayfs understands,
.Cm oci
and
.Cm keep
keep the files.
When creating,
.Cm oci
is the default and turns overlayfs's whiteouts into a layer's.
.Ss Same tree, same bytes
Names are sorted, and nothing of the host gets into an archive.
Times stay as they are;
.Ev SOURCE_DATE_EPOCH
caps them.
.Sh ENVIRONMENT
.Bl -tag -width SOURCE_DATE_EPOCH
.It Ev SOURCE_DATE_EPOCH
Seconds since 1970; entries that are newer get this time.
.El
.Sh EXIT STATUS
0 where all was done, 1 where some entries were refused or failed (each is named),
2 for wrong usage.
With
.Fl d ,
1 also where something differs.
.Sh EXAMPLES
Unpack a layer, look at it, and pack it again:
.Bd -literal -offset indent
rlc-tar -xf layer.tar.gz -C rootfs
rlc-ls -l rootfs/etc/shadow
rlc-tar -czf new.tar.gz -C rootfs .
.Ed
.Pp
Make an initramfs with its true owners and devices:
.Bd -literal -offset indent
rlc-tar -cf initramfs.cpio --format=newc -C rootfs .
.Ed
.Sh SEE ALSO
.Xr rlc 1 ,
.Xr rlc-ls 1 ,
.Xr tar 1
*/
#include "applets/tar/tar.h"

#include <stdio.h>

enum {
	OPT_ZSTD = 256,
	OPT_LEVEL,
	OPT_EXCLUDE,
	OPT_STRIP,
	OPT_NUMERIC,
	OPT_OWNER,
	OPT_GROUP,
	OPT_MTIME,
	OPT_CLAMP,
	OPT_SORT,
	OPT_ONE_FS,
	OPT_NO_RECURSION,
	OPT_NO_PERMISSIONS,
	OPT_KEEP_NEWER,
	OPT_JSON,
	OPT_FORMAT,
	OPT_WHITEOUTS,
	OPT_DIGEST,
	OPT_NULL
};

static const struct option_row rows[] = {
	{0, 0, NULL, NULL, "What to do"},
	{'c', 'c', "create", NULL, "make an archive of the named paths"},
	{'x', 'x', "extract", NULL, "unpack an archive, or the named entries"},
	{'t', 't', "list", NULL, "list an archive"},
	{'d', 'd', "diff", NULL, "say what differs between an archive and the tree"},
	{'x', 0, "get", NULL, NULL},
	{'d', 0, "compare", NULL, NULL},
	{0, 0, NULL, NULL, "Where"},
	{'f', 'f', "file", "FILE", "the archive; standard input or output without it, or for -"},
	{'C', 'C', "directory", "DIR", "the tree; made (0700) by -x where it is missing"},
	{'T', 'T', "files-from", "FILE", "take names from FILE, one a line"},
	{OPT_NULL, 0, "null", NULL, "names in -T files end in NUL, not in a newline"},
	{'X', 'X', "exclude-from", "FILE", "take --exclude patterns from FILE"},
	{OPT_EXCLUDE, 0, "exclude", "PATTERN", "leave out what PATTERN matches"},
	{OPT_STRIP, 0, "strip-components", "N", "drop N leading parts of names when reading"},
	{OPT_ONE_FS, 0, "one-file-system", NULL, "do not go into other file systems"},
	{OPT_NO_RECURSION, 0, "no-recursion", NULL, "do not go into directories"},
	{0, 0, NULL, NULL, "Compression and format"},
	{'z', 'z', "gzip", NULL, "compress with gzip"},
	{OPT_ZSTD, 0, "zstd", NULL, "compress with zstd"},
	{'a', 'a', "auto-compress", NULL, "compress as FILE's name says (.gz .tgz .zst .tzst)"},
	{OPT_LEVEL, 0, "level", "N", "how hard: gzip 1 to 12 (6), zstd 1 to 19 (3)"},
	{OPT_FORMAT, 0, "format", "FORMAT", "pax (default), ustar, gnutar or newc (initramfs)"},
	{OPT_DIGEST, 0, "digest", NULL, "print sha256 of the file and of its content"},
	{0, 0, NULL, NULL, "Owners, modes, times"},
	{OPT_NUMERIC, 0, "numeric-owner", NULL, "numbers, no names of users and groups"},
	{OPT_OWNER, 0, "owner", "USER", "all entries belong to USER (number, name, NAME:NUMBER)"},
	{OPT_GROUP, 0, "group", "GROUP", "all entries belong to GROUP (the same forms)"},
	{OPT_MTIME, 0, "mtime", "TIME",
		"all entries get TIME (@SECONDS, YYYY-MM-DD[ HH:MM:SS] UTC)"},
	{OPT_CLAMP, 0, "clamp-mtime", NULL, "with --mtime: only those that are newer"},
	{OPT_SORT, 0, "sort", "name", "sort names (always done)"},
	{'p', 'p', "same-permissions", NULL, "keep modes as they are (default)"},
	{OPT_NO_PERMISSIONS, 0, "no-same-permissions", NULL, "take the umask from modes"},
	{'p', 0, "preserve-permissions", NULL, NULL},
	{0, 0, NULL, NULL, "What stands already, and whiteouts"},
	{'k', 'k', "keep-old-files", NULL, "replace nothing; what stands is an error"},
	{OPT_KEEP_NEWER, 0, "keep-newer-files", NULL, "replace nothing that is not older"},
	{OPT_WHITEOUTS, 0, "whiteouts", "HOW", "apply, oci, overlay or keep"},
	{0, 0, NULL, NULL, "What is printed"},
	{'v', 'v', "verbose", NULL, "name entries; twice, or with -t: long lines"},
	{OPT_JSON, 0, "json", NULL, "with -t or -v: an entry a line in JSON"},
	{0, 0, NULL, NULL, "How ownership is kept"},
	{OPT_RECORDS, 0, "records", NULL, "as root, read and write records, not real owners"},
	{OPT_BASE_OWNER, 0, "base-owner", "UID:GID", "what your own ids are inside (0:0)"},
	{OPT_SIDECAR, 0, "sidecar", "FILE", "keep in FILE what no attribute can hold"},
	{0, 0, NULL, NULL, NULL},
};

static int bad(const struct tar *t, const char *option, const char *arg)
{
	return usage_error(t->context.self, "--%s: '%s' is not understood", option, arg);
}

static bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return !errno && !*end && *number <= max;
}

/* "0", "+0", "root:0", or a name that is looked up in the tree. */
static int parse_owner(
	struct tar *t, const char *option, const char *text, uint32_t *id, const char **name)
{
	const char *colon = strchr(text, ':'), *digits = colon ? colon + 1 : text + (*text == '+');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	unsigned long number;
	bool is_number = parse_number(digits, UINT32_MAX - 1, &number);

	if (!*text || (!is_number && (colon || (*text >= '0' && *text <= '9') || *text == '+')))
		return bad(t, option, text);
	*id = is_number ? (uint32_t)number : OWNER_KEEP;
	*name = NULL;
	if (n == 0 || (is_number && !colon))
		return EXIT_DONE;
	if (words_add(&t->names, text, n) < 0)
		return EXIT_SOME;
	*name = t->names.at[t->names.count - 1];
	return EXIT_DONE;
}

/* Days since 1970 in the proleptic Gregorian calendar. */
static int64_t days(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool parse_date(const char *text, struct timespec *t)
{
	int year, month, day, hour = 0, minute = 0, second = 0, end = 0;
	int n = sscanf(text, "%d-%2d-%2d%n%*1[T ]%2d:%2d:%2d%n", &year, &month, &day, &end, &hour,
		&minute, &second, &end);

	if (n != 3 && n != 6)
		return false;
	text += end + (n == 6 && text[end] == 'Z');
	if (*text || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
		second > 60 || hour < 0 || minute < 0 || second < 0)
		return false;
	t->tv_sec = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	t->tv_nsec = 0;
	return true;
}

static bool parse_seconds(const char *text, struct timespec *t)
{
	char *end;
	long scale = 100000000;

	errno = 0;
	t->tv_sec = strtoll(text, &end, 10);
	t->tv_nsec = 0;
	if (end == text || errno)
		return false;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
			t->tv_nsec += (*end - '0') * scale;
	if (*text == '-' && t->tv_nsec) {
		t->tv_sec--;
		t->tv_nsec = 1000000000 - t->tv_nsec;
	}
	return !*end;
}

/* A path stands for its own time, as with GNU tar. */
static bool parse_time(const char *text, struct timespec *t)
{
	struct stat st;

	if (*text == '@')
		return parse_seconds(text + 1, t);
	if (*text != '/' && *text != '.')
		return parse_date(text, t);
	if (stat(text, &st) < 0)
		return false;
	*t = st.st_mtim;
	return true;
}

static bool parse_whiteouts(const char *text, enum whiteouts *how)
{
	static const char *const words[] = {"apply", "oci", "overlay", "keep"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*how = (enum whiteouts)i;
			return true;
		}
	return false;
}

static bool parse_format(const char *text, enum archive_format *format)
{
	static const struct {
		const char *word;
		enum archive_format format;
	} words[] = {{"pax", FORMAT_PAX}, {"posix", FORMAT_PAX}, {"ustar", FORMAT_USTAR},
		{"gnutar", FORMAT_GNUTAR}, {"gnu", FORMAT_GNUTAR}, {"newc", FORMAT_NEWC}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			*format = words[i].format;
			return true;
		}
	return false;
}

static int add_member(struct tar *t, const char *path)
{
	if (t->member_count == t->member_room) {
		size_t room = t->member_room ? t->member_room * 2 : 8;
		struct member *members = reallocarray(t->members, room, sizeof(*members));

		if (!members)
			return EXIT_SOME;
		t->members = members;
		t->member_room = room;
	}
	t->members[t->member_count] = (struct member){strdup(path), t->dir, false};
	return t->members[t->member_count++].path ? EXIT_DONE : EXIT_SOME;
}

static int add_members_from(struct tar *t, const char *file)
{
	cleanup_err struct err err = ERR_NONE;
	struct words names = {NULL, 0, 0};
	int status = EXIT_DONE;

	if (words_read(&names, file, t->nul_lists, &err) < 0) {
		report_err(t->context.self, &err);
		status = EXIT_SOME;
	}
	for (size_t i = 0; status == EXIT_DONE && i < names.count; i++)
		status = add_member(t, names.at[i]);
	words_free(&names);
	return status;
}

static int add_excludes_from(struct tar *t, const char *file)
{
	cleanup_err struct err err = ERR_NONE;

	if (words_read(&t->excludes, file, false, &err) == 0)
		return EXIT_DONE;
	report_err(t->context.self, &err);
	return EXIT_SOME;
}

/* A second -C is seen from the first. */
static int change_dir(struct tar *t, const char *dir)
{
	cleanup_buf struct buf path = BUF_NONE;

	if (t->dir && *dir != '/')
		buf_addf(&path, "%s/", t->dir);
	if (buf_adds(&path, dir) < 0 || words_add(&t->dirs, path.data, path.len) < 0)
		return EXIT_SOME;
	t->dir = t->dirs.at[t->dirs.count - 1];
	return EXIT_DONE;
}

static int set_verb(struct tar *t, char verb)
{
	if (t->verb && t->verb != verb)
		return usage_error(
			t->context.self, "-%c and -%c do not go together", t->verb, verb);
	t->verb = verb;
	return EXIT_DONE;
}

static int set_compression(struct tar *t, enum compression how)
{
	if (t->compression != COMPRESS_NONE && t->compression != how)
		return usage_error(t->context.self, "-z and --zstd do not go together");
	t->compression = how;
	return EXIT_DONE;
}

/* Options with an argument that is more than a word. */
static int parsed(struct tar *t, int id, const char *arg)
{
	unsigned long n;

	switch (id) {
	case OPT_LEVEL:
		if (!parse_number(arg, 22, &n) || n == 0)
			return bad(t, "level", arg);
		t->level = (int)n;
		return EXIT_DONE;
	case OPT_STRIP:
		if (!parse_number(arg, PATH_MAX, &n))
			return bad(t, "strip-components", arg);
		t->strip = n;
		return EXIT_DONE;
	case OPT_OWNER:
		return parse_owner(t, "owner", arg, &t->create.owner.uid, &t->create.user);
	case OPT_GROUP:
		return parse_owner(t, "group", arg, &t->create.owner.gid, &t->create.group);
	case OPT_MTIME:
		t->create.set_mtime = true;
		return parse_time(arg, &t->create.mtime) ? EXIT_DONE : bad(t, "mtime", arg);
	case OPT_SORT:
		return strcmp(arg, "name") == 0 ? EXIT_DONE : bad(t, "sort", arg);
	case OPT_FORMAT:
		return parse_format(arg, &t->create.format) ? EXIT_DONE : bad(t, "format", arg);
	default:
		t->create.whiteouts = WHITEOUTS_OCI;
		if (!parse_whiteouts(arg, &t->extract.whiteouts))
			return bad(t, "whiteouts", arg);
		t->create.whiteouts = t->extract.whiteouts;
		return EXIT_DONE;
	}
}

static int flag(struct tar *t, int id)
{
	switch (id) {
	case 'z':
		return set_compression(t, COMPRESS_GZIP);
	case OPT_ZSTD:
		return set_compression(t, COMPRESS_ZSTD);
	case 'a':
		t->auto_compress = true;
		break;
	case OPT_DIGEST:
		t->digest = true;
		break;
	case OPT_NUMERIC:
		t->create.numeric = true;
		break;
	case OPT_CLAMP:
		t->create.clamp_mtime = true;
		break;
	case OPT_ONE_FS:
		t->create.one_file_system = true;
		break;
	case OPT_NO_RECURSION:
		t->create.no_recursion = true;
		break;
	case OPT_NULL:
		t->nul_lists = true;
		break;
	case 'p':
		t->extract.use_umask = false;
		break;
	case OPT_NO_PERMISSIONS:
		t->extract.use_umask = true;
		break;
	case 'k':
		t->extract.keep_old = true;
		break;
	case OPT_KEEP_NEWER:
		t->extract.keep_newer = true;
		break;
	case 'v':
		t->verbose++;
		break;
	case OPT_JSON:
		t->json = true;
		break;
	}
	return EXIT_DONE;
}

static int option(struct tar *t, int id, const char *arg)
{
	switch (id) {
	case 'c':
	case 'x':
	case 't':
	case 'd':
		return set_verb(t, (char)id);
	case 'f':
		t->file = strcmp(arg, "-") == 0 ? NULL : arg;
		return EXIT_DONE;
	case 'C':
		return change_dir(t, arg);
	case 'T':
		return add_members_from(t, arg);
	case 'X':
		return add_excludes_from(t, arg);
	case OPT_EXCLUDE:
		return words_add(&t->excludes, arg, strlen(arg)) < 0 ? EXIT_SOME : EXIT_DONE;
	case OPTION_OPERAND:
		return add_member(t, arg);
	default:
		return arg ? parsed(t, id, arg) : flag(t, id);
	}
}

static int source_date_epoch(struct tar *t)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	if (!epoch || !*epoch || t->create.set_mtime)
		return EXIT_DONE;
	t->create.set_mtime = t->create.clamp_mtime = true;
	if (parse_seconds(epoch, &t->create.mtime))
		return EXIT_DONE;
	return usage_error(t->context.self, "SOURCE_DATE_EPOCH: '%s' is not understood", epoch);
}

int tar_options(struct tar *t, int argc, char **argv, bool *go)
{
	struct options o;
	int id, status;

	*go = false;
	options_start(&o, t->context.self, argc, argv);
	o.in_order = true;
	options_old_style(&o);
	while ((id = options_next(&o)) != OPTION_END) {
		if (id == OPTION_BAD)
			return EXIT_USAGE;
		if (id == OPTION_DONE)
			return EXIT_DONE;
		status = context_option(&t->context, id, o.arg);
		if (status == OPTION_BAD)
			return EXIT_USAGE;
		if (status == 0 && (status = option(t, id, o.arg)) != EXIT_DONE)
			return status;
		if (status == 1)
			continue;
	}
	for (int i = 0; i < o.operand_count; i++)
		if (add_member(t, o.operands[i]) != EXIT_DONE)
			return EXIT_SOME;
	if (!t->verb)
		return usage_error(t->context.self, "one of -c, -x, -t, -d must say what to do");
	*go = true;
	return source_date_epoch(t);
}

void tar_fault(void *tar, struct err *err)
{
	struct tar *t = tar;

	t->status = EXIT_SOME;
	report_err(t->context.self, err);
}

static void tar_free(struct tar *t)
{
	for (size_t i = 0; i < t->member_count; i++)
		free(t->members[i].path);
	free(t->members);
	words_free(&t->dirs);
	words_free(&t->excludes);
	words_free(&t->names);
	context_end(&t->context);
}

static int run(struct tar *t)
{
	int status = context_begin(&t->context);

	if (status != EXIT_DONE)
		return status;
	status = t->verb == 'c' ? tar_create(t) : tar_read(t);
	return context_finish(&t->context, status);
}

static int tar_main(const struct applet *self, int argc, char **argv)
{
	struct tar t = {.context = CONTEXT_NONE,
		.create = {.owner = {OWNER_KEEP, OWNER_KEEP}, .whiteouts = WHITEOUTS_OCI}};
	bool go;
	int status;

	t.context.self = self;
	status = tar_options(&t, argc, argv, &go);
	if (status == EXIT_DONE && go)
		status = run(&t);
	tar_free(&t);
	return finish_output(self, status);
}

const struct applet applet_tar = {
	.name = "tar",
	.summary = "Unpack and pack archives and layers, and keep the owners.",
	.usage = "-c|-x|-t|-d [OPTION]... [PATH]...",
	.options = rows,
	.main = tar_main,
};
