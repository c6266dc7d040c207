// SPDX-License-Identifier: Apache-2.0
#include "applets/stat/stat.h"

#include "applets/lib/show.h"
#include "applets/lib/text.h"
#include <stdio.h>
#include <sys/sysmacros.h>

enum { WIDTH_MAX = 100000 };

/* A directive: "%-010.3X" */
struct directive {
	bool left, zero, alternate, plus, space;
	int width, precision; /* 0 and -1 where none is given; -2: a dot without digits */
	char part;            /* 'H' or 'L', or 0 */
	char letter;          /* 0 at the end of the format */
};

static const char *take_number(const char *s, int *n)
{
	for (*n = 0; *s >= '0' && *s <= '9'; s++)
		*n = MIN(*n * 10 + (*s - '0'), WIDTH_MAX);
	return s;
}

static const char *take_flags(const char *s, struct directive *d)
{
	for (;; s++)
		switch (*s) {
		case '-':
			d->left = true;
			break;
		case '0':
			d->zero = true;
			break;
		case '#':
			d->alternate = true;
			break;
		case '+':
			d->plus = true;
			break;
		case ' ':
			d->space = true;
			break;
		case '\'':
			break;
		default:
			return s;
		}
}

/* s is behind the '%'; what follows the directive. */
static const char *parse(const char *s, struct directive *d)
{
	*d = (struct directive){.precision = -1};
	s = take_flags(s, d);
	s = take_number(s, &d->width);
	if (*s == '.') {
		bool digits = s[1] >= '0' && s[1] <= '9';

		s = take_number(s + 1, &d->precision);
		if (!digits)
			d->precision = -2;
	}
	if ((*s == 'H' || *s == 'L') && (s[1] == 'd' || s[1] == 'r'))
		d->part = *s++;
	d->letter = *s;
	return *s ? s + 1 : s;
}

static int add_many(struct buf *out, char c, size_t n)
{
	if (buf_reserve(out, n) < 0)
		return -ENOMEM;
	memset(out->data + out->len, c, n);
	out->len += n;
	out->data[out->len] = '\0';
	return 0;
}

/* text (of a number, where zeros may fill the width after its sign or prefix) in its width. */
static int add_padded(struct buf *out, const struct directive *d, const char *text, bool number)
{
	size_t len = strlen(text), gap = (size_t)d->width > len ? (size_t)d->width - len : 0;
	size_t head = 0;
	int r = 0;

	if (d->left)
		return buf_adds(out, text) < 0 ? -ENOMEM : add_many(out, ' ', gap);
	if (number && d->zero) {
		head = strncmp(text, "0x", 2) == 0 ? 2 : strspn(text, "+- ");
		r = buf_add(out, text, head);
	}
	if (r == 0)
		r = add_many(out, number && d->zero ? '0' : ' ', gap);
	return r < 0 ? r : buf_adds(out, text + head);
}

static int add_string(struct buf *out, const struct directive *d, const char *s)
{
	cleanup_free char *cut = NULL;

	if (d->precision == -1)
		return add_padded(out, d, s, false);
	cut = strndup(s, d->precision < 0 ? 0 : (size_t)d->precision);
	return cut ? add_padded(out, d, cut, false) : -ENOMEM;
}

/* A number's digits: at least as many as the precision says, behind a sign or prefix. */
static int add_digits(
	struct buf *out, const struct directive *d, const char *prefix, const char *digits)
{
	cleanup_buf struct buf text = BUF_NONE;
	struct directive padded = *d;
	size_t least = d->precision < 0 ? 0 : (size_t)d->precision, have = strlen(digits);

	padded.zero &= d->precision == -1;
	if (d->precision != -1 && least == 0 && strcmp(digits, "0") == 0)
		digits = "";
	if (buf_adds(&text, prefix) < 0 ||
		add_many(&text, '0', least > have ? least - have : 0) < 0 ||
		buf_adds(&text, digits) < 0)
		return -ENOMEM;
	return add_padded(out, &padded, text.data, true);
}

/* conversion: 'u', 'o' or 'x' */
static int add_unsigned(
	struct buf *out, const struct directive *d, char conversion, unsigned long long n)
{
	const char *format = conversion == 'o' ? "%llo" : conversion == 'x' ? "%llx" : "%llu";
	char digits[32] = "0";
	bool prefixed = d->alternate && n;

	/* an octal prefix is a digit like others */
	snprintf(digits + (prefixed && conversion == 'o'), sizeof(digits) - 1, format, n);
	return add_digits(out, d, prefixed && conversion == 'x' ? "0x" : "", digits);
}

static const char *sign_of(const struct directive *d, bool minus)
{
	return minus ? "-" : d->plus ? "+" : d->space ? " " : "";
}

static int add_signed(struct buf *out, const struct directive *d, long long n)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%llu",
		n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n);
	return add_digits(out, d, sign_of(d, n < 0), digits);
}

/* Seconds since 1970, with as many decimals as the precision says, cut as stat(1) cuts them. */
static int add_seconds(struct buf *out, const struct directive *d, struct timespec t)
{
	cleanup_buf struct buf text = BUF_NONE;
	int decimals = d->precision == -2 ? 9 : MAX(d->precision, 0), shown = MIN(decimals, 9);
	struct directive whole = *d;
	long long sec = t.tv_sec;
	long unit = 1, fraction;
	bool minus;

	whole.precision = -1;
	if (decimals == 0)
		return add_signed(out, &whole, sec);
	for (int i = shown; i < 9; i++)
		unit *= 10;
	fraction = t.tv_nsec / unit;
	minus = sec < 0;
	if (minus && t.tv_nsec) {
		/* -2 seconds and 0.5 is -1.5 */
		fraction = 1000000000 / unit - fraction - (t.tv_nsec % unit != 0);
		sec += fraction != 0;
	}
	if (buf_addf(&text, "%s%llu.%0*ld", sign_of(d, minus),
		    minus ? 0 - (unsigned long long)sec : (unsigned long long)sec, shown,
		    fraction) < 0 ||
		add_many(&text, '0', (size_t)(decimals - shown)) < 0)
		return -ENOMEM;
	return add_padded(out, d, text.data, true);
}

static int add_time(struct buf *out, const struct directive *d, struct timespec t)
{
	char text[SHOW_TIME_MAX];

	show_time(t, text);
	return add_string(out, d, text);
}

static const char *type_words(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return st->st_size ? "regular file" : "regular empty file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symbolic link";
	case S_IFCHR:
		return "character special file";
	case S_IFBLK:
		return "block special file";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "unknown file type";
	}
}

/* The name between quotes, and where a symlink leads. */
static int add_quoted(struct buf *out, const struct directive *d, const struct subject *s)
{
	cleanup_buf struct buf text = BUF_NONE;
	int r = quote_add(&text, s->path);

	if (r == 0 && s->target)
		r = buf_adds(&text, " -> ");
	if (r == 0 && s->target)
		r = quote_add(&text, s->target);
	return r < 0 ? r : add_string(out, d, text.data);
}

static int add_owner(struct buf *out, const struct directive *d, const struct subject *s)
{
	bool user = d->letter == 'u' || d->letter == 'U';
	const char *name = user ? s->user : s->group;

	if (!s->owner_known)
		return add_string(out, d, "?");
	if (d->letter == 'u' || d->letter == 'g')
		return add_unsigned(out, d, 'u', user ? s->st->st_uid : s->st->st_gid);
	return add_string(out, d, name ? name : "UNKNOWN");
}

static int add_device(struct buf *out, const struct directive *d, dev_t dev)
{
	if (d->part)
		return add_unsigned(out, d, 'u', d->part == 'H' ? major(dev) : minor(dev));
	return add_unsigned(out, d, d->letter == 'D' || d->letter == 'R' ? 'x' : 'u', dev);
}

static int add_birth(struct buf *out, const struct directive *d, const struct subject *s)
{
	struct timespec none = {0, 0};
	bool known = s->birth.tv_nsec >= 0;

	if (d->letter == 'W')
		return add_seconds(out, d, known ? s->birth : none);
	return known ? add_time(out, d, s->birth) : add_string(out, d, "-");
}

static int add_mode(struct buf *out, const struct directive *d, mode_t mode)
{
	char text[11];

	if (d->letter == 'a')
		return add_unsigned(out, d, 'o', mode & 07777);
	if (d->letter == 'f')
		return add_unsigned(out, d, 'x', mode);
	show_mode(mode, text);
	return add_string(out, d, text);
}

/* The directives that are a plain number: whether the letter is one of them. */
static bool number_of(const struct stat *st, char letter, unsigned long long *n)
{
	switch (letter) {
	case 'b':
		*n = (unsigned long long)st->st_blocks;
		return true;
	case 'B':
		*n = 512;
		return true;
	case 'h':
		*n = st->st_nlink;
		return true;
	case 'i':
		*n = st->st_ino;
		return true;
	case 'o':
		*n = (unsigned long long)st->st_blksize;
		return true;
	default:
		return false;
	}
}

/* The time that a letter of either case stands for. */
static struct timespec time_of(const struct stat *st, char letter)
{
	switch (letter | 0x20) {
	case 'x':
		return st->st_atim;
	case 'y':
		return st->st_mtim;
	default:
		return st->st_ctim;
	}
}

/* What is left; '?' for letters that are no directives. */
static int add_special(struct buf *out, const struct directive *d, const struct subject *s)
{
	switch (d->letter) {
	case 'n':
		return add_string(out, d, s->path);
	case 'N':
		return add_quoted(out, d, s);
	case 'F':
		return add_string(out, d, type_words(s->st));
	case 't':
		return add_unsigned(out, d, 'x', major(s->st->st_rdev));
	case 'T':
		return add_unsigned(out, d, 'x', minor(s->st->st_rdev));
	case '%':
	case '\0':
		return buf_adds(out, "%");
	default:
		return buf_adds(out, "?");
	}
}

static int add_directive(struct buf *out, const struct directive *d, const struct subject *s)
{
	const struct stat *st = s->st;
	unsigned long long n;

	if (number_of(st, d->letter, &n))
		return add_unsigned(out, d, 'u', n);
	if (d->letter && strchr("aAf", d->letter))
		return add_mode(out, d, st->st_mode);
	if (d->letter && strchr("uUgG", d->letter))
		return add_owner(out, d, s);
	if (d->letter && strchr("dDrR", d->letter))
		return add_device(out, d, (d->letter | 0x20) == 'd' ? st->st_dev : st->st_rdev);
	if (d->letter && strchr("xyz", d->letter))
		return add_time(out, d, time_of(st, d->letter));
	if (d->letter && strchr("XYZ", d->letter))
		return add_seconds(out, d, time_of(st, d->letter));
	if (d->letter == 's')
		return add_signed(out, d, st->st_size);
	if (d->letter == 'w' || d->letter == 'W')
		return add_birth(out, d, s);
	return add_special(out, d, s);
}

/* At most so many digits of that base. */
static const char *take_code(const char *s, int base, int most, struct buf *out, int *r)
{
	char digits[4] = "";
	unsigned char byte;

	for (int i = 0;
		i < most && *s && strchr(base == 8 ? "01234567" : "0123456789abcdefABCDEF", *s);
		i++)
		digits[i] = *s++;
	byte = (unsigned char)strtoul(digits, NULL, base);
	*r = buf_add(out, &byte, 1);
	return s;
}

/* s is behind the backslash. */
static const char *add_backslash(const char *s, struct buf *out, int *r)
{
	static const char letters[] = "\\\"abefnrtv", bytes[] = "\\\"\a\b\033\f\n\r\t\v";
	const char *found = *s ? strchr(letters, *s) : NULL;

	if (*s >= '0' && *s <= '7')
		return take_code(s, 8, 3, out, r);
	if (*s == 'x' && s[1] && strchr("0123456789abcdefABCDEF", s[1]))
		return take_code(s + 1, 16, 2, out, r);
	*r = found ? buf_add(out, &bytes[found - letters], 1) : buf_adds(out, "\\");
	return found ? s + 1 : s;
}

int format_add(struct buf *out, const char *format, bool escapes, const struct subject *s)
{
	const char *special = escapes ? "%\\" : "%";
	int r = 0;

	while (*format && r == 0) {
		size_t plain = strcspn(format, special);
		struct directive d;

		r = buf_add(out, format, plain);
		format += plain;
		if (r < 0 || !*format)
			break;
		if (*format == '\\') {
			format = add_backslash(format + 1, out, &r);
			continue;
		}
		format = parse(format + 1, &d);
		r = add_directive(out, &d, s);
	}
	return r;
}
