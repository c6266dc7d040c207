// SPDX-License-Identifier: Apache-2.0
/* zstd (RFC 8878) decompressed, frame after frame. */
#include "core/pack/stage.h"

#ifdef CONFIG_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

#define WINDOW_LOG_MAX 27 /* 128 MiB */

struct unzstd {
	ZSTD_DCtx *context;
	bool inside; /* a frame has begun and not ended */
};

static void unzstd_free(void *state)
{
	struct unzstd *z = state;

	ZSTD_freeDCtx(z->context);
	free(z);
}

static int unzstd_make(void **state)
{
	struct unzstd *z = calloc(1, sizeof *z);

	if (!z)
		return -ENOMEM;
	z->context = ZSTD_createDCtx();
	if (!z->context || ZSTD_isError(ZSTD_DCtx_setParameter(
				   z->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		unzstd_free(z);
		return -ENOMEM;
	}
	*state = z;
	return 0;
}

static int unzstd_failed(size_t code, const char **why)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		*why = "the zstd data needs a window of more than 128 MiB";
		return -E2BIG;
	case ZSTD_error_memory_allocation:
		*why = "no memory for the zstd window";
		return -ENOMEM;
	case ZSTD_error_checksum_wrong:
		*why = "damaged zstd data: the checksum does not fit";
		return -EBADMSG;
	case ZSTD_error_prefix_unknown:
		*why = "what follows the zstd data is not zstd";
		return -EBADMSG;
	case ZSTD_error_dictionary_wrong:
		*why = "the zstd data needs a dictionary";
		return -EBADMSG;
	default:
		*why = "damaged zstd data";
		return -EBADMSG;
	}
}

static int unzstd_ended(const struct unzstd *z, int r, const char **why)
{
	if (r < 0 || !z->inside)
		return r;
	*why = "the zstd data is cut off";
	return -EBADMSG;
}

/* One step: 1, 0 at the end, or negative errno. Without input it gives what is still inside. */
static int unzstd_step(
	struct unzstd *z, struct input *in, struct block *b, size_t room, const char **why)
{
	ZSTD_outBuffer to = {.dst = b->data, .size = room, .pos = b->len};
	ZSTD_inBuffer from = {.src = in->p, .size = in->n, .pos = 0};
	size_t hint = ZSTD_decompressStream(z->context, &to, &from);
	bool full = to.pos == to.size;

	in->p += from.pos;
	in->n -= from.pos;
	b->len = to.pos;
	if (ZSTD_isError(hint))
		return unzstd_failed(hint, why);
	z->inside = hint != 0;
	return full || input_more(in) > 0 ? 1 : unzstd_ended(z, input_more(in), why);
}

static int unzstd_fill(
	void *state, struct input *in, struct block *b, size_t room, const char **why)
{
	struct unzstd *z = state;
	int r = 1;

	if (!z->inside && (r = input_more(in)) <= 0)
		return r;
	while (r > 0 && b->len < room)
		r = unzstd_step(z, in, b, room, why);
	return r;
}

const struct decoder_ops zstd_decoder = {
	.make = unzstd_make, .fill = unzstd_fill, .free = unzstd_free};
#endif
