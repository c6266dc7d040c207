// SPDX-License-Identifier: Apache-2.0
#include "applets/image/endpoint.h"

#include "core/image/image.h"
#include <stdio.h>

static const struct word {
	const char *word;
	enum endpoint_kind kind;
} words[] = {
	{"oci:", ENDPOINT_OCI},
	{"oci-archive:", ENDPOINT_OCI_ARCHIVE},
	{"docker-archive:", ENDPOINT_DOCKER_ARCHIVE},
	{"tree:", ENDPOINT_TREE},
	{"tar:", ENDPOINT_TAR},
};

/* skopeo's other words: a layout of such a name is meant by nobody. */
static const char *const elsewhere[] = {
	"dir:", "docker:", "docker-daemon:", "containers-storage:", "ostree:", "sif:"};

static bool is_elsewhere(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (strncmp(text, elsewhere[i], strlen(elsewhere[i])) == 0)
			return true;
	return false;
}

static enum endpoint_kind kind_of(const char **text)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(*text, words[i].word, strlen(words[i].word)) == 0) {
			*text += strlen(words[i].word);
			return words[i].kind;
		}
	return ENDPOINT_OCI;
}

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, NULL, NULL);
}

/* What stands behind the first colon is a tag, as for --image, or a name with a tag of its own. */
static int split(const char *text, bool named, struct endpoint *e, struct err *err)
{
	const char *colon = strchr(text, ':');

	e->path = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
	if (!e->path)
		return no_memory(err);
	if (!colon)
		return 0;
	if (!colon[1] || (!named && !tag_valid(colon + 1)))
		return err_tell(err, -EINVAL, "what follows the colon is no tag", text);
	/* docker load wants a tag; a colon may be a port's, too. */
	if (named && !strchr(strrchr(colon, '/') ? strrchr(colon, '/') : colon + 1, ':'))
		return asprintf(&e->ref, "%s:latest", colon + 1) < 0 ? no_memory(err) : 0;
	e->ref = strdup(colon + 1);
	return e->ref ? 0 : no_memory(err);
}

int endpoint_parse(const char *text, struct endpoint *e, struct err *err)
{
	int r = 0;

	*e = (struct endpoint)ENDPOINT_NONE;
	if (is_elsewhere(text))
		return err_tell(err, -EINVAL,
			"rlc-image does not go there; of a layout with such a name say oci:NAME",
			text);
	e->kind = kind_of(&text);
	if (e->kind == ENDPOINT_TREE || e->kind == ENDPOINT_TAR) {
		e->path = strdup(text);
		r = e->path ? 0 : no_memory(err);
	} else {
		r = split(text, e->kind == ENDPOINT_DOCKER_ARCHIVE, e, err);
	}
	if (r == 0 && !*e->path)
		r = err_tell(err, -EINVAL, "the path is missing", text);
	return r;
}

void endpoint_done(struct endpoint *e)
{
	free(e->path);
	free(e->ref);
	*e = (struct endpoint)ENDPOINT_NONE;
}
