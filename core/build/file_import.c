// SPDX-License-Identifier: Apache-2.0
/* "imports": what a build is given from elsewhere. */
#include "core/build/fields.h"

/* A number as YAML 1.1 and 1.2 write it: octal after "0" or "0o". */
static bool parse_number(const char *text, uint64_t *out)
{
	bool octal = text[0] == '0' && text[1];
	const char *digits = text + octal + (octal && text[1] == 'o');
	char *end;

	if (!*digits || digits[strspn(digits, octal ? "01234567" : "0123456789")])
		return false;
	errno = 0;
	*out = strtoull(digits, &end, octal ? 8 : 10);
	return !errno;
}

static int read_mode(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	uint64_t mode;

	if (v->kind != YAML_TEXT || yaml_is_null(v))
		return wrong_kind(r, key, v, "a number as 0644");
	if (!parse_number(v->text, &mode) || mode > 07777)
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'%s' is '%s'; an octal number from 0 to 07777 is expected", key, v->text);
	/* Most likely meant to be octal, though YAML takes it for a decimal number */
	if (*v->text != '0' && strlen(v->text) >= 3 && !v->text[strspn(v->text, "01234567")])
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'%s' is the decimal number %s, which is 0%o; write 0%s", key, v->text,
			(unsigned)mode, v->text);
	*(int *)out = (int)mode;
	return 0;
}

static int read_id(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	uint64_t id;

	if (v->kind != YAML_TEXT || yaml_is_null(v))
		return wrong_kind(r, key, v, "a number");
	if (!parse_number(v->text, &id) || id >= OWNER_KEEP)
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'%s' is '%s'; a number from 0 to 4294967294 is expected", key, v->text);
	*(uint32_t *)out = (uint32_t)id;
	return 0;
}

static int read_hash(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	char *p;
	int code = read_text(r, key, v, out);

	if (code < 0)
		return code;
	p = *(char **)out;
	if (strlen(p) != 64 || p[strspn(p, "0123456789abcdefABCDEF")])
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"'%s' is no SHA-256; 64 hexadecimal digits are expected, as sha256sum "
			"prints them",
			key);
	for (; *p; p++)
		if (*p >= 'A' && *p <= 'F')
			*p += 'a' - 'A';
	return 0;
}

/* What is written, which may be relative; for the time being. */
static const struct field import_fields[] = {
	{"path", read_text, offsetof(struct import, path), 0, true},
	{"hash", read_hash, offsetof(struct import, hash), 0, false},
	{"dest", read_dest, offsetof(struct import, dest), 0, false},
	{"mode", read_mode, offsetof(struct import, mode), 0, false},
	{"uid", read_id, offsetof(struct import, owner.uid), 0, false},
	{"gid", read_id, offsetof(struct import, owner.gid), 0, false},
	{0},
};

/* stacker://NAME/PATH; a "/" at its end goes, unless it is all of PATH. */
static int finish_url(const struct reader *r, struct import *i)
{
	cleanup_free char *image = url_image(i->path);
	size_t len = strlen(i->path);
	const char *path;

	if (url_is(i->path, "http") || url_is(i->path, "https")) {
		if (!r->require_hash || i->hash)
			return 0;
		return place_err(r->err, -EINVAL, r->path, &i->place,
			"'%s' needs a 'hash', which --require-hash asks for", i->path);
	}
	path = image ? strchr(i->path + strlen("stacker://"), '/') : NULL;
	if (!path || !recipe_name_valid(image))
		return place_err(r->err, -EINVAL, r->path, &i->place,
			"'%s': a path, stacker://NAME/PATH, http:// or https:// is expected",
			i->path);
	i->content = i->path[len - 1] == '/';
	while (i->path + len - 1 > path && i->path[len - 1] == '/')
		i->path[--len] = '\0';
	return 0;
}

static int finish_import(const struct reader *r, struct import *i)
{
	char *absolute;

	if (url_scheme(i->path))
		return finish_url(r, i);
	absolute = path_absolute(r->dir, i->path);
	if (!absolute)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	i->content = i->path[strlen(i->path) - 1] == '/';
	free(i->path);
	i->path = absolute;
	return 0;
}

static int read_import(const struct reader *r, const struct yaml_value *v, struct import *i)
{
	int code;

	i->mode = -1;
	i->owner = (struct owner){OWNER_KEEP, OWNER_KEEP};
	i->place = v->place;
	if (v->kind == YAML_TEXT)
		code = read_text(r, "an import", v, &i->path);
	else if (v->kind == YAML_MAP)
		code = fields_read(r, "an import", import_fields, v, i);
	else
		return wrong_kind(r, "an import", v, "a path, or a map with a 'path'");
	if (code < 0)
		return code;
	if (!i->path)
		return place_err(r->err, -EINVAL, r->path, &v->place, "an import needs a 'path'");
	return finish_import(r, i);
}

int read_imports(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	struct recipe *recipe = out;
	size_t i, count = v->kind == YAML_LIST ? v->count : 1;

	if (v->kind == YAML_MAP)
		return wrong_kind(r, key, v, "a list of paths and of maps with a 'path'");
	if (recipe->imports)
		return place_err(r->err, -EINVAL, r->path, &v->place,
			"there are 'import' and 'imports'; put all under 'imports'");
	recipe->imports = calloc(count + 1, sizeof(*recipe->imports));
	if (!recipe->imports)
		return err_set(r->err, -ENOMEM, NULL, NULL);
	for (i = 0; i < count; i++) {
		int code = read_import(r, v->kind == YAML_LIST ? v->entries[i].value : v,
			&recipe->imports[recipe->import_count++]);

		if (code < 0)
			return code;
	}
	return 0;
}

int read_old_imports(const struct reader *r, const char *key, const struct yaml_value *v, void *out)
{
	((struct recipe *)out)->legacy_import = true;
	return read_imports(r, key, v, out);
}
