// SPDX-License-Identifier: Apache-2.0
/* Layouts and blobs on disk, layers, and images that are changed and saved. */
#include "core/base/io.h"
#include "core/image/image.h"
#include "testsuite/unit/test.h"

#include <sys/file.h>

static struct layout open_layout(const char *dir, enum layout_use use)
{
	cleanup_err struct err err = ERR_NONE;
	struct layout l = LAYOUT_NONE;

	CHECK(layout_open(&l, dir, use, &err) == 0, "open: %s", err.what ? err.what : "");
	return l;
}

static size_t count_blobs(const struct layout *l)
{
	DIR *dir = fdopendir(openat(l->fd, "blobs/sha256", O_RDONLY | O_DIRECTORY));
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void check_blobs(struct layout *l)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE, again = DESCRIPTOR_NONE;
	cleanup_json json_t *doc = json_pack("{s:s}", "a", "b"), *back = NULL;
	struct blob_out b = BLOB_OUT_NONE;

	CHECK(blob_put_doc(l, doc, "a/b", &d, NULL) == 0, "write a document");
	CHECK(blob_there(l, &d) == 0 && blob_doc(l, &d, &back, NULL) == 0, "read it");
	CHECK(json_equal(doc, back), "the same document");
	CHECK(blob_put_doc(l, doc, "a/b", &again, NULL) == 0 && count_blobs(l) == 1, "once more");
	d.size++;
	CHECK(blob_there(l, &d) == -EBADMSG, "another size");
	strcpy(d.digest + 7, "0000000000000000000000000000000000000000000000000000000000000000");
	CHECK(blob_there(l, &d) == -ENOENT, "another digest");
	CHECK(blob_begin(l, &b, NULL) == 0 && io_write(b.fd, "x", 1) == 0, "begin");
	blob_abandon(&b);
	CHECK(count_blobs(l) == 1, "and abandon");
}

static ssize_t read_all(struct source *s, struct buf *out)
{
	const void *block;
	ssize_t n;

	while ((n = source_next(s, &block)) > 0)
		buf_add(out, block, (size_t)n);
	return n;
}

static void put_layer(struct layout *l, enum compression how, struct descriptor *d, char *diff_id)
{
	cleanup_layer_out struct layer_out out = LAYER_OUT_NONE;
	struct sink *sink = NULL;

	CHECK(layer_begin(l, how, 0, &out, &sink, NULL) == 0, "begin a layer");
	CHECK(sink_write(sink, "content", 7) == 0 && sink_finish(sink) == 0, "write it");
	CHECK(layer_commit(&out, d, diff_id, NULL) == 0, "commit it");
	sink_free(sink);
}

#define CONTENT_ID "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"

static void check_layer(struct layout *l, enum compression how)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_buf struct buf text = BUF_NONE;
	char diff_id[DIGEST_MAX];
	enum compression found;
	struct source *s = NULL;

	put_layer(l, how, &d, diff_id);
	CHECK(strcmp(diff_id, CONTENT_ID) == 0, "the archive's digest %s", diff_id);
	CHECK(layer_media(d.media, &found) == 0 && found == how, "its media type %s", d.media);
	CHECK(layer_source(l, &d, diff_id, &s, NULL) == 0 && read_all(s, &text) == 0, "read it");
	CHECK(text.len == 7 && memcmp(text.data, "content", 7) == 0, "what was written");
	source_free(s);
	diff_id[10] ^= 1;
	CHECK(layer_source(l, &d, diff_id, &s, NULL) == 0 && read_all(s, &text) == -EBADMSG,
		"another diff_id: %s", source_why(s));
	source_free(s);
	d.media = how == COMPRESS_GZIP ? MEDIA_LAYER_ZSTD : MEDIA_LAYER_GZIP;
	CHECK(layer_source(l, &d, CONTENT_ID, &s, NULL) == -EBADMSG && !s, "another media type");
	d.media = "text/plain";
	CHECK(layer_source(l, &d, CONTENT_ID, &s, NULL) == -ENOTSUP, "no layer's media type");
}

/* Flips a byte of a blob, whose size stays. */
static void check_damage(struct layout *l)
{
	cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;
	cleanup_buf struct buf text = BUF_NONE;
	char diff_id[DIGEST_MAX];
	struct source *s = NULL;
	int fd;

	put_layer(l, COMPRESS_NONE, &d, diff_id);
	fd = openat(l->blobs, d.digest + 7, O_WRONLY);
	CHECK(io_pwrite(fd, "C", 1, 0) == 0, "damage");
	close(fd);
	CHECK(blob_source(l, &d, &s, NULL) == 0 && read_all(s, &text) == -EBADMSG, "a blob: %s",
		source_why(s));
	source_free(s);
	CHECK(layer_source(l, &d, diff_id, &s, NULL) == 0 && read_all(s, &text) == -EBADMSG,
		"a layer");
	source_free(s);
	unlinkat(l->blobs, d.digest + 7, 0);
}

static void check_image(struct layout *l)
{
	static const struct history h = {.created = "2020-01-01T00:00:00Z", .created_by = "me"};
	static const struct history none = {.created = "2020-01-01T00:00:01Z", .empty_layer = true};
	cleanup_platform struct platform p = PLATFORM_NONE;
	cleanup_image struct image i = IMAGE_NONE, back = IMAGE_NONE;
	char diff_id[DIGEST_MAX];
	int n;

	platform_parse("linux/arm/v7", &p);
	CHECK(image_make(&p, (struct timespec){0}, &i) == 0 && i.layer_count == 0,
		"an empty image");
	for (n = 0; n < 3; n++) {
		cleanup_descriptor struct descriptor d = DESCRIPTOR_NONE;

		put_layer(l, n ? COMPRESS_NONE : COMPRESS_GZIP, &d, diff_id);
		CHECK(image_add_layer(&i, &d, diff_id, &h) == 0, "add a layer");
		CHECK(image_add_history(&i, &none) == 0, "and what makes none");
	}
	CHECK(i.layer_count == 3 && strcmp(i.diff_ids[2], CONTENT_ID) == 0, "three layers");
	CHECK(image_save(l, "tag", &i, NULL) == 0, "save it");
	CHECK(image_open(l, "tag", NULL, &back, NULL) == 0, "open it");
	CHECK(json_equal(i.config, back.config) && json_equal(i.manifest, back.manifest),
		"the same");
	CHECK(strcmp(i.top.digest, back.top.digest) == 0 && !back.docker, "its digest");
	CHECK(back.layer_count == 3 && strcmp(back.layers[2].media, MEDIA_LAYER) == 0,
		"its layers");
	CHECK(json_array_size(json_object_get(back.config, "history")) == 6, "their history");
	CHECK(image_set_docker(&back, true) == 0 &&
			strcmp(back.layers[2].media, MEDIA_DOCKER_LAYER_PLAIN) == 0,
		"Docker's words");
	CHECK(image_save(l, "tag", &back, NULL) == 0, "save that");
	image_done(&back);
	CHECK(image_open(l, "tag", &p, &back, NULL) == 0 && back.docker, "it is Docker's");
	image_done(&i);
	CHECK(image_open(l, "none", NULL, &i, NULL) == -ENOENT, "no such tag");
}

static int count_up(void *arg, json_t *index, struct err *err)
{
	(void)arg, (void)err;
	json_object_set_new(
		index, "n", json_integer(json_integer_value(json_object_get(index, "n")) + 1));
	return 0;
}

static int refuse(void *arg, json_t *index, struct err *err)
{
	(void)arg;
	json_object_set_new(index, "n", json_integer(-1));
	return err_set(err, -EPERM, "no", NULL);
}

static void check_change(struct layout *l)
{
	cleanup_err struct err err = ERR_NONE;
	cleanup_json json_t *index = NULL;

	CHECK(layout_change(l, count_up, NULL, NULL) == 0, "a change");
	CHECK(layout_change(l, refuse, NULL, &err) == -EPERM, "one that is refused");
	CHECK(layout_change(l, count_up, NULL, NULL) == 0, "another");
	CHECK(layout_index(l, &index, NULL) == 0, "the index");
	CHECK(json_integer_value(json_object_get(index, "n")) == 2, "two changes");
}

static void check_locks(const char *dir)
{
	struct layout a = open_layout(dir, LAYOUT_WRITE), b = open_layout(dir, LAYOUT_WRITE);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	CHECK(flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK,
		"writers keep collectors out");
	layout_close(&a);
	layout_close(&b);
	CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0, "until they are gone");
	close(fd);
}

static void check_collect(const char *dir)
{
	cleanup_layout struct layout l = open_layout(dir, LAYOUT_SOLE);
	struct stat st;
	char name[NAME_MAX + 1];

	close(layout_aside(&l, name));
	CHECK(count_blobs(&l) > 5 && layout_collect(&l, NULL) == 0, "collect");
	CHECK(count_blobs(&l) == 4, "manifest, config and two layers: %zu", count_blobs(&l));
	CHECK(fstatat(l.fd, name, &st, 0) != 0 && errno == ENOENT, "what was left aside is gone");
}

static void remove_all(const char *dir)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	CHECK(system(command) == 0, "remove");
}

int main(void)
{
	char dir[] = "test_layout.XXXXXX";
	struct layout l;

	CHECK(mkdtemp(dir) != NULL, "make a directory");
	CHECK(layout_create(dir, NULL) == 0, "make a layout");
	CHECK(layout_create(dir, NULL) == -EEXIST, "not twice");
	l = open_layout(dir, LAYOUT_WRITE);
	check_blobs(&l);
	check_layer(&l, COMPRESS_NONE);
	check_layer(&l, COMPRESS_GZIP);
	check_layer(&l, COMPRESS_ZSTD);
	check_damage(&l);
	check_image(&l);
	check_change(&l);
	layout_close(&l);
	check_locks(dir);
	check_collect(dir);
	remove_all(dir);
	return test_done();
}
