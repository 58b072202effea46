/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-behaviour - decodes what a guest sent while the sample ran.
 *
 * Reads:  descriptor 3, the trace of one run (agents/PROTOCOL.md).
 * Writes: descriptor 4: normalised events, the process tree, files, names and
 *         connections, conclusions with ATT&CK techniques, dropped files.
 * Trusts: nothing in the trace: the sample may have written all of it.
 */
#include "analysers/behaviour/behaviour.h"
#include "lib/analyser.h"
#include "lib/limits.h"
#include "lib/xalloc.h"

#define READ_BYTES ((size_t)256 * 1024)

static const struct cage cage = {
    .name = "behaviour",
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
};

static void *
load(struct program *program)
{
	(void)program;
	return NULL;
}

static void
info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)data;
	(void)snprintf(engine, engine_size, "loep-behaviour %s, protocol %u",
	    LOEP_VERSION, WIRE_VERSION);
	*ret_detail = json_object();
}

static void
push(struct behaviour *b, struct gwire_decoder *dec, const uint8_t *p,
    size_t len)
{
	struct gwire_frame frame;

	while (len > 0) {
		size_t n = gwire_push(dec, p, len);

		p += n;
		len -= n;
		while (gwire_next(dec, &frame))
			behaviour_frame(b, &frame);
	}
}

static int
analyse(struct analysis *analysis)
{
	struct behaviour *b = behaviour_new(analysis->out);
	struct gwire_decoder *dec = xcalloc(1, sizeof(*dec));
	uint8_t *buf = xmalloc(READ_BYTES);
	struct gwire_frame frame;
	uint64_t at = 0;
	size_t n = 1;
	int err = ERR_OK;

	while (err == ERR_OK && n > 0) {
		err = input_read_at(analysis->input, at, buf, READ_BYTES, &n);
		if (err != ERR_OK) {
			record_error(analysis->out, "trace",
			    "cannot be read beyond byte %llu",
			    (unsigned long long)at);
			break;
		}
		push(b, dec, buf, n);
		at += n;
	}
	while (gwire_finish(dec, &frame))
		behaviour_frame(b, &frame);
	behaviour_finish(b, dec);
	free(buf);
	free(dec);
	behaviour_free(b);
	return err;
}

static const struct analyser behaviour_analyser = {
    .name = "behaviour",
    .cage = &cage,
    .load = load,
    .info = info,
    .analyse = analyse,
};

int
main(void)
{
	return analyser_main(&behaviour_analyser);
}
