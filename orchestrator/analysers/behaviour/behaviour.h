/* SPDX-License-Identifier: Apache-2.0 */
/*
 * behaviour.h - what a run's trace says, while it is being read.
 *
 * The trace is what the guest sent (agents/PROTOCOL.md): after the sample's
 * start every byte of it is hostile.  Frames go in through behaviour_frame();
 * events leave at once as EVENT records, conclusions and tables at the end.
 */
#ifndef BEHAVIOUR_BEHAVIOUR_H
#define BEHAVIOUR_BEHAVIOUR_H

#include "agents/wire.h"
#include "lib/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* EVENT records; what comes after is counted and said in a LIMIT. */
#define BEHAVIOUR_EVENTS_MAX ((uint64_t)500000)

struct processes;
struct tables;
struct conclusions;
struct dropped;

struct behaviour {
	struct record_out *out;
	struct processes *processes;
	struct tables *tables;
	struct conclusions *conclusions;
	struct dropped *dropped;
	uint64_t started_ns; /* monotonic, of STARTED; 0 = not yet */
	uint64_t events;
	uint64_t events_left_out;
	uint64_t console_bytes;
	json_t *console; /* list of texts, bounded */
	bool is_started;
	bool is_refused; /* NOT_EXECUTED came */
	bool has_done;
	bool is_lost; /* READY came behind STARTED: another agent */
};

/* One event, decoded once for everybody who looks at it. */
struct event {
	unsigned int kind; /* enum gwire_event_kind */
	uint64_t flags;
	uint64_t mono_ns;
	uint64_t wall_ns;
	uint64_t pid;
	uint64_t start_ns;
	uint64_t ppid;
	uint64_t parent_start_ns;
	uint64_t uid;
	const struct gwire_frame *frame;
	struct process *process; /* NULL when the table is full */
	const char *path;	 /* NUL-terminated copy; "" when absent */
	const char *target;
};

struct behaviour *behaviour_new(struct record_out *out);
void behaviour_free(struct behaviour *b);
/* Takes one intact frame. */
void behaviour_frame(struct behaviour *b, const struct gwire_frame *frame);
/* Writes the tables, conclusions and what was lost or damaged. */
void behaviour_finish(struct behaviour *b, const struct gwire_decoder *dec);
/* Milliseconds since the sample's start; 0 for what came before. */
json_int_t behaviour_ms(const struct behaviour *b, uint64_t mono_ns);
/* True for an event of the sample, its descendants and its victims. */
bool event_is_of_sample(const struct event *event);
/* A field's bytes as a JSON text, or NULL where the field is absent. */
json_t *event_text(const struct event *event, enum gwire_key key);
uint64_t event_number(const struct event *event, enum gwire_key key);
/* "198.18.0.7" or "fd00::1" from an address field.  Returns dst. */
const char *event_address(
    const struct event *event, enum gwire_key key, char *dst, size_t dst_size);

#endif
