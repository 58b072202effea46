/* SPDX-License-Identifier: Apache-2.0 */
/* test_label.c - the algebra of labels, as properties over random trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/label.h"

#include <string.h>

#define TREES 2000
#define NODES 64

/* A small generator with a fixed seed: a failure comes again. */
static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned int
pick(unsigned int bound)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % bound;
}

static struct label
any_label(void)
{
	return (struct label){(enum tlp)pick(5), (enum pap)pick(4)};
}

struct tree {
	size_t count;
	size_t parent[NODES]; /* of its own place: a root */
	struct label label[NODES];
};

/* What is derived carries its parent's label, or a stricter one. */
static void
grow(struct tree *t)
{
	t->count = 1 + pick(NODES - 1);
	for (size_t i = 0; i < t->count; i++) {
		bool is_root = i == 0 || pick(4) == 0;

		t->parent[i] = is_root ? i : pick((unsigned int)i);
		t->label[i] = any_label();
		if (!is_root)
			t->label[i] =
			    label_join(t->label[i], t->label[t->parent[i]]);
	}
}

static struct label
report_of(const struct tree *t)
{
	struct label all = LABEL_LEAST;

	for (size_t i = 0; i < t->count; i++)
		all = label_join(all, t->label[i]);
	return all;
}

static void
test_children_and_reports(void **state)
{
	struct tree t;

	(void)state;
	for (int n = 0; n < TREES; n++) {
		struct label report;
		bool is_reached[2] = {false, false};

		grow(&t);
		report = report_of(&t);
		for (size_t i = 0; i < t.count; i++) {
			assert_true(
			    label_covers(t.label[i], t.label[t.parent[i]]));
			assert_true(label_covers(report, t.label[i]));
			is_reached[0] |= t.label[i].tlp == report.tlp;
			is_reached[1] |= t.label[i].pap == report.pap;
		}
		/* No stricter than its strictest parts ask. */
		assert_true(is_reached[0] && is_reached[1]);
	}
}

static void
test_join_is_a_least_upper_bound(void **state)
{
	(void)state;
	for (int n = 0; n < TREES; n++) {
		struct label a = any_label(), b = any_label(), c = any_label();
		struct label ab = label_join(a, b), ba = label_join(b, a);
		struct label left = label_join(ab, c);
		struct label right = label_join(a, label_join(b, c));

		assert_true(label_covers(ab, ba) && label_covers(ba, ab));
		assert_true(
		    label_covers(left, right) && label_covers(right, left));
		assert_true(label_covers(label_join(a, a), a) &&
			    label_covers(a, label_join(a, a)));
		assert_true(label_covers(ab, a) && label_covers(ab, b));
		if (label_covers(c, a) && label_covers(c, b))
			assert_true(label_covers(c, ab));
		assert_true(label_covers(a, LABEL_LEAST));
		assert_true(label_covers(LABEL_STRICT, a));
	}
}

static void
test_lowering_takes_permission(void **state)
{
	(void)state;
	for (int n = 0; n < TREES; n++) {
		struct label from = any_label(), to = any_label();
		bool is_lower = to.tlp < from.tlp || to.pap < from.pap;

		assert_true(label_may_change(from, to, true));
		assert_int_equal(label_may_change(from, to, false), !is_lower);
	}
}

/* Whoever gets the stricter thing would get the less strict one, too. */
static void
test_sending_is_monotone(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < 64; bits++) {
		struct label_recipient r = {
		    .is_named = bits & 1,
		    .is_of_named_org = bits & 2,
		    .is_client_of_named_org = bits & 4,
		    .is_of_community = bits & 8,
		    .is_public = bits & 16,
		    .has_press_release = bits & 32,
		};

		for (int i = TLP_CLEAR; i < TLP_RED; i++) {
			if (label_may_send((enum tlp)(i + 1), &r))
				assert_true(label_may_send((enum tlp)i, &r));
		}
		if (label_may_send(TLP_RED, &r))
			assert_true(r.is_named && !r.is_public);
		if (label_may_send(TLP_AMBER_STRICT, &r))
			assert_true(r.is_named || r.is_of_named_org);
	}
	assert_false(label_may_send(
	    TLP_CLEAR, &(struct label_recipient){.is_public = true}));
	assert_true(label_may_send(
	    TLP_CLEAR, &(struct label_recipient){
			   .is_public = true, .has_press_release = true}));
	assert_false(label_may_send(TLP_GREEN, &(struct label_recipient){0}));
	assert_true(label_may_send(TLP_AMBER,
	    &(struct label_recipient){.is_client_of_named_org = true}));
	assert_false(label_may_send(TLP_AMBER_STRICT,
	    &(struct label_recipient){.is_client_of_named_org = true}));
}

static void
test_actions(void **state)
{
	(void)state;
	for (int i = PAP_CLEAR; i <= PAP_RED; i++) {
		enum pap pap = (enum pap)i;

		assert_true(label_may_act(pap, LABEL_OFFLINE));
		assert_int_equal(
		    label_may_act(pap, LABEL_LOOK_UP), pap != PAP_RED);
		assert_int_equal(label_may_act(pap, LABEL_CONTACT),
		    pap == PAP_CLEAR || pap == PAP_GREEN);
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (int i = TLP_CLEAR; i <= TLP_RED; i++)
		assert_int_equal(
		    label_tlp(label_tlp_name((enum tlp)i)), (enum tlp)i);
	for (int i = PAP_CLEAR; i <= PAP_RED; i++)
		assert_int_equal(
		    label_pap(label_pap_name((enum pap)i)), (enum pap)i);
	assert_string_equal(
	    label_tlp_name(TLP_AMBER_STRICT), "TLP:AMBER+STRICT");
	/* What is no label is the strictest. */
	assert_int_equal(label_tlp("TLP: AMBER"), TLP_RED);
	assert_int_equal(label_tlp("TLP:WHITE"), TLP_RED);
	assert_int_equal(label_pap(""), PAP_RED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_children_and_reports),
	    cmocka_unit_test(test_join_is_a_least_upper_bound),
	    cmocka_unit_test(test_lowering_takes_permission),
	    cmocka_unit_test(test_sending_is_monotone),
	    cmocka_unit_test(test_actions),
	    cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
