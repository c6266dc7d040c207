// SPDX-License-Identifier: Apache-2.0
/* Random users try random calls on random files: the errno, owner and mode that the model says? */
#include "core/emu/access.h"
#include "testsuite/unit/kernel.h"

#include <endian.h>
#include <ftw.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { USERS = 1500, CALLS = 16 };

/* a/f is there, b/g sometimes; the descriptors are O_PATH, so that they tell of what was removed.
 */
struct room {
	int a, b, f, g, writable;
	char acl[100];
	size_t acl_size;
};

struct trial {
	struct room room;
	struct creds who;
	uint64_t seed;
	struct stat a, b, f, g; /* g.st_nlink is 0 where there is none */
	const char *call;
	int args[2];
	int kernel, model;
	bool gone; /* a/f or b/g are not what they were */
};

static struct access_sysctl sysctls;

static int read_sysctl(const char *name)
{
	char path[100];
	int value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/fs/protected_%s", name);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%d", &value) != 1)
		value = 0;
	if (f)
		fclose(f);
	return value;
}

static int result(int r)
{
	return r < 0 ? -errno : 0;
}

static int opened(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Making the world as real root. */

static mode_t random_mode(uint64_t *seed)
{
	static const mode_t modes[] = {
		0777, 0755, 0700, 0770, 0, 0444, 0666, 0644, 0711, 0070, 0007};
	mode_t mode = modes[random_below(seed, ARRAY_SIZE(modes))];

	return random_below(seed, 2) ? mode : mode | random_below(seed, 8) << 9;
}

static void own(uint64_t *seed, int dir, const char *name, mode_t mode)
{
	if (fchownat(dir, name, random_id(seed) % 1005, random_id(seed) % 1005,
		    AT_SYMLINK_NOFOLLOW) < 0 ||
		(!S_ISLNK(mode) && fchmodat(dir, name, mode & 07777, 0) < 0))
		abort();
}

static int make_node(uint64_t *seed, int dir, const char *name)
{
	static const mode_t types[] = {
		S_IFREG, S_IFREG, S_IFREG, S_IFDIR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFSOCK};
	mode_t type = types[random_below(seed, ARRAY_SIZE(types))];
	int r = S_ISDIR(type)   ? mkdirat(dir, name, 0700)
		: S_ISLNK(type) ? symlinkat("/", dir, name)
				: mknodat(dir, name, type | 0600, 0);

	if (r < 0)
		abort();
	own(seed, dir, name, type | random_mode(seed));
	return openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int make_dir(uint64_t *seed, int top, const char *name)
{
	mode_t mode = random_mode(seed);

	/* most of the time it can be entered, or nothing else is ever asked */
	if (mkdirat(top, name, 0700) < 0)
		abort();
	own(seed, top, name, S_IFDIR | (random_below(seed, 4) ? mode | 0111 : mode));
	return openat(top, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* user::, user:X:, group::, group:X:, mask::, other:: with random permissions. */
static void make_acl(uint64_t *seed, int fd)
{
	static const uint16_t tags[] = {1, 2, 2, 4, 8, 8, 16, 32};
	unsigned char acl[4 + 8 * ARRAY_SIZE(tags)] = {2};
	char path[50];

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		uint16_t words[2] = {htole16(tags[i]), htole16((uint16_t)random_below(seed, 8))};
		uint32_t id = htole32(tags[i] & 10 ? 1000 + (uint32_t)i % 2 : UINT32_MAX);

		memcpy(acl + 4 + 8 * i, words, 4);
		memcpy(acl + 8 + 8 * i, &id, 4);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0); /* symlinks have none */
}

static void make_room(uint64_t *seed, int top, struct room *room)
{
	room->a = make_dir(seed, top, "a");
	room->b = make_dir(seed, top, "b");
	room->f = make_node(seed, room->a, "f");
	room->g = random_below(seed, 2) ? make_node(seed, room->b, "g") : -1;
	room->writable = openat(room->a, "f", O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (room->a < 0 || room->b < 0 || room->f < 0)
		abort();
	if (random_below(seed, 4) == 0)
		make_acl(seed, room->f);
}

/* Becoming somebody, with all, some or no capabilities. */
static void become(uint64_t *seed)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	uint32_t count = random_below(seed, 4), which = random_below(seed, 4);
	gid_t groups[3];

	for (uint32_t i = 0; i < count; i++)
		groups[i] = random_id(seed) % 1005;
	prctl(PR_SET_KEEPCAPS, 1);
	if (syscall(SYS_capget, &head, data) < 0 || syscall(SYS_setgroups, count, groups) < 0 ||
		syscall(SYS_setresgid, random_id(seed) % 1005, random_id(seed) % 1005, 0) < 0 ||
		syscall(SYS_setresuid, random_id(seed) % 1005, random_id(seed) % 1005, -1) < 0 ||
		syscall(SYS_capset, &head, data) < 0)
		abort();
	if (random_below(seed, 3) == 0) { /* the file system's user can be another one */
		syscall(SYS_setfsgid, random_id(seed));
		syscall(SYS_setfsuid, random_id(seed));
	}
	data[0].effective = which == 0   ? data[0].permitted
			    : which == 1 ? data[0].permitted & random_next(seed)
					 : 0;
	if (syscall(SYS_capset, &head, data) < 0)
		abort();
	prctl(PR_SET_DUMPABLE, 1); /* its /proc/self/fd stays its own */
}

/* The calls. Each says what it did and what the model thinks of it. */

static int search(const struct trial *t, const struct stat *dir)
{
	return access_check(&t->who, dir, ACCESS_EXEC);
}

/* The model's word: first the way there, then the thing itself. */
static int after(int way, int thing)
{
	return way < 0 ? way : thing;
}

static void look(struct trial *t)
{
	char path[50];
	ssize_t n;

	fstat(t->room.f, &t->f);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->room.f);
	n = S_ISLNK(t->f.st_mode)
		    ? 0
		    : getxattr(path, "system.posix_acl_access", t->room.acl, sizeof(t->room.acl));
	t->room.acl_size = n > 0 ? (size_t)n : 0;
	fstat(t->room.a, &t->a);
	fstat(t->room.b, &t->b);
	memset(&t->g, 0, sizeof(t->g));
	if (t->room.g >= 0)
		fstat(t->room.g, &t->g);
}

/* Whether a file has become what the model said. */
static void expect_mode(struct trial *t, mode_t mode)
{
	struct stat st;

	fstat(t->room.f, &st);
	if (t->kernel == 0 && t->model == 0 && st.st_mode != mode) {
		t->kernel = (int)st.st_mode;
		t->model = (int)mode;
	}
}

static void try_chmod(struct trial *t)
{
	mode_t mode = random_mode(&t->seed), result_mode = 0;

	if (S_ISLNK(t->f.st_mode))
		return;
	t->call = "chmod";
	t->args[0] = (int)mode;
	t->model = after(search(t, &t->a), access_chmod(&t->who, &t->f, mode, &result_mode));
	t->kernel = result(fchmodat(t->room.a, "f", mode, 0));
	expect_mode(t, result_mode);
}

static void try_chown(struct trial *t)
{
	uid_t uid = random_below(&t->seed, 3) ? (uid_t)-1 : random_id(&t->seed);
	gid_t gid = random_below(&t->seed, 3) ? random_id(&t->seed) : (gid_t)-1;
	mode_t mode = 0;

	t->call = "chown";
	t->args[0] = (int)uid;
	t->args[1] = (int)gid;
	t->model = after(search(t, &t->a), access_chown(&t->who, &t->f, uid, gid, &mode));
	t->kernel = result(fchownat(t->room.a, "f", uid, gid, AT_SYMLINK_NOFOLLOW));
	expect_mode(t, mode);
}

static void try_utimes(struct trial *t)
{
	static const long nows[][2] = {
		{UTIME_NOW, UTIME_NOW}, {5, UTIME_NOW}, {UTIME_OMIT, 7}, {UTIME_NOW, UTIME_OMIT}};
	uint32_t which = random_below(&t->seed, 5);
	struct timespec times[2] = {{1, nows[which % 4][0]}, {1, nows[which % 4][1]}};

	if (t->room.acl_size)
		return;
	t->call = "utimensat";
	t->args[0] = (int)which;
	t->model = after(search(t, &t->a), access_utimes(&t->who, &t->f, which % 4 == 0));
	t->kernel =
		result(utimensat(t->room.a, "f", which == 4 ? NULL : times, AT_SYMLINK_NOFOLLOW));
}

static void try_access(struct trial *t)
{
	unsigned int want = random_below(&t->seed, 8);
	int flags = random_below(&t->seed, 2) ? AT_EACCESS : 0;
	struct creds real;

	creds_for_access(&t->who, &real);
	if (flags)
		real = t->who;
	if (S_ISLNK(t->f.st_mode) || !kernel_is(5, 8))
		return;
	t->call = "faccessat2";
	t->args[0] = (int)want;
	t->args[1] = flags;
	t->model = after(access_check(&real, &t->a, ACCESS_EXEC),
		access_check_acl(&real, &t->f, t->room.acl, t->room.acl_size, want));
	t->kernel = result((int)syscall(SYS_faccessat2, t->room.a, "f", want, flags));
}

static void try_open(struct trial *t)
{
	static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC,
		O_RDWR | O_TRUNC, O_RDONLY | O_NOATIME, O_PATH, O_RDONLY | O_CREAT,
		O_RDWR | O_CREAT, O_RDWR | O_APPEND};
	int flag = flags[random_below(&t->seed, ARRAY_SIZE(flags))];
	mode_t written = t->f.st_mode;

	if (S_ISLNK(t->f.st_mode) || S_ISSOCK(t->f.st_mode) || t->room.acl_size ||
		(S_ISFIFO(t->f.st_mode) && (flag & O_ACCMODE) == O_WRONLY) ||
		(S_ISDIR(t->f.st_mode) && flag & O_CREAT))
		return;
	t->call = "open";
	t->args[0] = flag;
	t->model = search(t, &t->a);
	if (flag & O_CREAT)
		t->model = after(t->model, access_open_create(&t->who, &t->a, &t->f, &sysctls));
	t->model = after(t->model, access_open(&t->who, &t->f, flag));
	t->kernel = opened(openat(t->room.a, "f", flag | O_NONBLOCK | O_CLOEXEC, 0600));
	if (flag & O_TRUNC)
		access_written(&t->who, &t->f, &written);
	expect_mode(t, written);
}

static void try_write(struct trial *t)
{
	mode_t mode;

	if (!S_ISREG(t->f.st_mode) || t->room.writable < 0)
		return;
	t->call = "write";
	access_written(&t->who, &t->f, &mode);
	t->model = 0;
	t->kernel = result((int)write(t->room.writable, "x", 1));
	expect_mode(t, mode);
}

static void try_exec(struct trial *t)
{
	char *none[] = {NULL};

	if (S_ISLNK(t->f.st_mode) || t->room.acl_size)
		return;
	t->call = "execve";
	t->model = after(search(t, &t->a), access_exec(&t->who, &t->f));
	if (t->model == 0)
		t->model = -ENOEXEC; /* it is empty */
	if (t->room.writable >= 0)   /* a file that is open to be written is busy */
		close(t->room.writable);
	t->room.writable = -1;
	t->kernel = result((int)syscall(SYS_execveat, t->room.a, "f", none, none, 0));
}

static int make_new(struct trial *t, const char *name, mode_t mode, dev_t dev)
{
	if (S_ISREG(mode) && random_below(&t->seed, 2))
		return opened(openat(
			t->room.b, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode & 07777));
	if (S_ISDIR(mode))
		return result(mkdirat(t->room.b, name, mode & 07777));
	if (S_ISLNK(mode))
		return result(symlinkat("x", t->room.b, name));
	return result(mknodat(t->room.b, name, mode, dev));
}

static void try_create(struct trial *t)
{
	static const mode_t types[] = {
		S_IFREG, S_IFREG, S_IFDIR, S_IFIFO, S_IFLNK, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFCHR};
	uint32_t which = random_below(&t->seed, ARRAY_SIZE(types));
	mode_t mode = types[which] | random_mode(&t->seed), mask = random_below(&t->seed, 512);
	dev_t dev = which >= 6 && random_below(&t->seed, 2) ? makedev(1, 3) : 0;
	struct new_inode made;
	struct stat st;
	char name[30];

	snprintf(name, sizeof(name), "new%x", random_next(&t->seed));
	t->call = "create";
	t->args[0] = (int)mode;
	t->args[1] = (int)mask;
	umask(mask);
	access_new(&t->who, &t->b, mode, mask, &made);
	t->model = after(search(t, &t->b), access_mknod(&t->who, &t->b, mode, dev));
	t->kernel = make_new(t, name, mode, dev);
	if (t->kernel == 0 && t->model == 0 &&
		fstatat(t->room.b, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		(st.st_mode != made.mode || st.st_uid != made.uid || st.st_gid != made.gid)) {
		t->call = st.st_mode != made.mode ? "the new mode" : "the new owner";
		t->kernel = (int)st.st_mode;
		t->model = (int)made.mode + (st.st_mode == made.mode);
	}
}

static void try_link(struct trial *t)
{
	char name[30];

	snprintf(name, sizeof(name), "link%x", random_next(&t->seed));
	if (t->room.acl_size)
		return;
	t->call = "link";
	t->model = after(after(search(t, &t->a), search(t, &t->b)),
		access_link(&t->who, &t->f, &t->b, &sysctls));
	t->kernel = result(linkat(t->room.a, "f", t->room.b, name, 0));
}

static void try_delete(struct trial *t)
{
	bool isdir = random_below(&t->seed, 5) ? S_ISDIR(t->f.st_mode) : random_below(&t->seed, 2);

	t->call = isdir ? "rmdir" : "unlink";
	t->model = after(search(t, &t->a), access_delete(&t->who, &t->a, &t->f, isdir));
	t->kernel = result(unlinkat(t->room.a, "f", isdir ? AT_REMOVEDIR : 0));
	t->gone = t->kernel == 0;
}

static void try_rename(struct trial *t)
{
	unsigned int flags = random_below(&t->seed, 3) ? 0 : RENAME_EXCHANGE;
	bool here = random_below(&t->seed, 4) == 0;
	struct access_rename r = {.old_dir = &t->a, .old = &t->f};

	r.new_dir = here ? &t->a : &t->b;
	r.new = !here && t->g.st_nlink ? &t->g : NULL;
	r.exchange = flags;
	if ((flags && !r.new) || t->room.acl_size)
		return;
	t->call = here ? "rename in the directory" : flags ? "exchange" : "rename";
	t->model = after(after(search(t, &t->a), search(t, r.new_dir)), access_rename(&t->who, &r));
	t->kernel = result((int)syscall(SYS_renameat2, t->room.a, "f", here ? t->room.a : t->room.b,
		here ? "h" : "g", flags));
	t->gone = t->kernel == 0;
}

static void try_follow(struct trial *t)
{
	if (!S_ISLNK(t->f.st_mode))
		return;
	t->call = "follow";
	t->model = after(search(t, &t->a), access_follow(&t->who, &t->a, &t->f, &sysctls));
	t->kernel = opened(openat(t->room.a, "f", O_PATH | O_CLOEXEC));
}

static void (*const calls[])(struct trial *) = {try_chmod, try_chown, try_chown, try_utimes,
	try_access, try_access, try_open, try_open, try_write, try_exec, try_create, try_create,
	try_link, try_follow, try_delete, try_rename, try_rename};

static void one_user(uint64_t seed, struct report *r, void *arg)
{
	struct trial t = {.seed = seed};
	char name[PATH_MAX];
	int top;

	snprintf(name, sizeof(name), "%s/%llu", (const char *)arg, (unsigned long long)seed);
	if (mkdir(name, 0755) < 0 || (top = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		abort();
	make_room(&t.seed, top, &t.room);
	become(&t.seed);
	kernel_creds(&t.who);
	for (int i = 0; i < CALLS && !t.gone; i++) {
		t.kernel = t.model = 0;
		look(&t);
		calls[random_below(&t.seed, ARRAY_SIZE(calls))](&t);
		if (t.kernel == t.model)
			continue;
		tell_failure(r,
			"%s (%#o %#o): model %d, kernel %d\n#   uid %u fsuid %u gid %u fsgid %u groups "
			"%u: %u %u %u, e=%#lx\n#   a %o %u:%u f %o %u:%u b %o %u:%u g %o %u:%u",
			t.call, (unsigned int)t.args[0], (unsigned int)t.args[1], t.model, t.kernel,
			t.who.uid, t.who.fsuid, t.who.gid, t.who.fsgid, t.who.group_count,
			t.who.groups[0], t.who.groups[1], t.who.groups[2], t.who.effective,
			t.a.st_mode, t.a.st_uid, t.a.st_gid, t.f.st_mode, t.f.st_uid, t.f.st_gid,
			t.b.st_mode, t.b.st_uid, t.b.st_gid, t.g.st_mode, t.g.st_uid, t.g.st_gid);
		return;
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int main(void)
{
	const char *where = getenv("TMPDIR");
	cleanup_free char *top = NULL;

	if (!is_real_root()) {
		CHECK(true, "users and files # skip needs real root");
		return test_done();
	}
	sysctls = (struct access_sysctl){read_sysctl("hardlinks"), read_sysctl("symlinks"),
		read_sysctl("fifos"), read_sysctl("regular")};
	umask(0);
	if (asprintf(&top, "%s/access.XXXXXX", where ? where : "/tmp") < 0 || !mkdtemp(top))
		abort();
	CHECK(run_children(USERS, one_user, top) == 0, "%d users and files", USERS);
	CHECK(nftw(top, remove_one, 10, FTW_DEPTH | FTW_PHYS) == 0, "nothing is left");
	return test_done();
}
