// SPDX-License-Identifier: Apache-2.0
#include "core/run/config_doc.h"

#include <sys/mount.h>

/* Linux has them, headers may lack them. */
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

/* What mount(8) calls the flags; those that take one away, too. config.md, "Mounts" */
static const struct option {
	const char *word;
	unsigned long set, clear;
} flags[] = {
	{"defaults", 0, 0},
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"nosuid", MS_NOSUID, 0},
	{"suid", 0, MS_NOSUID},
	{"nodev", MS_NODEV, 0},
	{"dev", 0, MS_NODEV},
	{"noexec", MS_NOEXEC, 0},
	{"exec", 0, MS_NOEXEC},
	{"sync", MS_SYNCHRONOUS, 0},
	{"async", 0, MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC, 0},
	{"remount", MS_REMOUNT, 0},
	{"mand", MS_MANDLOCK, 0},
	{"nomand", 0, MS_MANDLOCK},
	{"atime", 0, MS_NOATIME},
	{"noatime", MS_NOATIME, 0},
	{"diratime", 0, MS_NODIRATIME},
	{"nodiratime", MS_NODIRATIME, 0},
	{"relatime", MS_RELATIME, 0},
	{"norelatime", 0, MS_RELATIME},
	{"strictatime", MS_STRICTATIME, 0},
	{"nostrictatime", 0, MS_STRICTATIME},
	{"lazytime", MS_LAZYTIME, 0},
	{"nolazytime", 0, MS_LAZYTIME},
	{"iversion", MS_I_VERSION, 0},
	{"noiversion", 0, MS_I_VERSION},
	{"silent", MS_SILENT, 0},
	{"loud", 0, MS_SILENT},
};

static const struct option propagations[] = {
	{"private", MS_PRIVATE, 0},
	{"shared", MS_SHARED, 0},
	{"slave", MS_SLAVE, 0},
	{"unbindable", MS_UNBINDABLE, 0},
	{"rprivate", MS_PRIVATE | MS_REC, 0},
	{"rshared", MS_SHARED | MS_REC, 0},
	{"rslave", MS_SLAVE | MS_REC, 0},
	{"runbindable", MS_UNBINDABLE | MS_REC, 0},
};

static const struct option *find(const struct option *table, size_t count, const char *word)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(table[i].word, word) == 0)
			return table + i;
	return NULL;
}

const char *config_mount_option(size_t i)
{
	static const char *const words[] = {"bind", "rbind", "rro", "tmpcopyup"};

	if (i < ARRAY_SIZE(flags))
		return flags[i].word;
	i -= ARRAY_SIZE(flags);
	if (i < ARRAY_SIZE(propagations))
		return propagations[i].word;
	i -= ARRAY_SIZE(propagations);
	return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

unsigned long config_propagation(const char *word)
{
	const struct option *o = find(propagations, ARRAY_SIZE(propagations), word);

	return o ? o->set : 0;
}

/* Options that are neither flags nor the file system's own. */
static bool take_word(struct run_mount *m, const char *word)
{
	if (strcmp(word, "bind") == 0 || strcmp(word, "rbind") == 0)
		m->bind = true;
	m->recursive |= strcmp(word, "rbind") == 0;
	m->recursive_read_only |= strcmp(word, "rro") == 0;
	m->copy_up |= strcmp(word, "tmpcopyup") == 0;
	m->maps_ids |= strcmp(word, "idmap") == 0 || strcmp(word, "ridmap") == 0;
	return strcmp(word, "bind") == 0 || strcmp(word, "rbind") == 0 ||
	       strcmp(word, "rro") == 0 || strcmp(word, "tmpcopyup") == 0 ||
	       strcmp(word, "idmap") == 0 || strcmp(word, "ridmap") == 0;
}

static int take_option(struct run_mount *m, const char *word, struct buf *data)
{
	const struct option *o = find(flags, ARRAY_SIZE(flags), word);

	if (o) {
		m->flags = (m->flags & ~o->clear) | o->set;
		m->clear = (m->clear & ~o->set) | o->clear;
		return 0;
	}
	if (config_propagation(word)) {
		m->propagation = config_propagation(word);
		return 0;
	}
	return take_word(m, word) ? 0 : buf_addf(data, "%s%s", data->len ? "," : "", word);
}

static int take_options(const struct at *at, struct run_mount *m, struct buf *data)
{
	enum { PAGE = 4096 }; /* mount(2) takes no more */
	struct at list, one;
	size_t i;
	int r = at_member(at, "options", JSON_ARRAY, &list);

	for (i = 0; r == 0 && i < json_array_size(list.value); i++) {
		one = at_index(&list, i);
		r = json_is_string(one.value) ? take_option(m, json_string_value(one.value), data)
					      : at_fail(&one, -EBADMSG, "is no text");
		if (r == -ENOMEM || data->len >= PAGE)
			return at_fail(&one, r ? r : -EBADMSG, "the options are too long");
	}
	return r;
}

int config_mount(const struct at *at, void *mount)
{
	struct run_mount *m = mount;
	cleanup_buf struct buf data = BUF_NONE;
	int r = at_text(at, "destination", &m->dest);

	if (r == 0)
		r = at_text(at, "type", &m->type);
	if (r == 0)
		r = at_text(at, "source", &m->source);
	if (r == 0)
		r = take_options(at, m, &data);
	if (r < 0)
		return r;
	if (!m->dest || !*m->dest)
		return at_fail(at, -EBADMSG, "has no destination");
	if (m->type && strcmp(m->type, "bind") == 0)
		m->bind = true;
	if (m->bind && !m->source)
		return at_fail(at, -EBADMSG, "has no source");
	if (!m->bind && !m->type)
		return at_fail(at, -EBADMSG, "has no type");
	m->maps_ids |= json_array_size(at_key(at, "uidMappings").value) ||
		       json_array_size(at_key(at, "gidMappings").value);
	m->data = data.data;
	data.data = NULL;
	return 0;
}
