// SPDX-License-Identifier: Apache-2.0
#include "core/base/err.h"

#include <stdio.h>

int err_set(struct err *err, int code, const char *what, const char *path)
{
	return err_set_at(err, code, what, "", path);
}

int err_set_at(struct err *err, int code, const char *what, const char *dir, const char *name)
{
	if (!err || err->code)
		return code;
	err->code = code;
	err->what = what;
	if (strcmp(dir, ".") == 0 && name)
		dir = "";
	if (!name && *dir)
		err->path = strdup(dir);
	else if (name && asprintf(&err->path, "%s%s%s", dir, *dir ? "/" : "", name) < 0)
		err->path = NULL;
	return code;
}

int err_tell(struct err *err, int code, const char *what, const char *path)
{
	return err_tell_at(err, code, what, "", path);
}

int err_tell_at(struct err *err, int code, const char *what, const char *dir, const char *name)
{
	if (err && !err->code)
		err->told = true;
	return err_set_at(err, code, what, dir, name);
}

const char *err_reason(int code)
{
	switch (-code) {
	case EBADMSG:
		return "malformed";
	case E2BIG:
		return "too large";
	case EOPNOTSUPP:
		return "not supported by this file system";
	default:
		return strerror(-code);
	}
}

void err_free(struct err *err)
{
	free(err->path);
	*err = (struct err)ERR_NONE;
}
