/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - samples that a rule must match, or must not. */
#ifndef RULES_SAMPLE_H
#define RULES_SAMPLE_H

#include "analysers/rules/try.h"
#include "lib/json.h"
#include "lib/record.h"

/* One scan of a sample. */
#define SAMPLE_SECONDS_MAX 10
/* Names of failed samples in a record. */
#define SAMPLE_NAMES_MAX 20

/* The bundle's samples by rule. */
struct samples {
	const struct bundle *bundle;
	struct sample_of {
		size_t rule;
		size_t sample;
	} * list;
	size_t count;
};

/* Samples of rules that are not there are ERROR records. */
void samples_init(struct samples *samples, const struct bundle *bundle,
    struct record_out *out);
void samples_release(struct samples *samples);
/*
 * Scans the rule's samples, if there are any, and adds "tests": {"passed",
 * "failed", "failures": [{"sample", "expect", "why"}]} to the body.
 */
void samples_test(
    struct samples *samples, struct try *try, size_t rule, json_t *body);

#endif
