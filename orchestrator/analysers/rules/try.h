/* SPDX-License-Identifier: Apache-2.0 */
/*
 * try.h - libyara's word on the rules of a bundle: does each compile by
 * itself, does libyara see the strings that were read here, what do they cost?
 *
 * Many units are compiled together, each in a namespace of its own; where one
 * fails, the others go on without it.
 */
#ifndef RULES_TRY_H
#define RULES_TRY_H

#include "analysers/yara/compile.h"
#include "analysers/yara/cost.h"
#include "rules/closure.h"

/* Units, and bytes of them, that are compiled together. */
#define TRY_UNITS_MAX ((size_t)256)
#define TRY_BYTES_MAX (4 * MIB)
/* What was measured of a rule. */
struct try_result {
	bool is_tried;
	bool is_measured; /* alone; else below_us is a bound */
	uint64_t us;
	uint64_t below_us;
	uint32_t string; /* the slowest, EXPR_NONE = not looked for */
	uint64_t string_us;
};

struct
try {
	struct closures *closures;
	struct try_result *results; /* by rule */
	uint8_t(*buffers)[COST_BUFFER_BYTES];
	uint64_t end_ms;      /* loop_now_ms() */
	uint64_t rule_us_max; /* for the trial of 1 MiB; 0 = anything */
	bool *is_doubted;     /* libyara sees other strings */
};

void try_init(struct try *try, struct closures *closures);
void try_release(struct try *try);
/* Links, compiles and measures all rules; sets aside what does not work. */
void try_all(struct try *try);
/* One unit; NULL where it does not compile.  The caller destroys. */
YR_RULES *try_compile(struct try *try, size_t rule);

#endif
