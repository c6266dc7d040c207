// SPDX-License-Identifier: Apache-2.0
#include "core/image/image.h"

#if defined(__x86_64__)
#define HERE "amd64"
#elif defined(__aarch64__)
#define HERE "arm64"
#elif defined(__arm__)
#define HERE "arm"
#elif defined(__i386__)
#define HERE "386"
#elif defined(__riscv) && __riscv_xlen == 64
#define HERE "riscv64"
#elif defined(__powerpc64__)
#define HERE "ppc64le"
#elif defined(__s390x__)
#define HERE "s390x"
#elif defined(__loongarch64)
#define HERE "loong64"
#else
#define HERE "unknown"
#endif

/* Go's word for what uname(1) calls otherwise. */
static const char *arch_word(const char *arch)
{
	if (strcmp(arch, "x86_64") == 0)
		return "amd64";
	if (strcmp(arch, "aarch64") == 0)
		return "arm64";
	return arch;
}

static int set(struct platform *p, const char *os, const char *arch, const char *variant)
{
	p->os = strdup(os);
	p->arch = strdup(arch_word(arch));
	p->variant = variant ? strdup(variant) : NULL;
	if (p->os && p->arch && (p->variant || !variant))
		return 0;
	platform_done(p);
	return -ENOMEM;
}

int platform_parse(const char *text, struct platform *p)
{
	cleanup_free char *copy = strdup(text);
	char *arch, *variant;

	*p = (struct platform)PLATFORM_NONE;
	if (!copy)
		return -ENOMEM;
	arch = strchr(copy, '/');
	if (!arch)
		return -EINVAL;
	*arch++ = '\0';
	variant = strchr(arch, '/');
	if (variant)
		*variant++ = '\0';
	if (!*copy || !*arch || (variant && (!*variant || strchr(variant, '/'))))
		return -EINVAL;
	return set(p, copy, arch, variant);
}

int platform_here(struct platform *p)
{
	return set(p, "linux", HERE, NULL);
}

void platform_done(struct platform *p)
{
	free(p->os);
	free(p->arch);
	free(p->variant);
	*p = (struct platform)PLATFORM_NONE;
}

/* The variant that stands for an architecture where none is named. */
static const char *usual_variant(const char *arch)
{
	return strcmp(arch, "arm64") == 0 ? "v8" : strcmp(arch, "arm") == 0 ? "v7" : "";
}

bool platform_fits(const struct platform *want, const json_t *object)
{
	const char *os = doc_text(object, "os"), *arch = doc_text(object, "architecture");
	const char *variant = doc_text(object, "variant");

	if (want->os && (!os || strcmp(os, want->os) != 0))
		return false;
	if (want->arch && (!arch || strcmp(arch, want->arch) != 0))
		return false;
	if (!want->variant)
		return true;
	if (!variant || !*variant)
		variant = usual_variant(arch ? arch : "");
	return strcmp(variant, want->variant) == 0;
}

bool platform_usual(const json_t *object)
{
	const char *arch = doc_text(object, "architecture"), *variant = doc_text(object, "variant");

	return !variant || !*variant || strcmp(variant, usual_variant(arch ? arch : "")) == 0;
}
