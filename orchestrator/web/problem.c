/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - problem documents (RFC 9457). */
#include "web/problem.h"

#include "lib/json.h"
#include "lib/own.h"
#include "lib/reason.h"
#include "lib/xalloc.h"
#include "web/rows.h"

struct status_name {
	unsigned int status;
	const char *name;
	const char *title;
};

static const struct status_name names[] = {
    {400, "format", "The request is not well formed"},
    {401, "unknown", "You are not logged in"},
    {403, "denied", "You may not do this"},
    {404, "not_found", "There is no such thing, or none that you may see"},
    {405, "method", "This path does not know the method"},
    {408, "timeout", "The request took too long to arrive"},
    {409, "conflict", "The state of the object does not allow this"},
    {410, "gone", "It was there, and is not any more"},
    {412, "tus_version", "The version of the tus protocol is not known"},
    {413, "limit", "A limit was met"},
    {414, "target_too_long", "The target is too long"},
    {415, "content_type", "The body has the wrong type"},
    {422, "key_reused", "The Idempotency-Key belongs to another request"},
    {429, "too_many", "Too many requests"},
    {431, "head_too_long", "The head of the request is too long"},
    {460, "checksum", "The checksum does not match"},
    {500, "internal", "Something went wrong here"},
    {503, "unavailable", "A part of the service is not there now"},
    {507, "no_space", "There is no space left"},
};

/* Of a result that has a name of its own beside its status. */
static const struct {
	enum err err;
	struct status_name as;
} special[] = {
    {ERR_STALE,
	{409, "stale", "It was changed since you read it; read it again"}},
};

static const struct status_name *
find(unsigned int status)
{
	const struct status_name *fallback = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].status == status)
			return &names[i];
		if (names[i].status == 500)
			fallback = &names[i];
	}
	return fallback;
}

unsigned int
problem_status(enum err err)
{
	switch (err) {
	case ERR_FORMAT:
		return 400;
	case ERR_DENIED:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
	case ERR_STALE:
		return 409;
	case ERR_LIMIT:
		return 413;
	case ERR_NO_SPACE:
		return 507;
	case ERR_UNAVAILABLE:
	case ERR_AGAIN:
	case ERR_EOF:
	case ERR_PEER:
		return 503;
	default:
		return 500;
	}
}

const char *
problem_name(unsigned int status)
{
	return find(status)->name;
}

/* What is no JSON would break the whole document. */
static void
put_members(struct wire_out *out, const char *members)
{
	auto_free char *text = xasprintf("{%s}", members);
	auto_json json_t *json = NULL;

	if (members[0] == '\0' || json_parse(text, strlen(text),
				      REASON_BYTES_MAX + 2, 4, &json) != ERR_OK)
		return;
	rows_put_literal(out, ",");
	rows_put_literal(out, members);
}

static void
put(struct wire_out *out, const struct status_name *s, const char *detail,
    const char *instance)
{
	struct reason reason;
	char number[16];

	reason_split(detail, &reason);
	(void)snprintf(number, sizeof(number), "%u", s->status);
	rows_put_literal(out, "{\"type\":\"urn:loep:problem:");
	rows_put_literal(out, reason.kind[0] != '\0' ? reason.kind : s->name);
	rows_put_literal(out, "\",\"title\":");
	rows_put_text(out, s->title, strlen(s->title));
	rows_put_literal(out, ",\"status\":");
	rows_put_literal(out, number);
	rows_put_literal(out, ",\"detail\":");
	rows_put_text(out, reason.text, strlen(reason.text));
	rows_put_literal(out, ",\"instance\":\"urn:loep:request:");
	rows_put_literal(out, instance);
	rows_put_literal(out, "\"");
	put_members(out, reason.members);
	rows_put_literal(out, "}");
}

void
problem_put(struct wire_out *out, unsigned int status, const char *detail,
    const char *instance)
{
	struct status_name s = *find(status);

	s.status = status;
	put(out, &s, detail, instance);
}

void
problem_put_err(struct wire_out *out, enum err err, const char *detail,
    const char *instance)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (special[i].err == err) {
			put(out, &special[i].as, detail, instance);
			return;
		}
	}
	problem_put(out, problem_status(err), detail, instance);
}
