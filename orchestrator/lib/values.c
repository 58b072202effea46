/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - a short list of typed values. */
#include "lib/values.h"

#include "lib/xalloc.h"

void
values_init(struct values *values)
{
	values->count = 0;
	values->is_failed = false;
}

static struct value *
add(struct values *values, enum value_type type)
{
	struct value *v;

	if (values->count == LIMIT_VALUES) {
		values->is_failed = true;
		return NULL;
	}
	v = &values->v[values->count++];
	*v = (struct value){.type = type};
	return v;
}

void
values_add_null(struct values *values)
{
	(void)add(values, VALUE_NULL);
}

void
values_add_int(struct values *values, int64_t i)
{
	struct value *v = add(values, VALUE_INT);

	if (v != NULL)
		v->i = i;
}

void
values_add_text(struct values *values, const char *s)
{
	if (s == NULL)
		values_add_null(values);
	else
		values_add_text_len(values, s, strlen(s));
}

void
values_add_text_len(struct values *values, const char *s, size_t len)
{
	struct value *v = add(values, VALUE_TEXT);

	if (v == NULL)
		return;
	v->p = (const uint8_t *)s;
	v->len = len;
}

void
values_add_bytes(struct values *values, const void *p, size_t len)
{
	struct value *v = add(values, VALUE_BYTES);

	if (v == NULL)
		return;
	v->p = p;
	v->len = len;
}

void
values_put(const struct values *values, struct wire_out *out)
{
	if (values->is_failed)
		out->is_failed = true;
	wire_put_u16(out, (uint16_t)values->count);
	for (size_t i = 0; i < values->count; i++) {
		const struct value *v = &values->v[i];

		wire_put_u8(out, (uint8_t)v->type);
		if (v->type == VALUE_INT)
			wire_put_i64(out, v->i);
		else if (v->type != VALUE_NULL)
			wire_put_bytes(out, v->p, v->len);
	}
}

int
values_get(struct values *ret_values, struct wire_in *in)
{
	uint16_t count = wire_get_u16(in);

	values_init(ret_values);
	for (uint16_t i = 0; i < count && !in->is_failed; i++) {
		uint8_t type = wire_get_u8(in);
		struct value *v = add(ret_values, VALUE_NULL);

		if (v == NULL || type > VALUE_BYTES)
			return ERR_FORMAT;
		v->type = (enum value_type)type;
		if (type == VALUE_INT)
			v->i = wire_get_i64(in);
		else if (type != VALUE_NULL)
			v->p = wire_get_bytes(in, &v->len);
		if (type == VALUE_TEXT && v->len > 0 &&
		    memchr(v->p, '\0', v->len) != NULL)
			return ERR_FORMAT;
	}
	return in->is_failed ? ERR_FORMAT : ERR_OK;
}

static const struct value *
at_type(const struct values *values, size_t at, enum value_type type)
{
	if (at >= values->count || values->v[at].type != type)
		return NULL;
	return &values->v[at];
}

int64_t
values_int(const struct values *values, size_t at)
{
	const struct value *v = at_type(values, at, VALUE_INT);

	return v == NULL ? 0 : v->i;
}

bool
values_is_null(const struct values *values, size_t at)
{
	return at >= values->count || values->v[at].type == VALUE_NULL;
}

const char *
values_text(const struct values *values, size_t at, char *dst, size_t dst_size)
{
	const struct value *v = at_type(values, at, VALUE_TEXT);
	size_t len = v == NULL ? 0 : v->len;

	if (len >= dst_size)
		len = dst_size - 1;
	if (len > 0)
		memcpy(dst, v->p, len);
	dst[len] = '\0';
	return dst;
}

char *
values_text_dup(const struct values *values, size_t at)
{
	const struct value *v = at_type(values, at, VALUE_TEXT);

	return v == NULL ? xstrdup("") : xstrndup((const char *)v->p, v->len);
}

const uint8_t *
values_bytes(const struct values *values, size_t at, size_t *ret_len)
{
	const struct value *v = at_type(values, at, VALUE_BYTES);

	*ret_len = v == NULL ? 0 : v->len;
	return v == NULL ? NULL : v->p;
}
