// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_IDMAP_H
#define RLC_IDMAP_H

#include "core/ns/userns.h"

/* Writes the maps of the process pid, 0: this one. 0 or negative errno. */
int idmap_write(pid_t pid, const struct userns_ids *ids);

/* A process that stays outside of the namespace to come, to map its ids from there. */
struct idmap_helper {
	pid_t pid;
	int go; /* what is written here starts it; closed it ends */
};

/* Call it before unshare. 0, or -1 with errno. ids is used until the finish. */
int idmap_helper_start(struct idmap_helper *h, const struct userns_ids *ids);

/* Lets it map this process (go), or ends it: 0; -ENOENT: newuidmap is missing; -EPERM: it refused,
 * and has said why. */
int idmap_helper_finish(struct idmap_helper *h, bool go);

#endif
