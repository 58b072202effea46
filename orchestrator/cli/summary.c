/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - what a reader of a case wants to know first. */
#include "cli/command.h"
#include "lib/own.h"

/* Findings shown below each artefact; the rest is counted. */
#define FINDINGS_SHOWN ((size_t)8)
#define DEPTH_SHOWN    12
#define SCORE_HIGH     70
#define SCORE_MIDDLE   40

struct summary {
	const json_t *artefacts;
	const json_t *findings;
	const json_t *runs;
};

static const char *
style_of(json_int_t score)
{
	if (score >= SCORE_HIGH)
		return text_style("\033[31m");
	if (score >= SCORE_MIDDLE)
		return text_style("\033[33m");
	return "";
}

/* Matches, conclusions, limits and errors; facts are for the report. */
static bool
is_worth_a_line(const json_t *finding)
{
	return strcmp(json_member_text(finding, "type", ""), "fact") != 0;
}

static const char *
title_of(const json_t *finding)
{
	const json_t *detail = json_object_get(finding, "detail");
	const char *text = json_member_text(detail, "title", NULL);

	if (text == NULL)
		text = json_member_text(
		    json_object_get(detail, "meta"), "description", NULL);
	if (text == NULL)
		text = json_member_text(detail, "text", "");
	return text;
}

static void
print_findings(const struct summary *s, const char *artefact, int indent)
{
	size_t at, shown = 0, more = 0;
	json_t *finding;

	json_array_foreach(s->findings, at, finding)
	{
		char name[160], title[240];
		json_int_t score = json_member_int(finding, "score", 0);

		if (strcmp(json_member_text(finding, "artefact", ""),
			artefact) != 0 ||
		    !is_worth_a_line(finding))
			continue;
		if (shown == FINDINGS_SHOWN) {
			more++;
			continue;
		}
		shown++;
		(void)text_clean(
		    name, sizeof(name), json_member_text(finding, "name", ""));
		(void)text_clean(title, sizeof(title), title_of(finding));
		printf("%*s%s%3lld%s  %-7s %s%s%s\n", indent, "",
		    style_of(score), (long long)score, text_style("\033[0m"),
		    json_member_text(finding, "type", ""), name,
		    title[0] ? " - " : "", title);
	}
	if (more > 0)
		printf("%*s     and %zu more\n", indent, "", more);
}

static void
print_runs(const struct summary *s, const char *artefact, int indent)
{
	size_t at;
	json_t *run;

	json_array_foreach(s->runs, at, run)
	{
		char outcome[64];

		if (strcmp(json_member_text(run, "artefact", ""), artefact) !=
		    0)
			continue;
		printf("%*srun on %s: %s%s%s\n", indent, "",
		    json_member_text(run, "profile", "?"),
		    text_style("\033[1m"),
		    text_clean(outcome, sizeof(outcome),
			json_member_text(run, "outcome",
			    json_member_text(run, "state", ""))),
		    text_style("\033[0m"));
	}
}

/* Why an artefact was not looked into, where that is so. */
static void
print_restriction(const json_t *artefact)
{
	const char *restriction =
	    json_member_text(artefact, "restriction", "none");

	if (strcmp(restriction, "sealed") == 0)
		printf("  sealed: opened by `loep artefact unseal` only");
	else if (strcmp(restriction, "quarantined") == 0)
		printf("  in quarantine");
}

static void
print_tree(const struct summary *s, const char *parent, int depth)
{
	size_t at;
	json_t *artefact;

	if (depth > DEPTH_SHOWN)
		return;
	json_array_foreach(s->artefacts, at, artefact)
	{
		const char *id = json_member_text(artefact, "id", "");
		const char *relation =
		    json_member_text(artefact, "relation", "");
		json_int_t score = json_member_int(artefact, "score", 0);
		char name[400], size[32], mime[100];

		if (strcmp(json_member_text(artefact, "parent", ""), parent) !=
		    0)
			continue;
		(void)text_clean(
		    name, sizeof(name), json_member_text(artefact, "name", ""));
		(void)text_clean(mime, sizeof(mime),
		    json_member_text(artefact, "mime", "?"));
		(void)text_size(size, sizeof(size),
		    (uint64_t)json_member_int(artefact, "size", 0));
		printf("%*s%s%s%s  %s, %s%s%s", depth * 4, "",
		    text_style("\033[1m"), name, text_style("\033[0m"), mime,
		    size, relation[0] ? ", " : "", relation);
		if (score > 0)
			printf("  %s[%lld]%s", style_of(score),
			    (long long)score, text_style("\033[0m"));
		print_restriction(artefact);
		printf("\n");
		print_findings(s, id, depth * 4 + 2);
		print_runs(s, id, depth * 4 + 2);
		print_tree(s, id, depth + 1);
	}
}

void
summary_print(struct cli *cli, const char *number)
{
	auto_json json_t *artefacts =
	    api_list(cli->api, 0, "/cases/%s/artefacts?parent=*", number);
	auto_json json_t *findings =
	    api_list(cli->api, 0, "/cases/%s/findings", number);
	auto_json json_t *runs =
	    api_list(cli->api, 0, "/cases/%s/runs", number);
	struct summary s = {artefacts, findings, runs};

	if (cli->is_json) {
		auto_json json_t *all = json_pack("{s:O, s:O, s:O}",
		    "artefacts", artefacts, "findings", findings, "runs", runs);

		print_json(all);
		return;
	}
	printf("\n");
	print_tree(&s, "", 0);
}
