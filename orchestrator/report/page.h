/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - the report's document as one self-contained HTML page. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/html.h"
#include "report/words.h"

/* Renders the document of canonical.h; no script, no reference outside. */
void page_render(struct html *html, const json_t *doc);

/* --- its parts --- */

/* The heading of the document's kind. */
enum word page_title(const json_t *doc);
/* What people wrote and judged; nothing where only the machine did. */
void page_human(struct html *html, const json_t *doc);
/* The summary: what one should know first. */
void page_summary(struct html *html, const json_t *doc);
/* Artefacts as a tree, each with its facts and findings. */
void page_artefacts(struct html *html, const json_t *doc);
/* The runs: process tree, timeline, network, files. */
void page_runs(struct html *html, const json_t *doc);
/* Limits met, errors, what was not done, custody, environment. */
void page_annex(struct html *html, const json_t *doc);

/* A finding in words: its title, its rule's description or its text. */
const char *page_finding_text(const json_t *finding);

/* The style sheet. */
extern const char page_style[];

#endif
