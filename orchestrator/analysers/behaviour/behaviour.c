/* SPDX-License-Identifier: Apache-2.0 */
/* behaviour.c - the frames of a trace, handed to those who understand them. */
#include "analysers/behaviour/behaviour.h"

#include "analysers/behaviour/conclude.h"
#include "analysers/behaviour/dropped.h"
#include "analysers/behaviour/process.h"
#include "analysers/behaviour/sigma_fields.h"
#include "analysers/behaviour/tables.h"
#include "lib/limits.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>

/* Console output in the findings; all of it is in the trace. */
#define CONSOLE_BYTES_MAX ((uint64_t)16 * 1024)
#define PATH_BYTES	  ((size_t)4097)

struct behaviour *
behaviour_new(struct record_out *out)
{
	struct behaviour *b = xcalloc(1, sizeof(*b));

	b->out = out;
	b->processes = processes_new();
	b->tables = tables_new();
	b->conclusions = conclusions_new();
	b->dropped = dropped_new();
	b->console = json_array();
	return b;
}

void
behaviour_free(struct behaviour *b)
{
	if (b == NULL)
		return;
	processes_free(b->processes);
	tables_free(b->tables);
	conclusions_free(b->conclusions);
	dropped_free(b->dropped);
	json_decref(b->console);
	free(b);
}

json_int_t
behaviour_ms(const struct behaviour *b, uint64_t mono_ns)
{
	if (b->started_ns == 0 || mono_ns <= b->started_ns)
		return 0;
	return (json_int_t)((mono_ns - b->started_ns) / 1000000);
}

bool
event_is_of_sample(const struct event *event)
{
	return (event->flags & (WIRE_F_SAMPLE | WIRE_F_INJECTED)) != 0;
}

json_t *
event_text(const struct event *event, enum gwire_key key)
{
	size_t len;
	const uint8_t *p = gwire_bytes(event->frame, key, &len);

	return p == NULL ? NULL : record_text(p, len);
}

uint64_t
event_number(const struct event *event, enum gwire_key key)
{
	return gwire_number(event->frame, key, 0);
}

const char *
event_address(
    const struct event *event, enum gwire_key key, char *dst, size_t dst_size)
{
	size_t len;
	const uint8_t *p = gwire_bytes(event->frame, key, &len);

	dst[0] = '\0';
	if (p != NULL && (len == 4 || len == 16))
		(void)inet_ntop(
		    len == 4 ? AF_INET : AF_INET6, p, dst, (socklen_t)dst_size);
	return dst;
}

/* A path as a C string, cut at its end or at a NUL. */
static const char *
copy_path(const struct gwire_frame *frame, enum gwire_key key, char *dst)
{
	size_t len;
	const uint8_t *p = gwire_bytes(frame, key, &len);

	if (p == NULL)
		len = 0;
	if (len > PATH_BYTES - 1)
		len = PATH_BYTES - 1;
	if (len > 0)
		memcpy(dst, p, len);
	dst[len] = '\0';
	return dst;
}

static void
on_event(struct behaviour *b, const struct gwire_frame *frame)
{
	static char path[PATH_BYTES], target[PATH_BYTES];
	struct event event = {
	    .kind = (unsigned int)gwire_number(frame, WIRE_K_EVENT_KIND, 0),
	    .flags = gwire_number(frame, WIRE_K_FLAGS, 0),
	    .mono_ns = gwire_number(frame, WIRE_K_MONO_NS, 0),
	    .wall_ns = gwire_number(frame, WIRE_K_WALL_NS, 0),
	    .pid = gwire_number(frame, WIRE_K_PID, 0),
	    .start_ns = gwire_number(frame, WIRE_K_START_NS, 0),
	    .ppid = gwire_number(frame, WIRE_K_PPID, 0),
	    .parent_start_ns = gwire_number(frame, WIRE_K_PARENT_START_NS, 0),
	    .uid = gwire_number(frame, WIRE_K_UID, 0),
	    .frame = frame,
	    .path = copy_path(frame, WIRE_K_PATH, path),
	    .target = copy_path(frame, WIRE_K_TARGET, target),
	};

	if (b->started_ns == 0 && (event.flags & WIRE_F_SAMPLE) != 0)
		b->started_ns = event.mono_ns;
	event.process = processes_of(b->processes, &event);
	processes_event(b->processes, &event);
	tables_event(b, &event);
	conclusions_event(b, &event);
	if (b->events == BEHAVIOUR_EVENTS_MAX) {
		b->events_left_out++;
		return;
	}
	b->events++;
	record_put(b->out, RECORD_EVENT, sigma_fields(&event));
}

static void
on_lost(struct behaviour *b, const struct gwire_frame *frame)
{
	const char *source = gwire_source_name(
	    (unsigned int)gwire_number(frame, WIRE_K_SOURCE, 0));
	json_t *text = NULL;
	size_t len;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_TEXT, &len);

	if (p != NULL)
		text = record_text(p, len);
	record_fact(b->out, "lost",
	    json_pack("{s:s, s:I, s:o*}", "source",
		source == NULL ? "unknown" : source, "count",
		(json_int_t)(gwire_number(frame, WIRE_K_COUNT, 0) & INT64_MAX),
		"text", text));
}

static void
on_console(struct behaviour *b, const struct gwire_frame *frame)
{
	size_t len;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_DATA, &len);

	if (p == NULL)
		return;
	b->console_bytes += len;
	if (b->console_bytes <= CONSOLE_BYTES_MAX)
		(void)json_array_append_new(b->console, record_text(p, len));
}

static void
on_not_executed(struct behaviour *b, const struct gwire_frame *frame)
{
	const char *reason = gwire_refusal_name(
	    (unsigned int)gwire_number(frame, WIRE_K_REASON, 0));
	char text[512] = "";
	size_t len;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_TEXT, &len);
	json_t *clean = record_text(
	    p == NULL ? (const uint8_t *)"" : p, p == NULL ? 0 : len);

	(void)snprintf(text, sizeof(text), "%s", json_string_value(clean));
	json_decref(clean);
	b->is_refused = true;
	record_limit(b->out, "not_executed",
	    "the guest could not start the sample: %s%s%s",
	    reason == NULL ? "unknown reason" : reason, text[0] ? ": " : "",
	    text);
}

void
behaviour_frame(struct behaviour *b, const struct gwire_frame *frame)
{
	/* What another agent says is not about this sample. */
	if (b->is_lost)
		return;
	switch (frame->type) {
	case WIRE_READY:
		b->is_lost = b->is_started;
		break;
	case WIRE_STARTED:
		b->is_started = true;
		if (b->started_ns == 0)
			b->started_ns = gwire_number(frame, WIRE_K_MONO_NS, 0);
		break;
	case WIRE_NOT_EXECUTED:
		on_not_executed(b, frame);
		break;
	case WIRE_EVENT:
		on_event(b, frame);
		break;
	case WIRE_LOST:
		on_lost(b, frame);
		break;
	case WIRE_CONSOLE:
		on_console(b, frame);
		break;
	case WIRE_FILE_BEGIN:
	case WIRE_FILE_DATA:
	case WIRE_FILE_END:
		dropped_frame(b, frame);
		break;
	case WIRE_DONE:
		b->has_done = true;
		break;
	default:
		/* ACK, LOG: the controller's business. */
		break;
	}
}

static void
report_console(struct behaviour *b)
{
	size_t at;
	json_t *piece;

	json_array_foreach(b->console, at, piece)
	    record_fact(b->out, "console", json_incref(piece));
	if (b->console_bytes > CONSOLE_BYTES_MAX)
		record_limit(b->out, "console",
		    "%llu bytes of output; the first %llu are shown, the rest "
		    "is in the trace",
		    (unsigned long long)b->console_bytes,
		    (unsigned long long)CONSOLE_BYTES_MAX);
}

static void
report_stream(struct behaviour *b, const struct gwire_decoder *dec)
{
	if (dec->malformed > 0)
		record_error(b->out, "trace",
		    "the guest's stream was damaged in %llu places (%llu bytes "
		    "skipped): a sample may forge or disturb it",
		    (unsigned long long)dec->malformed,
		    (unsigned long long)dec->skipped_bytes);
	if (dec->gaps > 0)
		record_fact(b->out, "lost",
		    json_pack("{s:s, s:I}", "source", "frames", "count",
			(json_int_t)(dec->gaps & INT64_MAX)));
	if (b->is_lost)
		record_error(b->out, "agent_lost",
		    "the agent ended while the sample ran, and the guest "
		    "started another: what came from then on is left out");
	else if (!b->has_done && !b->is_refused)
		record_limit(b->out, "trace_ends",
		    "the trace ends before the agent said that it was done");
	if (b->events_left_out > 0)
		record_limit(b->out, "events",
		    "%llu events beyond the first %llu are only in the trace",
		    (unsigned long long)b->events_left_out,
		    (unsigned long long)BEHAVIOUR_EVENTS_MAX);
}

void
behaviour_finish(struct behaviour *b, const struct gwire_decoder *dec)
{
	dropped_finish(b);
	conclusions_report(b);
	processes_report(b);
	tables_report(b);
	report_console(b);
	report_stream(b, dec);
	record_fact(b->out, "behaviour_summary",
	    json_pack("{s:I, s:I, s:b, s:b}", "events",
		(json_int_t)(b->events + b->events_left_out), "processes",
		(json_int_t)processes_count(b->processes), "is_started",
		b->is_started, "is_complete", b->has_done));
}
