// SPDX-License-Identifier: Apache-2.0
#include "applets/run/image.h"

#include <stdio.h>

void image_fault(void *run_image, struct err *err)
{
	struct run_image *r = run_image;

	r->faulty = true;
	call_fail(r->call, err);
}

/* Where layers are kept unless --store says so: *path is the caller's to free. */
static int default_store(char **path, struct err *err)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n = -1;

	if (cache && *cache == '/')
		n = asprintf(path, "%s/rlc/store", cache);
	else if (home && *home == '/')
		n = asprintf(path, "%s/.cache/rlc/store", home);
	else
		return err_tell(err, -ENOENT,
			"neither XDG_CACHE_HOME nor HOME says where to keep layers: use --store",
			NULL);
	if (n >= 0)
		return 0;
	*path = NULL;
	return err_set(err, -ENOMEM, NULL, NULL);
}

static int open_store(struct run_image *r, struct err *err)
{
	cleanup_free char *usual = NULL, *real = NULL;
	int done = r->call->store ? 0 : default_store(&usual, err);

	if (done == 0)
		done = store_open(r->call->store ? r->call->store : usual, false, &r->store, err);
	if (done < 0)
		return done;
	real = realpath(r->store.path, NULL);
	if (!real)
		return err_set(err, -errno, "cannot open the store", r->store.path);
	free(r->store.path);
	r->store.path = real;
	real = NULL;
	return 0;
}

static int open_image(struct run_image *r, const char *name, struct err *err)
{
	int done;

	if (strstr(name, "://"))
		return err_tell(err, -EINVAL,
			"is not on this machine; skopeo copy takes it to a layout, oci:DIR:TAG, "
			"and DIR:TAG can be run",
			name);
	done = image_name_parse(name, &r->name, err);
	if (done == 0 && r->call->commit && !tag_valid(r->call->commit))
		return err_tell(err, -EINVAL, "can be no tag", r->call->commit);
	if (done == 0 && access(r->name.dir, F_OK) < 0 && errno == ENOENT)
		return err_tell(err, -ENOENT,
			"there is no such layout; skopeo copy docker://IMAGE oci:DIR:TAG makes one "
			"of a registry's image",
			r->name.dir);
	if (done == 0)
		done = layout_open(&r->layout, r->name.dir, LAYOUT_READ, err);
	return done < 0 ? done : image_open(&r->layout, r->name.tag, NULL, &r->image, err);
}

int image_name_places(struct run_image *r, struct err *err)
{
	free(r->dir);
	free(r->root);
	r->root = NULL;
	if (asprintf(&r->dir, "%s/%s", r->store.path, r->upper.name) < 0) {
		r->dir = NULL;
		return err_set(err, -ENOMEM, NULL, NULL);
	}
	if (asprintf(&r->root, "%s/upper", r->dir) < 0) {
		r->root = NULL;
		return err_set(err, -ENOMEM, NULL, NULL);
	}
	return 0;
}

static int make_tree(struct run_image *r, struct err *err)
{
	cleanup_err struct err why = ERR_NONE;
	int done = image_mount(r, &why);

	if (done != -EOPNOTSUPP)
		return done < 0 ? (why.told ? err_tell : err_set)(err, done, why.what, why.path)
				: 0;
	if (r->upper.lock >= 0)
		store_upper_drop(&r->store, &r->upper);
	return image_spread(r, err);
}

static int prepare(struct run_image *r, const char *name, struct err *err)
{
	int done = open_image(r, name, err);

	if (done == 0)
		done = open_store(r, err);
	if (done == 0)
		done = make_tree(r, err);
	return done < 0 ? done : image_configure(r, err);
}

static int run(struct run_image *r)
{
	struct launch l = {.call = r->call,
		.container = {.config = &r->config,
			.process = &r->config.process,
			.id = r->name.tag,
			.bundle = r->dir,
			.root = r->root},
		.tree = r->root};

	return launch(&l);
}

static void end(struct run_image *r)
{
	run_config_free(&r->config);
	image_unmount(r);
	if (r->upper.lock >= 0)
		store_upper_drop(&r->store, &r->upper);
	store_close(&r->store);
	image_done(&r->image);
	layout_close(&r->layout);
	image_name_done(&r->name);
	free(r->dir);
	free(r->root);
	context_end(&r->context);
}

/* The first few tags, for who has named another one. */
static void tell_tags(const struct run_image *r)
{
	enum { MOST = 8 };
	cleanup_json json_t *index = NULL;
	cleanup_buf struct buf tags = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;
	size_t n, count = 0;
	json_t *one;

	if (r->layout.fd < 0 || layout_index(&r->layout, &index, &err) < 0)
		return;
	json_array_foreach(json_object_get(index, "manifests"), n, one)
	{
		const char *tag = descriptor_tag(one);

		if (!tag || ++count > MOST)
			continue;
		if (strcmp(tag, r->name.tag) == 0)
			return;
		buf_addf(&tags, "%s%s", tags.len ? ", " : "", tag);
	}
	if (tags.len && !tags.failed)
		report(r->call->self, "%s: has %s%s", r->name.dir, tags.data,
			count > MOST ? ", ..." : "");
}

static int run_and_keep(struct run_image *r, const char *name)
{
	cleanup_err struct err err = ERR_NONE;
	int status = prepare(r, name, &err);

	if (status < 0) {
		call_fail(r->call, &err);
		if (status == -ENOENT)
			tell_tags(r);
		return GUEST_FAILED;
	}
	status = run(r);
	if (status == GUEST_NOT_FOUND && *r->command && **r->command == '-')
		report(r->call->self, "%s: options stand before the image", *r->command);
	if (!r->call->commit)
		return status;
	if (image_commit(r, &err) < 0) {
		call_fail(r->call, &err);
		return status ? status : GUEST_FAILED;
	}
	return status;
}

int run_image(struct call *call, const char *name, char *const *command)
{
	struct run_image r = {.call = call,
		.command = command + (*command && strcmp(*command, "--") == 0),
		.outside = {geteuid(), getegid()},
		.context = CONTEXT_NONE,
		.name = IMAGE_NAME_NONE,
		.layout = LAYOUT_NONE,
		.image = IMAGE_NONE,
		.store = STORE_NONE,
		.upper = UPPER_NONE,
		.tree = TREE_NONE,
		.config = RUN_CONFIG_NONE};
	int status;

	r.context.self = call->self;
	status = context_begin(&r.context) == EXIT_DONE ? run_and_keep(&r, name) : GUEST_FAILED;
	end(&r);
	return status;
}
