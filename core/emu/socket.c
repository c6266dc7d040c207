// SPDX-License-Identifier: Apache-2.0
#include "core/emu/handlers.h"

#include "core/emu/made.h"
#include <sys/socket.h>
#include <sys/un.h>

/* From the directory where it is to stand, so that the name always fits. */
static int bind_there(const struct call *c, int sock, const struct made *m)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = strlen(m->place.name);
	int r;

	if (n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, m->place.name, n + 1);
	umask(m->mask);
	if (fchdir(m->place.dir.fd) < 0)
		return -errno;
	r = bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	return fchdir(c->emu->proc) < 0 ? -errno : r;
}

/* A socket that gets a name in the file system. */
long do_bind(struct call *c)
{
	struct sockaddr_un address = {0};
	cleanup_made struct made m = MADE_NONE;
	cleanup_fd int sock = -1;
	size_t n = (uint32_t)c->args[2];
	long r;

	if (n <= offsetof(struct sockaddr_un, sun_path) || n > sizeof(address) ||
		guest_read(c, c->args[1], &address, n) < 0 || address.sun_family != AF_UNIX ||
		!address.sun_path[0])
		return CALL_CONTINUE;
	char path[sizeof(address.sun_path) + 1] = "";

	memcpy(path, address.sun_path, n - offsetof(struct sockaddr_un, sun_path));
	r = view_place(c, AT_FDCWD, path, VIEW_LAST, &m.place);
	if (r < 0)
		return made_refuse(c, (int)r);
	r = made_at(c, S_IFSOCK | 0777, &m);
	if (r)
		return r == -EEXIST ? -EADDRINUSE : r;
	sock = guest_fd(c, call_int(c, 0));
	if (sock < 0)
		return sock;
	r = bind_there(c, sock, &m);
	return r < 0 ? r : made_finish(c, &m, -1);
}

/* Who is at the other end: the process that connected, as it is now. */
long do_getsockopt(struct call *c)
{
	struct ucred peer;
	socklen_t size = sizeof(peer), room;
	cleanup_fd int sock = -1;
	struct creds who;
	struct call of;
	int r;

	if (call_int(c, 1) != SOL_SOCKET || !atomic_load(&c->emu->dropped))
		return CALL_CONTINUE;
	sock = guest_fd(c, call_int(c, 0));
	if (sock < 0 || getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
		peer.pid <= 0)
		return CALL_CONTINUE;
	of = *c;
	/* of a pair, most likely this very thread made both */
	if (peer.pid != guest_process(c))
		of.tid = peer.pid;
	if (who_get(&of, &who) < 0 || guest_read(c, c->args[4], &room, sizeof(room)) < 0)
		return CALL_CONTINUE;
	/* The number of the process is the guest's own to know: only the ids are ours to say. */
	peer.uid = who.euid;
	peer.gid = who.egid;
	size = MIN(room, size);
	r = guest_write(c, c->args[3], &peer, size);
	return r < 0 ? r : guest_write(c, c->args[4], &size, sizeof(size));
}
