// SPDX-License-Identifier: Apache-2.0
#include "core/base/base.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Where rlc is to be small, this takes the place of the C library's own vfprintf, which all of its
 * family call: the flags "-0+ ", width, precision, the lengths and "diouxXcsp%" are what rlc uses.
 * Floating point, wide characters, positions and %n are what saves the room. musl only.
 */
#if !defined(CONFIG_FAST) && !defined(__GLIBC__)

struct format {
	bool left, zero;
	char sign;     /* what a number that is not negative starts with, 0 for nothing */
	int width;     /* 0: none */
	int precision; /* -1: none */
	int longs;     /* 2: long long and what is like it, 1: long, 0: int, -1: short, -2: char */
};

static int pad(FILE *f, char c, int n)
{
	for (int i = 0; i < n; i++)
		putc_unlocked(c, f);
	return MAX(n, 0);
}

/* The text, which has prefix bytes that zeros come after. */
static int put_text(FILE *f, const struct format *o, const char *text, int len, int prefix)
{
	int blank = o->width - len, done = 0;

	if (!o->left && !o->zero)
		done += pad(f, ' ', blank);
	fwrite(text, 1, (size_t)prefix, f);
	if (!o->left && o->zero)
		done += pad(f, '0', blank);
	fwrite(text + prefix, 1, (size_t)(len - prefix), f);
	if (o->left)
		done += pad(f, ' ', blank);
	return done + len;
}

static int put_number(FILE *f, struct format *o, unsigned long long value, unsigned int base,
	char sign, const char *digits)
{
	char text[64 + 1], *at = text + sizeof(text);
	int precision = o->precision < 0 ? 1 : MIN(o->precision, 32);

	if (o->precision >= 0)
		o->zero = false;
	for (; value; value /= base)
		*--at = digits[value % base];
	while (text + sizeof(text) - at < precision)
		*--at = '0';
	if (sign)
		*--at = sign;
	return put_text(f, o, at, (int)(text + sizeof(text) - at), sign != 0);
}

static unsigned long long take(va_list *ap, int longs, bool is_signed)
{
	long long value;

	if (longs == 2)
		return va_arg(*ap, unsigned long long);
	if (longs == 1)
		return va_arg(*ap, unsigned long);
	value = is_signed ? (long long)va_arg(*ap, int) : (long long)va_arg(*ap, unsigned int);
	if (longs == -1)
		return is_signed ? (unsigned long long)(short)value : (unsigned short)value;
	if (longs == -2)
		return is_signed ? (unsigned long long)(signed char)value : (unsigned char)value;
	return (unsigned long long)value;
}

static int put_signed(FILE *f, struct format *o, long long value)
{
	unsigned long long size = (unsigned long long)value;

	return put_number(
		f, o, value < 0 ? -size : size, 10, value < 0 ? '-' : o->sign, "0123456789");
}

static int put_string(FILE *f, struct format *o, const char *text)
{
	size_t len;

	if (!text)
		text = "(null)";
	len = o->precision < 0 ? strlen(text) : strnlen(text, (size_t)o->precision);
	o->zero = false;
	return put_text(f, o, text, (int)len, 0);
}

static int convert(FILE *f, struct format *o, char conversion, va_list *ap)
{
	char c = conversion;

	switch (conversion) {
	case 'd':
	case 'i':
		return put_signed(f, o, (long long)take(ap, o->longs, true));
	case 'u':
		return put_number(f, o, take(ap, o->longs, false), 10, 0, "0123456789");
	case 'o':
		return put_number(f, o, take(ap, o->longs, false), 8, 0, "01234567");
	case 'X':
		return put_number(f, o, take(ap, o->longs, false), 16, 0, "0123456789ABCDEF");
	case 'x':
	case 'p':
		return put_number(f, o, take(ap, conversion == 'p' ? 1 : o->longs, false), 16, 0,
			"0123456789abcdef");
	case 's':
		return put_string(f, o, va_arg(*ap, const char *));
	case 'c':
		c = (char)va_arg(*ap, int);
		break;
	}
	o->zero = false;
	return put_text(f, o, &c, 1, 0);
}

static int parse_count(const char **at, va_list *ap)
{
	int n = 0;

	if (**at == '*') {
		++*at;
		return va_arg(*ap, int);
	}
	for (; **at >= '0' && **at <= '9'; ++*at)
		n = n * 10 + **at - '0';
	return n;
}

static void parse_flags(struct format *o, const char **at)
{
	for (;; ++*at)
		if (**at == '-')
			o->left = true;
		else if (**at == '0')
			o->zero = true;
		else if (**at == '+' || **at == ' ')
			o->sign = o->sign == '+' ? '+' : **at;
		else
			return;
}

static void parse_length(struct format *o, const char **at)
{
	for (;; ++*at)
		if (**at == 'l')
			o->longs++;
		else if (**at == 'h')
			o->longs--;
		else if (**at == 'z' || **at == 'j' || **at == 't')
			o->longs = 1;
		else
			return;
}

/* After the percent sign. */
static struct format parse(const char **at, va_list *ap)
{
	struct format o = {.precision = -1};

	parse_flags(&o, at);
	o.width = parse_count(at, ap);
	if (o.width < 0) {
		o.left = true;
		o.width = -o.width;
	}
	if (**at == '.') {
		++*at;
		o.precision = parse_count(at, ap);
	}
	parse_length(&o, at);
	return o;
}

int vfprintf(FILE *restrict f, const char *restrict text, va_list given)
{
	const char *format = text;
	int done = 0;
	va_list ap;

	va_copy(ap, given);
	while (*format) {
		size_t plain = strcspn(format, "%");
		struct format o;

		fwrite(format, 1, plain, f);
		done += (int)plain;
		format += plain;
		if (!*format)
			break;
		format++;
		o = parse(&format, &ap);
		if (!*format)
			break;
		done += convert(f, &o, *format++, &ap);
	}
	va_end(ap);
	return ferror(f) ? -1 : done;
}

#endif
