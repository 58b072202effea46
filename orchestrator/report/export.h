/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h - what of a report leaves for others than its source.
 *
 *	document (canonical.h) + order --> content --> STIX, MISP, CSV
 *
 * The content is made of an allow-list: what is not named here cannot leave,
 * whatever a report holds.  It never names the submitter, people, or who did
 * it.  The writers see the content only.  All of it follows from the document
 * and the order: the same export twice is the same to the byte.
 */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include "lib/json.h"
#include "lib/label.h"
#include "lib/pii_redact.h"

/* To whom, by kind; each has its own list of fields. */
enum audience {
	AUDIENCE_COMMUNITY,
	AUDIENCE_PARTNER,
	AUDIENCE_AUTHORITY,
	AUDIENCE_ORGANISATION,
	AUDIENCE_INDIVIDUAL,
	AUDIENCE_SUBMITTER /* whose case it is: its own data stays */
};

/* Fields that an audience may have beside what all have. */
enum {
	FIELD_FILE_NAME = 1,
	FIELD_ADVICE = 2, /* recommendations */
	FIELD_TEXTS = 4	  /* summary, root cause */
};

struct export_order {
	const char *format; /* "stix", "misp", "csv" */
	enum audience audience;
	enum tlp ceiling;
	/* The peer knows no TLP:AMBER+STRICT: it gets TLP:RED instead. */
	bool lacks_strict;
	const char *sharing_group; /* of MISP; "" = none */
	const char *scope;	   /* what the submitter declared as theirs */
	const char *people;	   /* names, a line each */
};

/*
 * Reads an order (the member "export" of a job's options); texts are borrowed.
 * ERR_FORMAT where it is none.
 */
int must_check export_order(const json_t *options, struct export_order *ret);
/* The order of what a submitter gets beside the page. */
struct export_order export_own(const char *format);

/* What may leave of the document, and as "removed" what may not and why. */
json_t *export_content(const json_t *doc, const struct export_order *order);
/* The content in the order's format; the caller frees. */
char *export_write(const json_t *content, const struct export_order *order);

/* --- its parts --- */

/* What the making of a content has at hand. */
struct export_state {
	const json_t *doc;
	const struct export_order *order;
	json_t *content;
	struct pii_redactor redactor;
	json_t *removed;
	size_t removed_count;
	unsigned int fields;
	enum tlp highest;
	json_t *by_artefact; /* artefact id -> its sample */
	json_t *seen;	     /* indicators, "type:value" */
};

/* Notes what does not leave.  why: label, fields, personal_data, form. */
void export_remove(struct export_state *s, const char *what, const char *why,
    enum tlp tlp, const char *detail);
/* May a thing of that label leave?  Raises the content's own label. */
bool export_passes(struct export_state *s, enum tlp tlp);
/* An indicator of a sample, once each; nothing where it may not leave. */
void export_indicator(struct export_state *s, const char *type,
    const char *value, json_t *sample, const char *context);
/* Artefacts that somebody or something had to say of, and techniques. */
void export_samples(struct export_state *s);
/* Runs of those, and what they asked the network for. */
void export_runs(struct export_state *s);

/* The three writers; each a new reference, or text that the caller frees. */
json_t *stix_bundle(const json_t *content, bool lacks_strict);
json_t *misp_event(const json_t *content, const struct export_order *order);
char *csv_indicators(const json_t *content);
/* Texts for the submitter's own notifications, in the report's language. */
char *notice_indicators(const json_t *doc, const json_t *content);
char *notice_cause(const json_t *doc);

/* The label in its one form as a peer without TLP:AMBER+STRICT knows it. */
const char *export_label(const char *tlp, bool lacks_strict);
/* A time of the document with three digits of a second; "" stays. */
void export_time(const char *text, char ret_time[32]);
/*
 * A stable identifier of a thing of this case: what it is and its key.  The
 * same from one export to the next, so that a peer updates what it has.
 */
#define EXPORT_ID_BYTES ((size_t)37)
void export_id(const json_t *content, const char *what, const char *key,
    char ret_id[EXPORT_ID_BYTES]);

/* A technique of ATT&CK: its name and tactic; NULL where it is not known. */
struct technique {
	const char *id;
	const char *name;
	const char *tactic;
};
const struct technique *technique_find(const char *id);

#endif
