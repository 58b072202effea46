/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - reports: written, reviewed by somebody else, issued, recalled.
 *
 *	draft -> submitted -> approved -> issued -> superseded
 *	            |  ^                    |           |
 *	            v  | (edited)           +-----------+--> recalled
 *	         returned
 *
 * A report's two files are rendered by a job from the case and the report's
 * row.  From submit on the row's texts stay as they are, and so do the files:
 * what was approved is to the byte what is issued.
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include "store/job.h"

#define REPORT_LANGUAGE_BYTES 3

struct report {
	char id[UUID_BYTES];
	char case_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char kind[16];
	char state[16];
	char language[REPORT_LANGUAGE_BYTES];
	char author[UUID_BYTES];    /* "" = the machine */
	char submitter[UUID_BYTES]; /* "" = nobody yet */
	const char *tlp;	    /* in its one form */
	const char *pap;
	int64_t version;
	bool is_rendered; /* the files show this version */
	bool is_single_person;
};

/* The report that parameter 0 names; for staff only, who may see it. */
int must_check report_load(struct request *r, struct report *ret_report);
/* The same of an id. */
int must_check report_load_by(
    struct request *r, const char *id, struct report *ret_report);
/*
 * Whether it may leave now: no verdict is younger or unconfirmed, no label of
 * what it is made of stricter.  ERR_CONFLICT, with the reason, where not.
 */
int must_check report_check_leave(
    struct request *r, const struct report *report);
/*
 * Text of sections in its one form (canonical JSON; the caller frees).
 * ERR_FORMAT, with the reason, where it is no object of known texts.
 */
int must_check report_sections(
    struct request *r, const char *text, char **ret_text);
/* Queues the job that renders this version. */
int must_check report_render(
    struct request *r, const struct report *report, char ret_job[UUID_BYTES]);
/* Ends a call with the report's id and state (and more columns, or NULL). */
int must_check report_answer(struct request *r, const struct report *report,
    const char *state, const struct values *more);
/*
 * A job of kind "report" is done: its files become the report that it was
 * asked for, or a report of the machine's.
 */
int must_check report_finish(struct store *store, const struct attempt *a);

#endif
