// SPDX-License-Identifier: Apache-2.0
#include "core/ns/userns.h"

#include "core/base/io.h"
#include <stdio.h>

/* What a file of one line says, without its newline; "" where there is none. */
static void read_line(const char *file, char line[256])
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : io_read(fd, line, 255);

	line[MAX(n, 0)] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static bool says(const char *file, const char *what)
{
	char line[256];

	read_line(file, line);
	return strcmp(line, what) == 0;
}

/* A filter on this process: prctl would tell only about the strict mode. proc(5) */
static bool filtered(void)
{
	cleanup_fd int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	cleanup_buf struct buf all = BUF_NONE;

	return fd >= 0 && io_read_all(fd, &all, 1 << 16) == 0 && all.data &&
	       strstr(all.data, "\nSeccomp:\t2");
}

static bool in_chroot(void)
{
	struct stat own, first;

	return stat("/", &own) == 0 && stat("/proc/1/root/.", &first) == 0 &&
	       (own.st_dev != first.st_dev || own.st_ino != first.st_ino);
}

bool userns_restricted(void)
{
	return says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
}

static int add_apparmor(struct buf *out)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[MAX(n, 0)] = '\0';
	return buf_addf(out,
		"AppArmor takes the privileges from user namespaces of programs without a profile.\n"
		"As root, write this to /etc/apparmor.d/rlc and run "
		"'apparmor_parser -r /etc/apparmor.d/rlc':\n"
		"abi <abi/4.0>,\ninclude <tunables/global>\n"
		"profile rlc \"%s\" flags=(unconfined) {\n\tuserns,\n}",
		self);
}

static int add_limit(struct buf *out)
{
	char line[256];

	read_line("/proc/sys/user/max_user_namespaces", line);
	if (strcmp(line, "0") != 0)
		return buf_addf(out,
			"As many user namespaces as are allowed exist already, or they are nested "
			"more than 32 deep (/proc/sys/user/max_user_namespaces is %s).",
			line);
	return buf_adds(out,
		"User namespaces are switched off here: /proc/sys/user/max_user_namespaces is 0. Root "
		"switches them on with 'sysctl user.max_user_namespaces=10000'.");
}

char *userns_why(int code)
{
	struct buf out = BUF_NONE;

	if (code == -ENOSPC || code == -EUSERS)
		add_limit(&out);
	else if (userns_restricted())
		add_apparmor(&out);
	else if (says("/proc/sys/kernel/unprivileged_userns_clone", "0"))
		buf_adds(&out,
			"This kernel keeps user namespaces for root. Root allows them for all with "
			"'sysctl kernel.unprivileged_userns_clone=1'.");
	else if (code == -EINVAL || code == -ENOSYS)
		buf_adds(&out, "This kernel was built without user namespaces (CONFIG_USER_NS).");
	else if (filtered())
		buf_adds(&out,
			"A seccomp filter is on this process, as Docker's default profile is; it refuses "
			"user namespaces. Start the container with '--security-opt seccomp=unconfined', "
			"or with a profile that allows unshare and clone.");
	else if (in_chroot())
		buf_adds(&out,
			"This process is in a chroot; the kernel allows no user namespace there.");
	else
		buf_adds(&out, "A security module of this host refuses user namespaces.");
	return out.data;
}
