// SPDX-License-Identifier: Apache-2.0
#include "applets/run/run.h"

#include "core/base/io.h"
#include <sys/mman.h>
#include <sys/sendfile.h>

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* Whether what a container's root may do is enough to write to this program's file. */
static bool is_writable(int exe)
{
	struct stat st;

	return fstat(exe, &st) < 0 || geteuid() == 0 || st.st_uid == geteuid() || st.st_mode & 022;
}

/* One that may be executed, which has to be asked for since Linux 6.3. */
static int make_file(void)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING, may_execute = 0x10;
	int fd = memfd_create("rlc", flags | may_execute);

	return fd < 0 && errno == EINVAL ? memfd_create("rlc", flags) : fd;
}

/* A copy that nobody can change any more. */
static int copy_sealed(int exe)
{
	cleanup_fd int copy = make_file();
	struct stat st;
	off_t left;
	ssize_t n;

	if (copy < 0 || fstat(exe, &st) < 0)
		return -1;
	for (left = st.st_size; left; left -= n) {
		n = sendfile(copy, exe, NULL, (size_t)left);
		if (n <= 0)
			return -1;
	}
	return fcntl(copy, F_ADD_SEALS, SEALS) < 0 ? -1 : take_fd(&copy);
}

void run_seal(char **argv)
{
	static char name[] = "rlc-run";
	cleanup_fd int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy = -1;

	if (exe < 0 || fcntl(exe, F_GET_SEALS) == SEALS || !is_writable(exe))
		return;
	copy = copy_sealed(exe);
	if (copy < 0)
		return;
	argv[0] = name;
	fexecve(copy, argv, environ);
}
