// SPDX-License-Identifier: Apache-2.0
/* A Dockerfile: it becomes a file of images that can be read, or an error that says where. */
#include "core/build/convert.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_converted struct converted made = CONVERTED_NONE;
	cleanup_free char *text = strndup((const char *)data, size);
	cleanup_err struct err err = ERR_NONE;

	MUST(text);
	if (dockerfile_convert("f", text, -1, &made, &err) < 0)
		MUST(err.code < 0 && err.path && strncmp(err.path, "f:", 2) == 0 &&
			!made.yaml.data);
	else
		MUST(made.yaml.len);
	return 0;
}
