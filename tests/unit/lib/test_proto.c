/* SPDX-License-Identifier: Apache-2.0 */
/* test_proto.c - the message catalogue: who may send what to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/limits.h"
#include "lib/proto.h"
#include "lib/values.h"
#include "lib/wire.h"
#include "mutate.h"

#include <string.h>

/* A sound body for a shape of the catalogue. */
static void
make_body(const char *shape, struct wire_out *out)
{
	struct values values;

	wire_out_init(out, LIMIT_MSG_BYTES);
	for (; *shape != '\0'; shape++) {
		switch (*shape) {
		case '1':
			wire_put_u8(out, 1);
			break;
		case '2':
			wire_put_u16(out, 2);
			break;
		case '4':
			wire_put_u32(out, 4);
			break;
		case '8':
		case 'i':
			wire_put_u64(out, 8);
			break;
		case 's':
			wire_put_str(out, "text");
			break;
		case 'b':
			wire_put_bytes(out, "\0\xff", 2);
			break;
		case '+':
		case 'v':
			values_init(&values);
			values_add_int(&values, 1);
			values_add_text(&values, "x");
			values_put(&values, out);
			break;
		default:
			fail_msg("no such shape: %c", *shape);
		}
	}
}

/* Any of the roles of a set. */
static enum role
one_of(unsigned int roles)
{
	return (enum role)(roles & -roles);
}

static void
test_every_message(void **state)
{
	size_t count = 0;

	(void)state;
	for (unsigned int type = 1; type < MSG_COUNT; type++) {
		const struct msg_spec *spec = proto_spec(type);
		struct wire_out body;
		enum role from, to;
		bool has_fd;

		assert_non_null(spec);
		count++;
		make_body(spec->body, &body);
		from = one_of(spec->from);
		to = one_of(spec->to);
		has_fd = spec->fd == FD_MUST;
		assert_int_equal(
		    proto_check(type, from, to, has_fd, body.buf, body.len),
		    ERR_OK);
		assert_int_equal(
		    proto_check(type, from, to, !has_fd, body.buf, body.len),
		    spec->fd == FD_MAY ? ERR_OK : ERR_PEER);
		for (unsigned int bit = 1; bit < 0x100; bit <<= 1) {
			assert_int_equal(proto_check(type, (enum role)bit, to,
					     has_fd, body.buf, body.len),
			    spec->from & bit ? ERR_OK : ERR_PEER);
			assert_int_equal(proto_check(type, from, (enum role)bit,
					     has_fd, body.buf, body.len),
			    spec->to & bit ? ERR_OK : ERR_PEER);
		}
		wire_out_release(&body);
	}
	assert_true(count > 40);
}

struct probe {
	unsigned int type;
	enum role from;
	enum role to;
	bool has_fd;
};

static bool
is_taken(void *arg, const uint8_t *p, size_t len)
{
	const struct probe *probe = arg;

	return proto_check(probe->type, probe->from, probe->to, probe->has_fd,
		   p, len) == ERR_OK;
}

static void
test_mutations_of_every_message(void **state)
{
	(void)state;
	for (unsigned int type = 1; type < MSG_COUNT; type++) {
		const struct msg_spec *spec = proto_spec(type);
		struct probe probe = {type, one_of(spec->from),
		    one_of(spec->to), spec->fd == FD_MUST};
		struct wire_out body;

		make_body(spec->body, &body);
		assert_int_equal(
		    mutate_truncate(body.buf, body.len, is_taken, &probe).taken,
		    0);
		/* What ends in lists may have one more. */
		if (strchr(spec->body, '+') == NULL)
			assert_int_equal(
			    mutate_extend(body.buf == NULL ? (const uint8_t *)""
							   : body.buf,
				body.len, is_taken, &probe)
				.taken,
			    0);
		if (body.len > 0)
			(void)mutate_flip(body.buf, body.len, is_taken, &probe);
		wire_out_release(&body);
	}
}

static void
test_unknown_types(void **state)
{
	(void)state;
	assert_null(proto_spec(MSG_NONE_));
	assert_null(proto_spec(MSG_COUNT));
	assert_null(proto_spec(UINT32_MAX));
	assert_int_equal(
	    proto_check(MSG_COUNT, ROLE_PARENT, ROLE_STORE, false, NULL, 0),
	    ERR_PEER);
	assert_int_equal(
	    proto_check(MSG_STOP, ROLE_PARENT, ROLE_NONE, false, NULL, 0),
	    ERR_PEER);
}

static void
test_nul_in_text(void **state)
{
	struct wire_out body;

	(void)state;
	wire_out_init(&body, 100);
	wire_put_str(&body, "key");
	wire_put_bytes(&body, "a\0b", 3);
	assert_int_equal(proto_check(MSG_CONF, ROLE_PARENT, ROLE_VAULT, false,
			     body.buf, body.len),
	    ERR_PEER);
	wire_out_release(&body);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(proto_role_name(ROLE_SCHED), "sched");
	assert_string_equal(proto_role_name((enum role)0x7777), "none");
	for (unsigned int i = 0; i < RUN_OUTCOME_COUNT; i++)
		assert_string_not_equal(
		    proto_outcome_name((enum run_outcome)i), "unknown");
	assert_string_equal(proto_outcome_name(RUN_OUTCOME_COUNT), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_message),
	    cmocka_unit_test(test_mutations_of_every_message),
	    cmocka_unit_test(test_unknown_types),
	    cmocka_unit_test(test_nul_in_text),
	    cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
