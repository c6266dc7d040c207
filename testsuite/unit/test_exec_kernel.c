// SPDX-License-Identifier: Apache-2.0
/* What execve makes of credentials, by the kernel and by the model, over random files. */
#include "core/emu/access.h"
#include "testsuite/unit/kernel.h"

#include <endian.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

enum { FILES = 60, EXECS = 1000, CHANGES = 12 };

/* Programs that print their own status: copies of cat with modes, owners and capabilities. */
struct program {
	int fd;
	struct stat st;
	struct file_caps caps;
};

struct programs {
	struct program list[FILES];
	bool nosuid;
};

static void copy(const char *from, int to)
{
	cleanup_fd int fd = open(from, O_RDONLY | O_CLOEXEC);
	char block[65536];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)n) != n)
			abort();
	if (n < 0)
		abort();
}

/* A random value of security.capability, of version 2 or 3; its size. */
static size_t random_attr(uint64_t *seed, uint32_t words[6])
{
	uint64_t few = (uint64_t)1 << random_below(seed, 41) | (uint64_t)1
								       << random_below(seed, 41);
	uint64_t permitted = few, inheritable = random_below(seed, 2) ? 0x1ffffffffff : 0;
	bool rooted = random_below(seed, 4) == 0, effective = random_below(seed, 2);

	if (random_below(seed, 3) == 0)
		permitted = (uint64_t)random_next(seed) << 32 | random_next(seed);
	if (random_below(seed, 6) == 0)
		permitted = 0;
	words[0] = (rooted ? VFS_CAP_REVISION_3 : VFS_CAP_REVISION_2) | effective;
	words[1] = (uint32_t)permitted;
	words[2] = (uint32_t)inheritable;
	words[3] = (uint32_t)(permitted >> 32);
	words[4] = (uint32_t)(inheritable >> 32);
	words[5] = random_below(seed, 2) ? 0 : 1000;
	for (int i = 0; i < 6; i++)
		words[i] = htole32(words[i]);
	return rooted ? 24 : 20;
}

static void make_program(uint64_t *seed, int dir, const char *name, struct program *p)
{
	static const mode_t modes[] = {0755, 04755, 04755, 02755, 06755, 06711, 02745, 06745, 0750,
		04750, 02070, 0644, 04644};
	uid_t uid = random_id(seed) % 1005, gid = random_id(seed) % 1005;
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint32_t attr[6];

	if (fd < 0)
		abort();
	copy("/bin/cat", fd);
	if (fchown(fd, uid, gid) < 0 ||
		fchmod(fd, modes[random_below(seed, ARRAY_SIZE(modes))]) < 0)
		abort();
	if (random_below(seed, 2)) {
		size_t n = random_attr(seed, attr);

		if (fsetxattr(fd, "security.capability", attr, n, 0) < 0 ||
			file_caps_read(&p->caps, attr, n, CREDS_LAST_CAP) < 0)
			abort();
	}
	fstat(fd, &p->st);
	close(fd);
	p->fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	unlinkat(dir, name, 0);
}

static struct programs *make_programs(uint64_t *seed)
{
	cleanup_free char *top = NULL;
	const char *where = getenv("TMPDIR");
	cleanup_fd int dir = -1;
	struct programs *all = calloc(1, sizeof(*all));
	struct statvfs fs;

	if (!all || asprintf(&top, "%s/exec.XXXXXX", where ? where : "/tmp") < 0 || !mkdtemp(top))
		abort();
	dir = open(top, O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < FILES; i++)
		make_program(seed, dir, "program", &all->list[i]);
	fstatvfs(dir, &fs);
	all->nosuid = fs.f_flag & ST_NOSUID;
	rmdir(top);
	return all;
}

/* The sets and ids of a /proc/PID/status, all of them; what it has no line for stays. */
static void parse_status(char *text, struct creds *c)
{
	char *line, *rest = text;
	int found = 0;

	while ((line = strsep(&rest, "\n"))) {
		found += sscanf(line, "Uid: %u %u %u %u", &c->uid, &c->euid, &c->suid, &c->fsuid) ==
			 4;
		found += sscanf(line, "Gid: %u %u %u %u", &c->gid, &c->egid, &c->sgid, &c->fsgid) ==
			 4;
		found += sscanf(line, "CapInh: %lx", &c->inheritable) == 1;
		found += sscanf(line, "CapPrm: %lx", &c->permitted) == 1;
		found += sscanf(line, "CapEff: %lx", &c->effective) == 1;
		found += sscanf(line, "CapBnd: %lx", &c->bounding) == 1;
		found += sscanf(line, "CapAmb: %lx", &c->ambient) == 1;
	}
	if (found != 7)
		abort();
}

/* Executes the program in a child and reads what it is then; 0 or execve's negative errno. */
static int exec_status(const struct program *p, struct creds *c)
{
	char *args[] = {"cat", "/proc/self/status", NULL}, *env[] = {NULL};
	char text[8192];
	size_t have = 0;
	int out[2], error, status;
	ssize_t n;
	pid_t child;

	if (pipe2(out, O_CLOEXEC) < 0 || (child = vfork()) < 0)
		abort();
	if (child == 0) {
		dup2(out[1], 1);
		syscall(SYS_execveat, p->fd, "", args, env, AT_EMPTY_PATH);
		_exit(errno);
	}
	close(out[1]);
	while ((n = read(out[0], text + have, sizeof(text) - 1 - have)) > 0)
		have += (size_t)n;
	close(out[0]);
	waitpid(child, &status, 0);
	error = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	text[have] = '\0';
	if (error == 0)
		parse_status(text, c);
	return -error;
}

/* Before Linux 6.16 ids that had differed already counted as changed by this execve. */
static bool told_apart(const struct creds *c)
{
	return kernel_is(6, 16) || (c->uid == c->euid && c->gid == c->egid);
}

/* A user with ambient capabilities, which chance seldom makes. */
static void ambient_user(uint64_t *seed)
{
	static const uint32_t few = 1 << CAP_CHOWN | 1 << CAP_KILL | 1 << CAP_SETUID;
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{few, few, few}};

	prctl(PR_SET_KEEPCAPS, 1);
	if (syscall(SYS_setresgid, 1000, 1000, 1000) < 0 ||
		syscall(SYS_setresuid, 1000, 1000, random_below(seed, 2) ? 1000 : 0) < 0 ||
		syscall(SYS_capset, &head, data) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) < 0)
		abort();
}

static void one_exec(uint64_t seed, struct report *r, void *arg)
{
	const struct programs *all = arg;
	const struct program *p = &all->list[random_below(&seed, FILES)];
	unsigned int flags = all->nosuid ? EXEC_NOSUID : 0;
	struct creds model, kernel, before;
	struct change done;
	int got, want;
	char why[200];

	if (random_below(&seed, 4) == 0)
		ambient_user(&seed);
	kernel_creds(&model);
	for (uint32_t i = random_below(&seed, CHANGES); i; i--)
		random_change(&seed, &model, &done);
	kernel_creds(&model);
	if (!told_apart(&model))
		return;
	if (random_below(&seed, 4) == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		flags |= EXEC_NO_NEW_PRIVS;
	}
	before = model;
	want = access_exec(&model, &p->st);
	if (want == 0)
		want = creds_exec(&model, &p->st, &p->caps, flags);
	kernel = model; /* for what the status does not tell */
	got = exec_status(p, &kernel);
	if (want != got)
		snprintf(why, sizeof(why), "model %d, kernel %d", want, got);
	else if (got < 0 || same_creds(&model, &kernel, why, sizeof(why)))
		return;
	tell_failure(r,
		"%s\n#   file %o %u:%u caps %d e=%d p=%#lx i=%#lx flags %u\n"
		"#   before: uid %u %u %u %u, gid %u %u %u %u, e=%#lx p=%#lx i=%#lx b=%#lx a=%#lx "
		"bits %#x",
		why, p->st.st_mode, p->st.st_uid, p->st.st_gid, p->caps.present, p->caps.effective,
		p->caps.permitted, p->caps.inheritable, flags, before.uid, before.euid, before.suid,
		before.fsuid, before.gid, before.egid, before.sgid, before.fsgid, before.effective,
		before.permitted, before.inheritable, before.bounding, before.ambient,
		before.securebits);
}

int main(void)
{
	uint64_t seed = 1;
	struct programs *all;

	if (!is_real_root()) {
		CHECK(true, "execve # skip needs real root");
		return test_done();
	}
	all = make_programs(&seed);
	CHECK(run_children(EXECS, one_exec, all) == 0, "execve, %d times", EXECS);
	for (int i = 0; i < FILES; i++)
		close(all->list[i].fd);
	free(all);
	return test_done();
}
