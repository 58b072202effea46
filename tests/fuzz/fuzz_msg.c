/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_msg.c - what a hostile peer process may send: any bytes as a message.
 *
 * The first two bytes choose sender and receiver, the third whether there is a
 * descriptor; the rest is header and body.  What the catalogue takes must be
 * readable to its end, and lists of values must come back the same.
 * fuzz-links:
 */
#include "lib/call.h"
#include "lib/own.h"
#include "lib/proto.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list that was taken has a form of its own that is taken, too. */
static void
check_values(const struct values *values)
{
	struct values back;
	struct wire_out out;
	struct wire_in in;

	wire_out_init(&out, 2 * LIMIT_MSG_BYTES);
	values_put(values, &out);
	assert(!out.is_failed);
	wire_in_init(&in, out.buf, out.len);
	assert(values_get(&back, &in) == ERR_OK && wire_in_is_done(&in));
	assert(back.count == values->count);
	for (size_t i = 0; i < back.count; i++) {
		const struct value *a = &values->v[i];
		const struct value *b = &back.v[i];

		assert(a->type == b->type && a->i == b->i && a->len == b->len);
		assert(a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
	}
	wire_out_release(&out);
}

/* Reads as handlers do, by whatever type is there. */
static void
read_values(const struct values *values)
{
	char text[32];
	size_t len;

	for (size_t i = 0; i <= values->count; i++) {
		auto_free char *copy = values_text_dup(values, i);

		(void)values_int(values, i);
		assert(strlen(values_text(values, i, text, sizeof(text))) <
		       sizeof(text));
		(void)values_bytes(values, i, &len);
		assert(strlen(copy) >= strlen(text));
	}
}

static void
check_call(struct wire_in *in)
{
	struct values values;
	unsigned int op;

	(void)wire_get_u64(in);
	op = wire_get_u16(in);
	assert(values_get(&values, in) == ERR_OK);
	check_values(&values);
	read_values(&values);
	for (int is_row = 0; is_row < 2; is_row++) {
		const struct call_spec *spec = call_spec(op);
		int err = call_check((enum call_op)op, &values, is_row != 0);

		assert(err == ERR_OK || err == ERR_FORMAT);
		if (err != ERR_OK)
			continue;
		assert(spec != NULL);
		assert(values.count ==
		       (is_row ? spec->column_count : spec->param_count));
	}
}

/* Every field that the catalogue promises can be read, and nothing is left. */
static void
read_body(const struct msg_spec *spec, struct wire_in *in)
{
	struct values values;
	char text[64];
	size_t len;

	for (const char *p = spec->body; *p != '\0'; p++) {
		switch (*p) {
		case '1':
			(void)wire_get_u8(in);
			break;
		case '2':
			(void)wire_get_u16(in);
			break;
		case '4':
			(void)wire_get_u32(in);
			break;
		case '8':
		case 'i':
			(void)wire_get_u64(in);
			break;
		case 's': {
			struct wire_in probe = *in;

			/* A short buffer fails the reader, never more. */
			wire_get_str(&probe, text, sizeof(text));
			assert(strlen(text) < sizeof(text));
			(void)wire_get_bytes(in, &len);
			break;
		}
		case 'b':
			(void)wire_get_bytes(in, &len);
			break;
		default:
			assert(values_get(&values, in) == ERR_OK);
			check_values(&values);
		}
	}
	assert(wire_in_is_done(in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct msg_spec *spec;
	struct wire_in in;
	enum role from, to;
	unsigned int type;
	bool has_fd;

	wire_in_init(&in, data, size);
	from = (enum role)(1 << (wire_get_u8(&in) % 8));
	to = (enum role)(1 << (wire_get_u8(&in) % 8));
	has_fd = wire_get_u8(&in) & 1;
	type = wire_get_u16(&in);
	if (in.is_failed)
		return 0;
	spec = proto_spec(type);
	if (proto_check(type, from, to, has_fd, in.buf + in.pos,
		in.len - in.pos) != ERR_OK)
		return 0;
	assert(spec != NULL && (spec->from & (unsigned int)from) != 0 &&
	       (spec->to & (unsigned int)to) != 0);
	assert(spec->fd == FD_MAY || (spec->fd == FD_MUST) == has_fd);
	if (type == MSG_CALL) {
		struct wire_in call = in;

		check_call(&call);
	}
	read_body(spec, &in);
	return 0;
}
