/* SPDX-License-Identifier: Apache-2.0 */
/* cond.c - reading and checking necessary conditions. */
#include "lib/cond.h"

#include "lib/wire.h"

static void
get_run(struct wire_in *in, struct cond_step *step)
{
	step->flags = wire_get_u8(in);
	step->len = wire_get_u8(in);
	if ((step->flags & ~COND_WIDE) != 0 || step->len < COND_RUN_MIN ||
	    step->len > COND_RUN_MAX)
		in->is_failed = true;
	step->p = wire_get_raw(in, step->len);
	/* One run has one form, so that equal runs have equal bytes. */
	for (size_t i = 0; !in->is_failed && i < step->len; i++) {
		if (step->p[i] >= 'A' && step->p[i] <= 'Z')
			in->is_failed = true;
	}
}

static void
get_head(struct wire_in *in, struct cond_step *step)
{
	step->offset = wire_get_u8(in);
	step->len = wire_get_u8(in);
	if (step->len == 0 || (size_t)step->offset + step->len > COND_HEAD_MAX)
		in->is_failed = true;
	step->p = wire_get_raw(in, 2 * (size_t)step->len);
	/* A bit outside of the mask could never be met. */
	for (size_t i = 0; !in->is_failed && i < step->len; i++) {
		if ((step->p[i] & ~step->p[step->len + i]) != 0)
			in->is_failed = true;
	}
}

static void
get_operands(struct wire_in *in, struct cond_step *step)
{
	switch (step->op) {
	case COND_TRUE:
	case COND_FALSE:
		break;
	case COND_RUN:
		get_run(in, step);
		break;
	case COND_SIZE:
		step->min = wire_get_u64(in);
		step->max = wire_get_u64(in);
		in->is_failed |= step->min > step->max;
		break;
	case COND_HEAD:
		get_head(in, step);
		break;
	case COND_AND:
	case COND_OR:
		step->count = wire_get_u16(in);
		in->is_failed |= step->count == 0;
		break;
	case COND_MIN:
		step->count = wire_get_u16(in);
		step->least = wire_get_u16(in);
		in->is_failed |= step->least == 0 || step->least > step->count;
		break;
	default:
		in->is_failed = true;
	}
}

int
cond_next(const uint8_t *p, size_t len, size_t *at, struct cond_step *ret)
{
	struct cond_step step = {0};
	struct wire_in in;

	wire_in_init(&in, p, len);
	in.pos = *at;
	if (in.pos == 0 && wire_get_u8(&in) != COND_VERSION)
		return ERR_FORMAT;
	if (in.pos >= len)
		return in.pos == len ? ERR_NOT_FOUND : ERR_FORMAT;
	step.op = wire_get_u8(&in);
	get_operands(&in, &step);
	if (in.is_failed)
		return ERR_FORMAT;
	*at = in.pos;
	*ret = step;
	return ERR_OK;
}

int
cond_check(const uint8_t *p, size_t len)
{
	struct cond_step step;
	size_t depth = 0;
	size_t ops = 0;
	size_t at = 0;
	int err;

	if (len > COND_BYTES_MAX)
		return ERR_FORMAT;
	while ((err = cond_next(p, len, &at, &step)) == ERR_OK) {
		/* AND, OR and MIN have operands, all others none. */
		if (ops++ == COND_OPS_MAX || step.count > depth)
			return ERR_FORMAT;
		depth = depth - step.count + 1;
		if (depth > COND_STACK_MAX)
			return ERR_FORMAT;
	}
	return err == ERR_NOT_FOUND && depth == 1 ? ERR_OK : ERR_FORMAT;
}
