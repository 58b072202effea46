/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c - an artefact's bytes for people: as a file to take away, with a
 * reason, or a few of them to look at.  Both are in custody.
 */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/range.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/access.h"
#include "store/case_stage.h"
#include "store/custody.h"
#include "store/handlers.h"
#include "store/row_json.h"
#include "store/text.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* What one look shows at most. */
#define LOOK_BYTES_MAX ((int64_t)65536)
/* How long the vault may take for it. */
#define LOOK_MS 20000

struct sample {
	struct request *r;
	struct blob_ref blob;
	char id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char number[32];
	char tlp[24];
	char pap[16];
	int64_t size;
	uint8_t *name;
	size_t name_len;
	/* a look */
	int sock;
	struct loop_watch *watch;
	struct loop_timer *timer;
	uint64_t offset;
	size_t wanted;
	size_t got;
	uint8_t *bytes;
};

static void
sample_free(struct sample *s)
{
	loop_unwatch(s->watch);
	if (s->timer != NULL)
		loop_timer_cancel(s->timer);
	if (s->sock != -1)
		(void)close(s->sock);
	free(s->bytes);
	free(s->name);
	free(s);
}

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

/* The artefact that parameter 0 names. */
static int
sample_new(struct request *r, struct sample **ret_sample)
{
	AUTO(query) q = {0};
	struct sample *s;
	const uint8_t *p;
	size_t len;
	int err = request_query(
	    &q, r, STMT_SAMPLE_FIND, ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such artefact");
	if (err != ERR_OK)
		return err;
	/* A sealed message leaves as it came, encrypted; that tells nothing. */
	if (strcmp(query_text(&q, 8), "none") != 0 &&
	    (r->op != CALL_ARTEFACT_DOWNLOAD || query_text(&q, 9)[0] == '\0'))
		return request_why(r, ERR_CONFLICT,
		    "the artefact is restricted (%s): nobody looks into it "
		    "before that is decided",
		    query_text(&q, 8));
	s = xcalloc(1, sizeof(*s));
	s->r = r;
	s->sock = -1;
	(void)snprintf(s->id, sizeof(s->id), "%s", param_text(r, 0));
	copy(s->case_id, sizeof(s->case_id), &q, 0);
	copy(s->blob.org, sizeof(s->blob.org), &q, 1);
	p = query_bytes(&q, 2, &s->name_len);
	s->name = xmemdup(p, s->name_len);
	p = query_bytes(&q, 3, &len);
	memcpy(s->blob.sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	s->size = query_int(&q, 4);
	copy(s->number, sizeof(s->number), &q, 5);
	copy(s->tlp, sizeof(s->tlp), &q, 6);
	copy(s->pap, sizeof(s->pap), &q, 7);
	*ret_sample = s;
	return ERR_OK;
}

static int
open_sample(struct sample *s, enum blob_open how, vault_fn *fn)
{
	struct request *r = s->r;
	int err = vault_open(r->store->vault, &s->blob, how, fn, s);

	if (err == ERR_OK)
		return ERR_AGAIN;
	sample_free(s);
	return request_why(r, err, "%s", vault_is_away);
}

/* Begins the unit of an answer; false: the request is over. */
static bool
begin(struct sample *s, const struct vault_answer *answer)
{
	struct request *r = s->r;
	int err = (int)answer->err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err == ERR_OK)
		return true;
	sample_free(s);
	request_end(
	    r, (enum err)err, answer->err != ERR_OK ? answer->why : NULL, -1);
	return false;
}

static struct custody
custody_of(const struct sample *s)
{
	return (struct custody){
	    .artefact = s->id,
	    .org = s->blob.org,
	    .case_id = s->case_id,
	    .sha256 = s->blob.sha256,
	    .size = s->size,
	};
}

/* --- to take away --- */

/* What lies beside the bytes wherever they go. */
static char *
manifest_text(const struct sample *s, const char *reason)
{
	const struct request *r = s->r;
	char hex[SHA256_HEX_BYTES], at[ROW_JSON_TIME_BYTES];
	auto_json json_t *m = NULL;

	hex_encode(hex, s->blob.sha256, SHA256_BYTES);
	row_json_time(loop_wall_us(), at);
	m = json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s}",
	    "case", s->number, "artefact", s->id, "member", hex, "sha256", hex,
	    "size", (json_int_t)s->size, "tlp", s->tlp, "pap", s->pap, "by",
	    r->principal.name, "account", r->principal.account_id, "at", at,
	    "reason", reason, "service", "loep " LOEP_VERSION);
	(void)json_object_set_new(m, "name", record_text(s->name, s->name_len));
	return json_canonical(m);
}

static int
record_download(struct sample *s)
{
	struct request *r = s->r;
	const char *reason = param_text(r, 1);
	struct custody what = custody_of(s);
	struct access access = {
	    .event = "downloaded",
	    .case_id = s->case_id,
	    .purpose = reason,
	    .artefact = s->id,
	};
	auto_free char *manifest = manifest_text(s, reason);
	struct values row;
	int err = custody_by(r, "downloaded", &what,
	    json_pack("{s:s,s:s}", "purpose", reason, "form", "zip, sealed"));

	if (err == ERR_OK)
		err = access_by(r, &access);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_bytes(&row, s->blob.sha256, SHA256_BYTES);
	values_add_int(&row, s->size);
	values_add_text(&row, manifest);
	request_row(r, &row);
	return ERR_OK;
}

/* Custody first: the descriptor leaves with the commit. */
static void
on_download(void *arg, struct vault_answer *answer)
{
	struct sample *s = arg;
	struct request *r = s->r;
	int err;

	if (!begin(s, answer))
		return;
	err = record_download(s);
	sample_free(s);
	request_finish(r, err, take_fd(answer->fd));
}

int
artefact_download(struct request *r)
{
	struct sample *s;
	int err = case_check_text(r, "reason", param_text(r, 1));

	if (err == ERR_OK)
		err = sample_new(r, &s);
	return err == ERR_OK ? open_sample(s, BLOB_STREAM, on_download) : err;
}

/* --- to look at --- */

/* What was seen, as JSON in memory for loep-web to pass on. */
static int
answer_text(const struct sample *s, int *ret_fd, int64_t *ret_size)
{
	auto_close int fd = memfd_create("bytes", MFD_CLOEXEC);
	auto_free char *hex = xcalloc(1, 2 * s->got + 1);
	auto_free char *text = NULL;
	size_t len;

	hex_encode(hex, s->bytes, s->got);
	text = xasprintf("{\"hex\":\"%s\",\"offset\":%llu,\"total\":%lld}", hex,
	    (unsigned long long)s->offset, (long long)s->size);
	len = strlen(text);
	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) == -1)
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	*ret_size = (int64_t)len;
	return ERR_OK;
}

static int
record_look(struct sample *s, int *ret_fd)
{
	struct request *r = s->r;
	struct custody what = custody_of(s);
	struct access access = {
	    .event = "viewed",
	    .case_id = s->case_id,
	    .purpose = "analysis",
	    .artefact = s->id,
	};
	struct values row;
	bool is_new;
	int64_t size;
	int err = access_view(r, &access, &is_new);

	if (err == ERR_OK && is_new)
		err = custody_by(r, "viewed", &what,
		    json_pack("{s:s}", "purpose", "analysis"));
	if (err == ERR_OK)
		err = answer_text(s, ret_fd, &size);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_int(&row, size);
	request_row(r, &row);
	return ERR_OK;
}

static void
end_look(struct sample *s, int err, const char *why)
{
	struct request *r = s->r;
	auto_close int fd = -1;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		sample_free(s);
		request_end(r, (enum err)err, why, -1);
		return;
	}
	err = record_look(s, &fd);
	sample_free(s);
	request_finish(r, err, take_fd(fd));
}

static void
on_late(void *arg)
{
	struct sample *s = arg;

	s->timer = NULL;
	end_look(s, ERR_UNAVAILABLE, "the vault took too long; try again");
}

static void
on_range(void *arg, int fd, unsigned int events)
{
	struct sample *s = arg;
	size_t len = 0;
	int err;

	(void)events;
	err = range_take(fd, s->bytes + s->got, s->wanted - s->got, &len);
	s->got += len;
	/* Less than was asked for in one answer: what fits into a message. */
	if (err == ERR_OK && len > 0 && s->got < s->wanted) {
		err = range_ask(fd, s->offset + s->got, s->wanted - s->got);
		if (err == ERR_OK)
			return;
	}
	if (err == ERR_OK)
		end_look(s, ERR_OK, NULL);
	else
		end_look(s, ERR_UNAVAILABLE, "the vault cannot read it now");
}

static void
on_look(void *arg, struct vault_answer *answer)
{
	struct sample *s = arg;
	struct request *r = s->r;

	if (answer->err != ERR_OK) {
		sample_free(s);
		request_end(r, answer->err, answer->why, -1);
		return;
	}
	s->sock = take_fd(answer->fd);
	if (s->wanted == 0) {
		end_look(s, ERR_OK, NULL);
		return;
	}
	if (range_ask(s->sock, s->offset, s->wanted) != ERR_OK) {
		end_look(s, ERR_UNAVAILABLE, "the vault cannot read it now");
		return;
	}
	s->watch = loop_watch(r->store->loop, s->sock, LOOP_READ, on_range, s);
	s->timer = loop_timer(r->store->loop, LOOK_MS, on_late, s);
}

int
artefact_bytes(struct request *r)
{
	int64_t offset = param_int(r, 1);
	int64_t length = param_int(r, 2);
	struct sample *s;
	int err;

	if (offset < 0 || length < 0 || length > LOOK_BYTES_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"offset\" is not below 0, \"length\" at most 65536");
	err = sample_new(r, &s);
	if (err != ERR_OK)
		return err;
	if (offset > s->size)
		offset = s->size;
	if (length > s->size - offset)
		length = s->size - offset;
	s->offset = (uint64_t)offset;
	s->wanted = (size_t)length;
	s->bytes = xcalloc(1, s->wanted + 1);
	return open_sample(s, BLOB_RANGE, on_look);
}
