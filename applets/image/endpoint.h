// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_ENDPOINT_H
#define RLC_IMAGE_ENDPOINT_H

#include "core/base/err.h"

/* Where an image comes from or goes to, in skopeo's words where it has any. */
enum endpoint_kind {
	ENDPOINT_OCI,            /* oci:DIR[:TAG], or DIR[:TAG] alone */
	ENDPOINT_OCI_ARCHIVE,    /* oci-archive:FILE[:TAG] */
	ENDPOINT_DOCKER_ARCHIVE, /* docker-archive:FILE[:NAME:TAG] */
	ENDPOINT_TREE,           /* tree:DIR */
	ENDPOINT_TAR,            /* tar:FILE */
};

struct endpoint {
	enum endpoint_kind kind;
	char *path; /* owned */
	char *ref;  /* owned; NULL: none was given */
};
#define ENDPOINT_NONE                                                                              \
	{                                                                                          \
		ENDPOINT_OCI, NULL, NULL                                                           \
	}

/* 0; -EINVAL for what is none, with err; -ENOMEM. */
int endpoint_parse(const char *text, struct endpoint *e, struct err *err);
void endpoint_done(struct endpoint *e);

#endif
