// SPDX-License-Identifier: Apache-2.0
/*
 * Hostile documents: the bytes are index.json and blobs, each ended by a NUL. A blob can name those
 * behind it: "@N" stands for the digest of blob N and "#N" for its size (N one digit), so that what
 * is mutated still leads to something. All that reads them is called; what could be opened
 * is changed and saved, and can be opened again.
 */
#include "core/base/io.h"
#include "core/image/check.h"
#include "core/pack/digest.h"
#include "testsuite/fuzz/fuzz.h"

#include <stdio.h>

enum { PARTS = 10 };

static struct {
	char path[64];
	struct layout layout;
} place = {.layout = LAYOUT_NONE};

static struct part {
	struct buf text;
	char digest[DIGEST_MAX];
} parts[PARTS];

static void clean(void)
{
	char command[128];

	layout_close(&place.layout);
	snprintf(command, sizeof(command), "rm -rf %s", place.path);
	MUST(system(command) == 0);
}

static void start(void)
{
	if (place.layout.fd >= 0)
		return;
	snprintf(place.path, sizeof(place.path), "%s/fuzz_image.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); /* each blob is synced */
	MUST(mkdtemp(place.path) && layout_create(place.path, NULL) == 0);
	MUST(layout_open(&place.layout, place.path, LAYOUT_SOLE, NULL) == 0);
	atexit(clean);
}

static void put(int dirfd, const char *name, const struct buf *text)
{
	cleanup_fd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	MUST(fd >= 0 && io_write(fd, text->len ? text->data : "", text->len) == 0);
}

/* Part n, with what it says of those behind it filled in. */
static void fill(int n, const char *data, size_t size)
{
	struct buf *out = &parts[n].text;
	size_t i;

	for (i = 0; i < size; i++) {
		int to = i + 1 < size ? data[i + 1] - '0' : -1;

		if ((data[i] != '@' && data[i] != '#') || to <= n || to >= PARTS) {
			buf_add(out, data + i, 1);
			continue;
		}
		if (data[i] == '@')
			buf_adds(out, parts[to].digest);
		else
			buf_addf(out, "%zu", parts[to].text.len);
		i++;
	}
	strcpy(parts[n].digest, "sha256:");
	MUST(digest_bytes(out->len ? out->data : "", out->len, parts[n].digest + 7) == 0);
	if (n)
		put(place.layout.blobs, parts[n].digest + 7, out);
	else
		put(place.layout.fd, "index.json", out);
}

/* From the last on, since each may name those behind it. */
static void write_parts(const char *data, size_t size)
{
	const char *at[PARTS + 1];
	int n, count = 0;

	at[0] = data;
	while (count < PARTS && at[count] < data + size) {
		const char *end = memchr(at[count], '\0', (size_t)(data + size - at[count]));

		count++;
		at[count] = end ? end + 1 : data + size + 1;
	}
	for (n = count; n--;)
		fill(n, at[n], (size_t)(at[n + 1] - at[n] - 1));
	if (!count)
		fill(0, "", 0);
}

static void tell(void *arg, const struct check_fault *fault)
{
	MUST(fault->file && fault->at && fault->what && *fault->what);
	++*(size_t *)arg;
}

static int meet(void *arg, const struct descriptor *d, const json_t *platform)
{
	(void)arg, (void)platform;
	MUST(digest_valid(d->digest) && d->size >= 0);
	return 0;
}

static void read_layers(const struct image *i)
{
	size_t n;

	for (n = 0; n < i->layer_count; n++) {
		struct source *s = NULL;
		const void *block;

		MUST(digest_valid(i->diff_ids[n]));
		if (layer_source(&place.layout, &i->layers[n], i->diff_ids[n], &s, NULL) < 0)
			continue;
		while (source_next(s, &block) > 0)
			;
		source_free(s);
	}
}

/* What could be read can be changed, and is found again as it was written. */
static void change(struct image *i)
{
	static const struct history h = {.created = "2020-01-01T00:00:00Z", .empty_layer = true};
	cleanup_image struct image back = IMAGE_NONE;

	MUST(image_add_history(i, &h) == 0);
	MUST(image_set_docker(i, !i->docker) == 0);
	if (image_save(&place.layout, "latest", i, NULL) < 0)
		return;
	MUST(image_open_descriptor(&place.layout, &i->top, NULL, &back, NULL) == 0);
	MUST(json_equal(i->config, back.config) && json_equal(i->manifest, back.manifest));
}

static void empty_blobs(void)
{
	static const char nothing[] = "{\"manifests\":[]}";
	struct buf text = {.data = (char *)(uintptr_t)nothing, .len = sizeof(nothing) - 1};
	int n;

	put(place.layout.fd, "index.json", &text);
	MUST(layout_collect(&place.layout, NULL) == 0);
	for (n = 0; n < PARTS; n++)
		buf_free(&parts[n].text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image;
	size_t faults = 0;
	struct layout *l;

	start();
	l = &place.layout;
	write_parts((const char *)data, size);
	MUST(layout_check(l, tell, &faults, NULL) == 0);
	image_each(l, "latest", meet, NULL, NULL);
	if (image_open(l, "latest", NULL, &image, NULL) == 0) {
		read_layers(&image);
		change(&image);
	}
	image_done(&image);
	index_add(l, "multi", (char *[]){(char[]){"latest"}}, 1, NULL, true, NULL);
	layout_collect(l, NULL);
	empty_blobs();
	return 0;
}
