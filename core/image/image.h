// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IMAGE_H
#define RLC_IMAGE_H

#include "core/image/layer.h"
#include <time.h>

/* Media types (image-spec, media-types.md; Docker's image manifest, version 2, schema 2). */
#define MEDIA_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

/* PATH of an image's programs, where nobody says another one. */
#define IMAGE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define IMAGE_REF_NAME "org.opencontainers.image.ref.name"

/* What an image is for; NULL parts are any. */
struct platform {
	char *os, *arch, *variant; /* owned */
};

#define PLATFORM_NONE                                                                              \
	{                                                                                          \
		NULL, NULL, NULL                                                                   \
	}
#define cleanup_platform cleanup(platform_done)

/* Reads "OS/ARCH[/VARIANT]". 0, -EINVAL, -ENOMEM. */
int platform_parse(const char *text, struct platform *p);
/* What this machine is, in Go's words. 0 or -ENOMEM. */
int platform_here(struct platform *p);
void platform_done(struct platform *p);
/*
 * Whether object, which says os, architecture and variant (a descriptor's platform, a config), is
 * of the platform wanted; and whether its variant is what stands where none is named.
 */
bool platform_fits(const struct platform *want, const json_t *object);
bool platform_usual(const json_t *object);

/*
 * A tag is what stands in the annotation org.opencontainers.image.ref.name of a descriptor in
 * index.json. Whether text can be one.
 */
bool tag_valid(const char *text);

/* "DIR" or "DIR:TAG" (the tag begins behind the first colon); tag is "latest" without one. */
struct image_name {
	char *dir, *tag; /* owned */
};
#define IMAGE_NAME_NONE                                                                            \
	{                                                                                          \
		NULL, NULL                                                                         \
	}
#define cleanup_image_name cleanup(image_name_done)
/* 0; -EINVAL or -ENOMEM with err. */
int image_name_parse(const char *text, struct image_name *out, struct err *err);
void image_name_done(struct image_name *n);

/* An image, read and checked; what has no member here is in the documents. */
struct image {
	json_t *manifest, *config;     /* whole documents */
	struct descriptor top;         /* of the manifest */
	struct descriptor config_blob; /* as the manifest has it */
	struct descriptor *layers;     /* from the lowest; layer_count of them */
	const char **diff_ids;         /* of the same number; in config */
	size_t layer_count;
	bool docker;             /* its media types are Docker's */
	struct descriptor *path; /* the indexes between index.json and it, outermost first */
	size_t path_count;
	char *tag; /* owned; by which it was found; NULL: by a descriptor, or it is new */
};

#define IMAGE_NONE                                                                                 \
	{                                                                                          \
		.manifest = NULL, .top = DESCRIPTOR_NONE, .config_blob = DESCRIPTOR_NONE           \
	}
#define cleanup_image cleanup(image_done)

/*
 * Finds the image of that tag, through nested indexes where need be (at most 16, none twice), and
 * reads its manifest and config. want chooses in an index; with NULL one image is taken as it is,
 * and among several the one for this machine. 0; -ENOENT where no such tag or platform is there;
 * -EEXIST where several fit; -EBADMSG, -ENOTSUP, -EFBIG for what is damaged or unknown; err says
 * which document and what.
 */
int image_open(const struct layout *l, const char *tag, const struct platform *want,
	struct image *out, struct err *err);

/* The same for a descriptor of a manifest or an index. */
int image_open_descriptor(const struct layout *l, const struct descriptor *d,
	const struct platform *want, struct image *out, struct err *err);

/*
 * Calls each for all images that the tag stands for, in their order: with its descriptor and what
 * says os, architecture and variant. Ends where each returns other than 0, and returns that; as
 * image_open otherwise.
 */
typedef int image_each_fn(void *arg, const struct descriptor *d, const json_t *platform);
int image_each(
	const struct layout *l, const char *tag, image_each_fn *each, void *arg, struct err *err);

/*
 * Makes tag stand for an index, with what it stood for so far, and puts into it the image of each
 * tag in from (count of them) that is for the platform wanted, as image_open; or with all set
 * each entry of the index that stands for. What was there for the same platform is replaced. 0 or
 * negative errno with err.
 */
int index_add(struct layout *l, const char *tag, char *const *from, size_t count,
	const struct platform *want, bool all, struct err *err);

/* Removes the images for a platform from the index that tag stands for. -ENOENT: none. */
int index_remove(struct layout *l, const char *tag, const struct platform *which, struct err *err);

/* An empty image for a platform: no layers, a config that says it was created at that time. */
int image_make(const struct platform *p, struct timespec created, struct image *out);

void image_done(struct image *i);

/* One entry of config's history. NULL texts are left out. */
struct history {
	const char *author, *comment, *created_by;
	const char *created; /* RFC 3339; never NULL */
	bool empty_layer;
};

/* Adds an entry. 0 or -ENOMEM. */
int image_add_history(struct image *i, const struct history *h);

/*
 * Adds a layer on top: descriptor and diff_id, and with h not NULL its history. 0 or -ENOMEM.
 */
int image_add_layer(struct image *i, const struct descriptor *layer, const char *diff_id,
	const struct history *h);

/* How a new layer on top is best compressed: as the uppermost that is, or gzip. */
enum compression image_compression(const struct image *i);

/* Gives manifest, config and layers OCI's or Docker's media types. 0 or -ENOMEM. */
int image_set_docker(struct image *i, bool docker);

/* The descriptor's media type says that it is an index, a manifest (OCI's or Docker's). */
bool media_is_index(const char *media);
bool media_is_manifest(const char *media);

/* The manifests of a document that is an index, or NULL with err; d is what refers to it. */
json_t *index_manifests(
	const struct layout *l, const struct descriptor *d, const json_t *index, struct err *err);

/* The tag of a descriptor in index.json, or NULL. */
const char *descriptor_tag(const json_t *descriptor);

/* Whether that is its tag. */
bool descriptor_is_tagged(const json_t *descriptor, const char *tag);

/*
 * In index.json's document: lets tag stand for that descriptor alone, whose reference is taken
 * over (also on failure). 0 or -ENOMEM.
 */
int index_set_tag(json_t *index, const char *tag, json_t *descriptor);

/* Lets tag stand for a manifest or an index alone. 0 or negative errno with err. */
int image_tag(struct layout *l, const char *tag, const struct descriptor *d, struct err *err);

/*
 * Writes config and manifest as blobs and lets tag stand for the image: for its platform in the
 * index that it came from (indexes are written anew up to index.json), or alone. i->top and i->path
 * are the new ones then. 0 or negative errno with err.
 */
int image_save(struct layout *l, const char *tag, struct image *i, struct err *err);

/* A time as RFC 3339 in UTC, with nanoseconds where it has any, and back. */
enum { IMAGE_TIME_MAX = 40 };
void image_time(struct timespec t, char text[IMAGE_TIME_MAX]);
int image_time_parse(const char *text, struct timespec *t);

/* SOURCE_DATE_EPOCH where it is set and a number, else the time of now. */
struct timespec image_now(void);

#endif
