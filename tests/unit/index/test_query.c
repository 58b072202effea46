/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_query.c - conditions over units: exact where they can be, and never a
 * unit lost: what a slow evaluator over the raw bytes says is true is always
 * among the candidates.
 */
#include "fake.h"

#include "index/plan.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <string.h>

#define UNITS 400

struct unit_bytes {
	uint8_t *p;
	size_t len;
};

struct rig {
	char *folder;
	struct index *index;
	struct batch batch;
	struct unit_bytes units[UNITS + 1]; /* by number */
};

static int
setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	rig->folder = folder_new();
	rig->index = open_index(rig->folder);
	batch_init(&rig->batch);
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i <= UNITS; i++)
		free(rig->units[i].p);
	index_free(rig->index);
	batch_release(&rig->batch);
	folder_free(rig->folder);
	free(rig);
	return 0;
}

static void
add(struct rig *rig, uint64_t seq, const char *bytes, size_t len)
{
	batch_add(&rig->batch, seq, bytes, len);
	batch_to_index(&rig->batch, rig->index);
}

static void
expect(struct rig *rig, const struct wire_out *cond, uint64_t last,
    const char *want)
{
	auto_free char *got = ask_text(rig->index, cond, last);

	assert_string_equal(got, want);
}

static void
test_runs(void **state)
{
	struct rig *rig = *state;
	struct wire_out c;

	add(rig, 1, "abcdefgh", 8);
	add(rig, 2, "a\0b\0c\0d\0e\0", 10);
	add(rig, 3, "xa\0b\0c\0d", 8);
	add(rig, 4, "ABCDEFGH", 8);
	add(rig, 5, "abcd", 4);
	add(rig, 6, "abc", 3);
	cond_begin(&c);
	cond_run(&c, "abcd", 0);
	expect(rig, &c, 6, "1,4-5");
	wire_out_reset(&c);
	wire_put_u8(&c, COND_VERSION);
	/* The NUL behind the last byte may be missing. */
	cond_run(&c, "abcd", COND_WIDE);
	expect(rig, &c, 6, "2-3");
	wire_out_reset(&c);
	wire_put_u8(&c, COND_VERSION);
	cond_run(&c, "abcdefg", 0);
	expect(rig, &c, 6, "1,4");
	wire_out_release(&c);
}

static void
test_sizes(void **state)
{
	struct rig *rig = *state;
	struct wire_out c;

	for (uint64_t i = 1; i <= 9; i++)
		batch_add(&rig->batch, i, "123456789", i);
	batch_to_index(&rig->batch, rig->index);
	cond_begin(&c);
	cond_size(&c, 3, 5);
	expect(rig, &c, 9, "3-5");
	cond_size(&c, 0, UINT64_MAX);
	cond_op(&c, COND_AND, 2);
	cond_size(&c, 9, 9);
	cond_op(&c, COND_OR, 2);
	expect(rig, &c, 9, "3-5,9");
	expect(rig, &c, 4, "3-4");
	wire_out_release(&c);
}

static void
test_heads(void **state)
{
	struct rig *rig = *state;
	struct wire_out c;

	add(rig, 1, "MZ\x90\0", 4);
	add(rig, 2, "M", 1);
	add(rig, 3, "MZ", 2);
	add(rig, 4,
	    "\x7f"
	    "ELF",
	    4);
	add(rig, 5, "", 0);
	cond_begin(&c);
	cond_head(&c, 0, "MZ");
	expect(rig, &c, 5, "1,3");
	wire_out_reset(&c);
	/* Zeros that the unit has, and those that it has not. */
	wire_put_raw(&c, "\x01\x21\x03\x01\0\xff", 6);
	expect(rig, &c, 5, "1");
	wire_out_reset(&c);
	/* A bit of each byte: no matter which, but the byte is there. */
	wire_put_raw(&c, "\x01\x21\x03\x01\0\0", 6);
	expect(rig, &c, 5, "1,4");
	wire_out_release(&c);
}

static void
test_min(void **state)
{
	struct rig *rig = *state;
	struct wire_out c;
	static const char *const words[] = {"alpha", "bravo", "charlie",
	    "delta", "echo!", "foxtrot", "golfing", "hotels"};

	for (uint64_t i = 0; i < 256; i++) {
		char text[128] = "";

		for (size_t w = 0; w < 8; w++) {
			if ((i >> w & 1) != 0)
				(void)snprintf(text + strlen(text),
				    sizeof(text) - strlen(text), "%s.",
				    words[w]);
		}
		batch_add(&rig->batch, i + 1, text, strlen(text));
	}
	batch_to_index(&rig->batch, rig->index);
	for (unsigned int least = 1; least <= 8; least++) {
		struct candidates found;
		unsigned int want = 0;

		cond_begin(&c);
		for (size_t w = 0; w < 8; w++)
			cond_run(&c, words[w], 0);
		cond_min(&c, 8, least);
		for (unsigned int i = 0; i < 256; i++)
			want += (unsigned int)__builtin_popcount(i) >= least;
		ask_index(rig->index, &c, 256, &found);
		/* Few bits a column: some may seem to have a word more. */
		assert_in_range(candidates_total(&found, 0), want, want + 40);
		candidates_release(&found);
		wire_out_release(&c);
	}
}

/* No condition at all: every unit up to the last, but those that are gone. */
static void
test_true(void **state)
{
	struct rig *rig = *state;
	struct wire_out c;

	for (uint64_t i = 1; i <= 9; i++)
		batch_add(&rig->batch, i, "123456789", i);
	batch_add_always(&rig->batch, 12);
	batch_to_index(&rig->batch, rig->index);
	assert_int_equal(index_delete(rig->index, 4), ERR_OK);
	assert_int_equal(index_delete(rig->index, 11), ERR_OK);
	cond_begin(&c);
	cond_op(&c, COND_TRUE, 0);
	expect(rig, &c, 12, "1-3,5-10,12");
	expect(rig, &c, 6, "1-3,5-6");
	expect(rig, &c, 4, "1-3");
	expect(rig, &c, 0, "");
	wire_out_release(&c);
}

/* Nested as deep and wide as a condition may be. */
static void
test_extremes(void **state)
{
	struct rig *rig = *state;
	struct wire_out c;

	add(rig, 1, "abcd", 4);
	cond_begin(&c);
	for (size_t i = 0; i < COND_STACK_MAX; i++)
		cond_op(&c, i == 7 ? COND_TRUE : COND_FALSE, 0);
	for (size_t i = 1; i < COND_STACK_MAX; i++)
		cond_op(&c, i % 2 ? COND_OR : COND_OR, 2);
	expect(rig, &c, 1, "1");
	wire_out_release(&c);
	cond_begin(&c);
	cond_op(&c, COND_TRUE, 0);
	for (size_t i = 0; i < COND_OPS_MAX / 2 - 1; i++) {
		cond_size(&c, 0, 10);
		cond_op(&c, i % 2 ? COND_OR : COND_AND, 2);
		if (c.len > COND_BYTES_MAX - 64)
			break;
	}
	expect(rig, &c, 1, "1");
	wire_out_release(&c);
	cond_begin(&c);
	for (size_t i = 0; i < COND_STACK_MAX; i++)
		cond_op(&c, COND_TRUE, 0);
	cond_min(&c, COND_STACK_MAX, COND_STACK_MAX - 1);
	expect(rig, &c, 1, "1");
	wire_out_release(&c);
}

static void
test_bad_questions(void **state)
{
	struct rig *rig = *state;
	struct candidates_ask ask;
	int fd = -1;

	candidates_ask_init(&ask);
	assert_int_equal(
	    query_answer(rig->index, ask.wire.buf, 5, 1, &fd), ERR_FORMAT);
	assert_int_equal(
	    candidates_ask_add(&ask, (const uint8_t *)"\x01", 1), ERR_OK);
	ask.wire.buf[8] = 1;
	assert_int_equal(
	    query_answer(rig->index, ask.wire.buf, ask.wire.len, 1, &fd),
	    ERR_FORMAT);
	assert_int_equal(fd, -1);
	candidates_ask_release(&ask);
}

/* --- why not --- */

static void
test_explain(void **state)
{
	struct rig *rig = *state;
	auto_json json_t *json = NULL;
	const json_t *because;
	struct wire_out c;

	add(rig, 1, "abcdefgh and MZ", 15);
	batch_add_always(&rig->batch, 2);
	batch_to_index(&rig->batch, rig->index);
	cond_begin(&c);
	cond_run(&c, "abcdefgh", 0);
	cond_run(&c, "abcdefgx", 0);
	cond_run(&c, "nothing!", COND_WIDE);
	cond_op(&c, COND_OR, 2);
	cond_size(&c, 1, 2);
	cond_op(&c, COND_AND, 3);
	assert_int_equal(
	    query_explain(rig->index, c.buf, c.len, 1, &json), ERR_OK);
	assert_true(json_is_true(json_object_get(json, "indexed")));
	assert_true(json_is_false(json_object_get(json, "candidate")));
	assert_int_equal(json_member_int(json, "size", 0), 15);
	because = json_object_get(json, "because");
	assert_int_equal(json_array_size(because), 2);
	assert_string_equal(
	    json_member_text(json_array_get(because, 1), "text", ""),
	    "abcdefgx");
	/* "efgx" is the only gram that is not there. */
	assert_string_equal(
	    json_member_text(json_array_get(because, 1), "absent", ""),
	    "65666778");
	json_decref(take_ptr(json));
	assert_int_equal(
	    query_explain(rig->index, c.buf, c.len, 2, &json), ERR_OK);
	assert_true(json_is_true(json_object_get(json, "candidate")));
	assert_true(json_is_false(json_object_get(json, "indexed")));
	json_decref(take_ptr(json));
	assert_int_equal(
	    query_explain(rig->index, c.buf, c.len, 3, &json), ERR_OK);
	assert_true(json_is_true(json_object_get(json, "candidate")));
	json_decref(take_ptr(json));
	assert_int_equal(
	    query_explain(rig->index, c.buf, 3, 1, &json), ERR_FORMAT);
	wire_out_release(&c);
}

/* --- never a unit lost --- */

static uint8_t
fold_byte(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool
has_run(const struct unit_bytes *unit, const struct cond_step *step)
{
	size_t stride = (step->flags & COND_WIDE) != 0 ? 2 : 1;
	size_t need = stride * (step->len - 1) + 1;

	for (size_t at = 0; at + need <= unit->len; at++) {
		bool is_there = true;

		for (size_t i = 0; is_there && i < step->len; i++) {
			const uint8_t *p = unit->p + at + i * stride;

			is_there =
			    fold_byte(*p) == step->p[i] &&
			    (stride == 1 || i + 1 == step->len || p[1] == 0);
		}
		if (is_there)
			return true;
	}
	return false;
}

static bool
has_head(const struct unit_bytes *unit, const struct cond_step *step)
{
	if (unit->len < (size_t)step->offset + step->len)
		return false;
	for (size_t i = 0; i < step->len; i++) {
		if ((unit->p[step->offset + i] & step->p[step->len + i]) !=
		    step->p[i])
			return false;
	}
	return true;
}

/* As lib/cond.h says, without any index. */
static bool
reference(const struct unit_bytes *unit, const struct wire_out *cond)
{
	bool stack[COND_STACK_MAX];
	struct cond_step step;
	size_t count = 0;

	for (size_t at = 0;
	     cond_next(cond->buf, cond->len, &at, &step) == ERR_OK;) {
		size_t is_true = 0;

		count -= step.count;
		for (size_t i = 0; i < step.count; i++)
			is_true += stack[count + i];
		switch (step.op) {
		case COND_TRUE:
			stack[count] = true;
			break;
		case COND_FALSE:
			stack[count] = false;
			break;
		case COND_RUN:
			stack[count] = has_run(unit, &step);
			break;
		case COND_SIZE:
			stack[count] =
			    unit->len >= step.min && unit->len <= step.max;
			break;
		case COND_HEAD:
			stack[count] = has_head(unit, &step);
			break;
		case COND_AND:
			stack[count] = is_true == step.count;
			break;
		case COND_OR:
			stack[count] = is_true > 0;
			break;
		case COND_MIN:
			stack[count] = is_true >= step.least;
			break;
		}
		count++;
	}
	return stack[0];
}

static struct unit_bytes
random_unit(uint64_t *state)
{
	static const size_t sizes[] = {0, 3, 7, 64, 300, 3000, 40000, 300000};
	size_t len = rnd(state) % (sizes[rnd(state) % 8] + 1);
	uint64_t kind = rnd(state) % 4;
	struct unit_bytes unit = {.p = xmalloc(len + 1), .len = len};

	for (size_t i = 0; i < len; i++) {
		switch (kind) {
		case 0: /* packed */
			unit.p[i] = (uint8_t)rnd(state);
			break;
		case 1: /* text */
			unit.p[i] =
			    (uint8_t)("etaoinSHRDLU \n"[rnd(state) % 14]);
			break;
		case 2: /* wide text */
			unit.p[i] =
			    i % 2 ? 0
				  : (uint8_t)("abcdeFGHIJ"[rnd(state) % 10]);
			break;
		default: /* mostly zeros */
			unit.p[i] = rnd(state) % 8 ? 0 : (uint8_t)rnd(state);
		}
	}
	return unit;
}

static void
random_leaf(struct rig *rig, uint64_t *state, struct wire_out *c)
{
	const struct unit_bytes *unit = &rig->units[1 + rnd(state) % UNITS];
	uint64_t what = rnd(state) % 8;

	if (what == 0) {
		uint64_t min = rnd(state) % 4000;

		cond_size(c, min, min + rnd(state) % 100000);
	} else if (what == 1 && unit->len >= 4) {
		unsigned int from = (unsigned int)(rnd(state) % 3);

		wire_put_u8(c, COND_HEAD);
		wire_put_u8(c, (uint8_t)from);
		wire_put_u8(c, 2);
		wire_put_u8(c, unit->p[from] & 0x5f);
		wire_put_u8(c, unit->p[from + 1]);
		wire_put_u16(c, 0xff5f);
	} else {
		size_t len = COND_RUN_MIN + rnd(state) % 20;
		size_t stride = what % 2 + 1;
		uint8_t run[COND_RUN_MAX];

		for (size_t i = 0; i < len; i++)
			run[i] = (uint8_t)rnd(state);
		/* Mostly what is in some unit. */
		if (what != 7 && unit->len > len * stride) {
			size_t at = rnd(state) % (unit->len - len * stride);

			for (size_t i = 0; i < len; i++)
				run[i] = unit->p[at + i * stride];
		}
		wire_put_u8(c, COND_RUN);
		wire_put_u8(c, stride == 2 ? COND_WIDE : 0);
		wire_put_u8(c, (uint8_t)len);
		for (size_t i = 0; i < len; i++)
			wire_put_u8(c, fold_byte(run[i]));
	}
}

static void
random_cond(struct rig *rig, uint64_t *state, struct wire_out *c)
{
	size_t depth = 0;
	size_t left = 1 + rnd(state) % 12;

	cond_begin(c);
	while (left > 0 || depth > 1) {
		if (left > 0 && (depth < 2 || rnd(state) % 2)) {
			random_leaf(rig, state, c);
			depth++;
			left--;
		} else {
			unsigned int n = (unsigned int)(1 + rnd(state) % depth);

			if (left == 0)
				n = (unsigned int)depth;
			switch (rnd(state) % 3) {
			case 0:
				cond_op(c, COND_AND, n);
				break;
			case 1:
				cond_op(c, COND_OR, n);
				break;
			default:
				cond_min(
				    c, n, (unsigned int)(1 + rnd(state) % n));
			}
			depth -= n - 1;
		}
	}
}

/* All candidates, as one truth value a unit. */
static void
ask_flags(struct rig *rig, const struct wire_out *cond, bool *flags)
{
	struct candidates_iter iter;
	struct candidates c;
	uint64_t first, count;

	memset(flags, 0, UNITS + 1);
	ask_index(rig->index, cond, UNITS, &c);
	candidates_begin(&c, 0, &iter);
	while (candidates_next(&iter, &first, &count)) {
		assert_true(first >= 1 && first + count - 1 <= UNITS);
		memset(flags + first, 1, count);
	}
	candidates_release(&c);
}

static void
check_conditions(struct rig *rig, uint64_t *state, int rounds)
{
	size_t is_true = 0, candidates = 0, asked = 0;

	for (int round = 0; round < rounds; round++) {
		bool flags[UNITS + 1];
		struct wire_out cond;

		random_cond(rig, state, &cond);
		assert_int_equal(cond_check(cond.buf, cond.len), ERR_OK);
		ask_flags(rig, &cond, flags);
		for (size_t u = 1; u <= UNITS; u++) {
			bool want = reference(&rig->units[u], &cond);

			if (want && !flags[u])
				fail_msg("round %d lost unit %zu", round, u);
			is_true += want;
			candidates += flags[u];
			asked++;
		}
		wire_out_release(&cond);
	}
	/* An index that finds everything would pass: it must tell apart. */
	assert_true(is_true > asked / 50);
	assert_true(candidates - is_true < (asked - is_true) / 3);
}

static void
test_no_unit_is_lost(void **state)
{
	struct rig *rig = *state;
	uint64_t random = 20261121;

	for (uint64_t u = 1; u <= UNITS; u++) {
		rig->units[u] = random_unit(&random);
		batch_add(&rig->batch, u, rig->units[u].p, rig->units[u].len);
		if (u % 23 == 0 || u == UNITS)
			batch_to_index(&rig->batch, rig->index);
	}
	check_conditions(rig, &random, 60);
	merge_all(rig->index);
	check_conditions(rig, &random, 60);
	index_free(rig->index);
	rig->index = open_index(rig->folder);
	check_conditions(rig, &random, 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_runs),
	    T(test_sizes),
	    T(test_heads),
	    T(test_min),
	    T(test_true),
	    T(test_extremes),
	    T(test_bad_questions),
	    T(test_explain),
	    T(test_no_unit_is_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
