// SPDX-License-Identifier: Apache-2.0
/* The configuration of a container: what is read of it, and what is refused where. */
#include "core/run/config.h"
#include "testsuite/unit/test.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define LEAST "\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"}"
#define PROCESS "{" LEAST ",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\","
#define LINUX "{" LEAST ",\"linux\":{"

static int read_text(const char *text, struct run_config *c, struct err *err)
{
	cleanup_free char *copy = strdup(text);
	cleanup_json json_t *doc = NULL;
	int r = run_config_parse(copy, strlen(text), "config.json", &doc, err);

	return r < 0 ? r : run_config_read(doc, c, err);
}

static void check_refusals(void)
{
	static const struct {
		const char *text, *path;
		int code;
	} vectors[] = {
		{"[]", NULL, -EBADMSG},
		{"{}", "ociVersion", -EBADMSG},
		{"{\"ociVersion\":\"2.0\"}", "ociVersion", -ENOTSUP},
		{"{\"ociVersion\":\"1.0\"}", "root", -EBADMSG},
		{"{\"ociVersion\":\"1.0\",\"root\":{}}", "root.path", -EBADMSG},
		{"{\"ociVersion\":\"1.0\",\"root\":[]}", "root", -EBADMSG},
		{"{\"ociVersion\":1,\"root\":{}}", "ociVersion", -EBADMSG},
		{"{" LEAST ",\"process\":{\"cwd\":\"/\"}}", "process", -EBADMSG},
		{"{" LEAST ",\"process\":{\"args\":[1],\"cwd\":\"/\"}}", "process.args[0]",
			-EBADMSG},
		{"{" LEAST ",\"process\":{\"args\":[\"a\"],\"cwd\":\"x\"}}", "process.cwd",
			-EBADMSG},
		{PROCESS "\"user\":{\"uid\":-1}}}", "process.user.uid", -EBADMSG},
		{PROCESS "\"user\":{\"uid\":4294967296}}}", "process.user.uid", -EBADMSG},
		{PROCESS "\"user\":{\"uid\":4294967295}}}", "process.user", -EBADMSG},
		{PROCESS "\"user\":{\"umask\":512}}}", "process.user.umask", -EBADMSG},
		{PROCESS "\"user\":{\"additionalGids\":[1,\"2\"]}}}",
			"process.user.additionalGids[1]", -EBADMSG},
		{PROCESS "\"oomScoreAdj\":1001}}", "process.oomScoreAdj", -EBADMSG},
		{PROCESS "\"terminal\":1}}", "process.terminal", -EBADMSG},
		{PROCESS "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":2},"
			 "{\"type\":\"RLIMIT_X\"}]}}",
			"process.rlimits[1].type", -EBADMSG},
		{PROCESS "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]}}",
			"process.rlimits[0]", -EBADMSG},
		{PROCESS "\"capabilities\":{\"bounding\":\"CAP_KILL\"}}}",
			"process.capabilities.bounding", -EBADMSG},
		{"{" LEAST ",\"mounts\":[{\"type\":\"proc\"}]}", "mounts[0]", -EBADMSG},
		{"{" LEAST ",\"mounts\":[{\"destination\":\"/a\"}]}", "mounts[0]", -EBADMSG},
		{"{" LEAST ",\"mounts\":[{\"destination\":\"/a\",\"options\":[\"bind\"]}]}",
			"mounts[0]", -EBADMSG},
		{"{" LEAST ",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}}",
			"hooks.poststop[0].path", -EBADMSG},
		{"{" LEAST ",\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}}",
			"hooks.poststop[0].timeout", -EBADMSG},
		{LINUX "\"namespaces\":[{\"type\":\"moon\"}]}}", "linux.namespaces[0].type",
			-EBADMSG},
		{LINUX "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}",
			"linux.namespaces[1]", -EBADMSG},
		{LINUX "\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]}}",
			"linux.namespaces[0].path", -EBADMSG},
		{LINUX "\"uidMappings\":[{\"hostID\":4294967295,\"size\":2}]}}",
			"linux.uidMappings[0]", -EBADMSG},
		{LINUX "\"gidMappings\":[{\"size\":0}]}}", "linux.gidMappings[0]", -EBADMSG},
		{LINUX "\"sysctl\":{\"net/../kernel.core_pattern\":\"x\"}}}",
			"linux.sysctl.net/../kernel.core_pattern", -EBADMSG},
		{LINUX "\"rootfsPropagation\":\"up\"}}", "linux.rootfsPropagation", -EBADMSG},
		{LINUX "\"devices\":[{\"type\":\"c\"}]}}", "linux.devices[0]", -EBADMSG},
		{LINUX "\"devices\":[{\"type\":\"x\",\"path\":\"/x\"}]}}", "linux.devices[0]",
			-EBADMSG},
		{"{" LEAST ",\"linux\":{\"maskedPaths\":{}}}", "linux.maskedPaths", -EBADMSG},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		cleanup_run_config struct run_config c = RUN_CONFIG_NONE;
		cleanup_err struct err err = ERR_NONE;
		int r = read_text(vectors[i].text, &c, &err);

		CHECK(r == vectors[i].code, "%s: %d", vectors[i].text, r);
		CHECK(!vectors[i].path == !err.path &&
				(!err.path || strcmp(err.path, vectors[i].path) == 0),
			"the place is %s", err.path ? err.path : "");
	}
}

static void check_process(void)
{
	cleanup_run_config struct run_config c = RUN_CONFIG_NONE;
	cleanup_err struct err err = ERR_NONE;
	const struct run_process *p = &c.process;
	int r = read_text(PROCESS
		"\"env\":[\"A=1\"],\"user\":{\"uid\":5,\"gid\":6,\"umask\":63,\"additionalGids\":"
		"[7,8]},\"noNewPrivileges\":true,\"oomScoreAdj\":-5,\"terminal\":true,"
		"\"consoleSize\":{\"height\":3,\"width\":4},\"capabilities\":{\"bounding\":"
		"[\"CAP_CHOWN\",\"CAP_CHECKPOINT_RESTORE\",\"CAP_OF_TOMORROW\"]},\"rlimits\":[{\"type\":"
		"\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":18446744073709551615}]}}",
		&c, &err);

	CHECK(r == 0, "a process is read: %s %s", err.path ? err.path : "", err.what);
	CHECK(strcmp(p->args[0], "a") == 0 && !p->args[1] && strcmp(p->env[0], "A=1") == 0,
		"texts");
	CHECK(p->uid == 5 && p->gid == 6 && p->umask == 077, "user");
	CHECK(p->group_count == 2 && p->groups[1] == 8, "groups");
	CHECK(p->no_new_privileges && p->terminal && p->rows == 3 && p->columns == 4, "flags");
	CHECK(p->has_oom_score_adj && p->oom_score_adj == -5, "the score");
	CHECK(p->caps.bounding == (1 | (uint64_t)1 << 40) && !p->caps.permitted, "capabilities");
	CHECK(p->rlimit_count == 1 && p->rlimits[0].what == RLIMIT_NOFILE &&
			p->rlimits[0].soft == 10 && p->rlimits[0].hard == UINT64_MAX,
		"a limit over 63 bits is none");
}

static void check_mounts(void)
{
	cleanup_run_config struct run_config c = RUN_CONFIG_NONE;
	cleanup_err struct err err = ERR_NONE;
	int r = read_text(
		"{" LEAST ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\","
		"\"options\":[\"ro\",\"nosuid\",\"rw\",\"mode=755\",\"noexec\",\"size=1k\"]},"
		"{\"destination\":\"/b\",\"source\":\"s\",\"options\":[\"rbind\",\"rprivate\","
		"\"exec\",\"rro\"]}]}",
		&c, &err);

	CHECK(r == 0 && c.mount_count == 2, "mounts are read: %d", r);
	CHECK(c.mounts[0].flags == (MS_NOSUID | MS_NOEXEC) && c.mounts[0].clear == MS_RDONLY,
		"the last word counts");
	CHECK(strcmp(c.mounts[0].data, "mode=755,size=1k") == 0, "what is the file system's own");
	CHECK(c.mounts[1].bind && c.mounts[1].recursive && c.mounts[1].recursive_read_only &&
			c.mounts[1].propagation == (MS_PRIVATE | MS_REC) &&
			c.mounts[1].clear == MS_NOEXEC && !c.mounts[1].data,
		"a bind mount");
}

static void check_linux(void)
{
	cleanup_run_config struct run_config c = RUN_CONFIG_NONE;
	cleanup_err struct err err = ERR_NONE;
	int r = read_text(LINUX
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}],"
		"\"sysctl\":{\"net.a\":\"1\"},\"seccomp\":{\"defaultAction\":\"x\"},"
		"\"resources\":{\"devices\":[{\"allow\":false}],\"pids\":{\"limit\":1}}}}",
		&c, &err);

	CHECK(r == 0 && c.namespace_count == 2 && c.namespaces[0].flag == CLONE_NEWPID &&
			!c.namespaces[0].path && strcmp(c.namespaces[1].path, "/n") == 0,
		"namespaces");
	CHECK(c.sysctl_count == 1 && strcmp(c.sysctls[0].value, "1") == 0, "sysctls");
	CHECK(c.skipped_count == 2 && strcmp(c.skipped[0], "linux.seccomp") == 0 &&
			strcmp(c.skipped[1], "linux.resources") == 0,
		"what is skipped is remembered");
}

/* There are eight kinds, and room for as many. */
static void check_ninth(void)
{
	cleanup_run_config struct run_config c = RUN_CONFIG_NONE;
	cleanup_err struct err err = ERR_NONE;
	int r = read_text(LINUX
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},"
		"{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"user\"},{\"type\":\"cgroup\"},"
		"{\"type\":\"time\"},{\"type\":\"pid\"}]}}",
		&c, &err);

	CHECK(r == -EBADMSG && c.namespace_count == 8, "nothing is written behind the last: %zu",
		c.namespace_count);
}

static void check_numbers(void)
{
	static const char *const texts[][2] = {
		{"[18446744073709551615]", "[ 9223372036854775807]"},
		{"[9223372036854775807,9223372036854775808]",
			"[9223372036854775807,9223372036854775807]"},
		{"[\"18446744073709551615\\\"18446744073709551615\",1]",
			"[\"18446744073709551615\\\"18446744073709551615\",1]"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_free char *copy = strdup(texts[i][0]);
		cleanup_json json_t *doc = NULL;
		int r = run_config_parse(copy, strlen(copy), "x", &doc, NULL);

		CHECK(r == 0 && strcmp(copy, texts[i][1]) == 0, "%s: %d %s", texts[i][0], r, copy);
	}
}

int main(void)
{
	check_refusals();
	check_process();
	check_mounts();
	check_linux();
	check_ninth();
	check_numbers();
	return test_done();
}
