/* SPDX-License-Identifier: Apache-2.0 */
/* test_canonical.c - the report's document from a case's rows. */
#include "report/canonical.h"
#include "report/marking.h"
#include "report/page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static json_t *
make_tables(void)
{
	json_error_t error;
	json_t *tables = json_loads(
	    "{\"case\":[{\"number\":\"BE-2026-AAAA-BBBB-C\",\"tlp\":"
	    "\"TLP:GREEN\",\"title\":\"<img src=x>\"}],"
	    "\"artefact\":[{\"id\":\"a1\",\"name\":\"x.zip\",\"tlp\":"
	    "\"TLP:AMBER+STRICT\"},{\"id\":\"t1\",\"parent\":\"a1\","
	    "\"relation\":\"run_trace\",\"name\":\"trace\"}],"
	    "\"job\":[{\"artefact\":\"a1\",\"kind\":\"yara\",\"state\":"
	    "\"failed\",\"reason\":\"timeout\"}],"
	    "\"run\":[{\"id\":\"r1\",\"artefact\":\"a1\",\"trace\":\"t1\","
	    "\"profile\":\"debian-12\",\"outcome\":\"done\",\"environment\":"
	    "{\"accel\":\"tcg\",\"network\":{\"names\":[{\"name\":"
	    "\"evil.example\"}],\"connections\":[{\"proto\":\"tcp\","
	    "\"address\":\"10.77.1.2\",\"port\":80,\"method\":\"GET\","
	    "\"host\":\"evil.example\",\"path\":\"/gate\"},{\"proto\":"
	    "\"tcp\",\"address\":\"10.9.9.9\",\"port\":443}]}}}],"
	    "\"finding\":["
	    "{\"id\":1,\"artefact\":\"a1\",\"type\":\"match\",\"name\":"
	    "\"rule_a\",\"score\":80,\"analyser\":\"yara\",\"detail\":"
	    "{\"meta\":{\"description\":\"bad\"}}},"
	    "{\"id\":2,\"artefact\":\"a1\",\"type\":\"match\",\"name\":"
	    "\"rule_b\",\"score\":95,\"analyser\":\"yara\",\"detail\":{}},"
	    "{\"id\":3,\"artefact\":\"a1\",\"type\":\"limit\",\"name\":"
	    "\"depth\",\"analyser\":\"archive\",\"detail\":{\"text\":\"8\"}},"
	    "{\"id\":4,\"artefact\":\"t1\",\"type\":\"fact\",\"name\":"
	    "\"process\",\"analyser\":\"behaviour\",\"detail\":{\"key\":"
	    "\"process\",\"value\":{\"id\":\"1-1\",\"parent\":\"\",\"pid\":1,"
	    "\"command_line\":\"sh -c <b>\"}}},"
	    "{\"id\":5,\"artefact\":\"t1\",\"type\":\"finding\",\"name\":"
	    "\"self_delete\",\"score\":60,\"analyser\":\"behaviour\","
	    "\"detail\":{\"title\":\"Deletes itself\",\"attack\":["
	    "\"T1070.004\"],\"count\":9,\"evidence\":[{\"at_ms\":4819,"
	    "\"what\":\"file_delete\",\"pid\":232,\"image\":\"/bin/rm\","
	    "\"path\":\"/root/<u>\"}]}}]}",
	    0, &error);

	if (tables == NULL)
		fail_msg("test data: %s", error.text);
	return tables;
}

static void
test_summary(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc = canonical_make(tables);
	json_t *summary = json_object_get(doc, "summary");
	json_t *headlines = json_object_get(summary, "headlines");

	(void)unused;
	assert_int_equal(json_member_int(summary, "score", 0), 95);
	assert_string_equal(
	    json_member_text(summary, "verdict", ""), "findings");
	assert_int_equal(json_array_size(headlines), 3);
	assert_string_equal(
	    json_member_text(json_array_get(headlines, 0), "name", ""),
	    "rule_b");
	assert_string_equal(
	    json_member_text(json_array_get(headlines, 1), "text", ""), "bad");
	json_decref(doc);
	json_decref(tables);
}

/* A composite is at least as strict as its strictest part; the trace has no
 * label, which counts as the strictest. */
static void
test_label(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc;

	(void)unused;
	assert_int_equal(marking_highest(tables).tlp, TLP_RED);
	(void)json_object_set_new(
	    json_array_get(json_object_get(tables, "artefact"), 1), "tlp",
	    json_string("TLP:CLEAR"));
	doc = canonical_make(tables);
	assert_string_equal(
	    json_member_text(doc, "tlp", ""), "TLP:AMBER+STRICT");
	json_decref(doc);
	json_decref(tables);
}

/* A member of an entry of a list of the run's network. */
static const char *
seen(const json_t *run, const char *list, const char *member)
{
	const json_t *network = json_object_get(run, "network");

	return json_member_text(
	    json_array_get(json_object_get(network, list), 0), member, "");
}

static void
test_run_gets_its_facts(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc = canonical_make(tables);
	json_t *run = json_array_get(json_object_get(doc, "runs"), 0);
	json_t *ids = json_object_get(run, "findings");

	(void)unused;
	assert_int_equal(json_array_size(json_object_get(run, "processes")), 1);
	/* ... and they are not said twice. */
	assert_int_equal(json_array_size(json_object_get(doc, "findings")), 4);
	assert_int_equal(json_array_size(ids), 1);
	assert_int_equal(json_integer_value(json_array_get(ids, 0)), 5);
	json_decref(doc);
	json_decref(tables);
}

static void
test_run_gets_its_network(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc = canonical_make(tables);
	json_t *run = json_array_get(json_object_get(doc, "runs"), 0);
	json_t *network = json_object_get(run, "network");
	json_t *environment = json_object_get(run, "environment");

	(void)unused;
	assert_string_equal(seen(run, "dns", "name"), "evil.example");
	assert_string_equal(seen(run, "http", "path"), "/gate");
	/* A connection without a method is no request. */
	assert_int_equal(json_array_size(json_object_get(network, "http")), 1);
	assert_int_equal(
	    json_array_size(json_object_get(network, "connections")), 2);
	assert_string_equal(json_member_text(environment, "accel", ""), "tcg");
	assert_null(json_object_get(environment, "network"));
	json_decref(doc);
	json_decref(tables);
}

static void
test_what_was_not_done(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc = canonical_make(tables);
	json_t *list = json_object_get(doc, "not_done");

	(void)unused;
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(
	    json_member_text(json_array_get(list, 0), "reason", ""), "timeout");
	json_decref(doc);
	json_decref(tables);
}

static void
test_page(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc = canonical_make(tables);
	struct html html;
	const char *text;

	(void)unused;
	html_init(&html);
	page_render(&html, doc);
	wire_put_u8(&html.out, 0);
	text = (const char *)html.out.buf;
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "<script"));
	assert_non_null(strstr(text, "&lt;img src=x&gt;"));
	assert_non_null(strstr(text, "sh -c &lt;b&gt;"));
	/* The label stands above and below. */
	text = strstr(text, "class=\"tlp top\"");
	assert_non_null(text);
	assert_non_null(strstr(text, "class=\"tlp bottom\""));
	html_release(&html);
	json_decref(doc);
	json_decref(tables);
}

/* The page of a case as a text; the caller frees it. */
static char *
page_of(json_t *tables)
{
	json_t *doc = canonical_make(tables);
	struct html html;
	char *text;

	html_init(&html);
	page_render(&html, doc);
	wire_put_u8(&html.out, 0);
	assert_false(html.out.is_failed);
	text = strdup((const char *)html.out.buf);
	assert_non_null(text);
	html_release(&html);
	json_decref(doc);
	return text;
}

static size_t
count_of(const char *text, const char *piece)
{
	size_t count = 0;

	for (; (text = strstr(text, piece)) != NULL; text++)
		count++;
	return count;
}

static void
test_evidence_is_at_the_run(void **unused)
{
	json_t *tables = make_tables();
	char *page = page_of(tables);
	const char *runs = strstr(page, "id=\"runs\"");

	(void)unused;
	assert_non_null(runs);
	assert_non_null(strstr(runs, "Deletes itself"));
	assert_non_null(strstr(runs, "T1070.004"));
	assert_non_null(strstr(runs, "4.819 s file_delete, process 232"));
	assert_non_null(strstr(runs, "/root/&lt;u&gt;"));
	assert_non_null(strstr(runs, "seen 9 times in all"));
	free(page);
	json_decref(tables);
}

/* Large facts and large cases leave a page that can be read; what has a
 * finding is shown wherever it stands. */
static void
test_page_is_bounded(void **unused)
{
	json_t *tables = make_tables();
	json_t *symbols = json_array();
	char *page;

	(void)unused;
	for (int i = 0; i < 700; i++)
		(void)json_array_append_new(
		    symbols, json_sprintf("symbol_%d", i));
	(void)json_array_append_new(json_object_get(tables, "finding"),
	    json_pack("{s:i,s:s,s:s,s:s,s:s,s:{s:s,s:o}}", "id", 9, "artefact",
		"a1", "type", "fact", "name", "symbols", "analyser", "elf",
		"detail", "key", "symbols", "value", symbols));
	for (int i = 0; i < 5000; i++)
		(void)json_array_append_new(json_object_get(tables, "artefact"),
		    json_pack("{s:o,s:s,s:s,s:o,s:i}", "id",
			json_sprintf("x%d", i), "parent", "a1", "tlp",
			"TLP:CLEAR", "name", json_sprintf("file-%d.", i),
			"score", i == 4999 ? 80 : 0));
	page = page_of(tables);
	assert_non_null(strstr(page, "symbol_3"));
	assert_null(strstr(page, "symbol_300"));
	assert_non_null(strstr(page, "700 in all"));
	assert_int_equal(count_of(page, "<div class=\"artefact\">"), 2000);
	assert_non_null(strstr(page, "The case has 5002 artefacts"));
	assert_non_null(strstr(page, "3002 more artefacts"));
	assert_non_null(strstr(page, "file-4999."));
	free(page);
	json_decref(tables);
}

static void
test_empty_case(void **unused)
{
	json_t *tables = json_object();
	json_t *doc = canonical_make(tables);
	struct html html;

	(void)unused;
	assert_string_equal(
	    json_member_text(json_object_get(doc, "summary"), "verdict", ""),
	    "no_finding");
	html_init(&html);
	page_render(&html, doc);
	assert_false(html.out.is_failed);
	html_release(&html);
	json_decref(doc);
	json_decref(tables);
}

/* What people wrote comes first, in its language, and stays text. */
static void
test_people_come_first(void **unused)
{
	static const struct {
		const char *language;
		const char *heading;
	} cases[] = {{"nl", "Hoofdoorzaak"}, {"fr", "Cause première"},
	    {"de", "Hauptursache"}, {"en", "Root cause"}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *tables = make_tables();
		json_t *doc;
		struct html html;
		const char *page, *human;

		(void)json_object_set_new(tables, "report",
		    json_pack("[{s:i,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:{s:s}}]",
			"rev", 3, "version", 2, "kind", "postmortem",
			"language", cases[i].language, "tlp",
			"TLP:AMBER+STRICT", "tlp_restriction", "ask <us>",
			"pap", "PAP:RED", "author_role", "analyst", "sections",
			"root_cause", "a <script>\nmacro\n\nand more"));
		(void)json_object_set_new(tables, "verdict",
		    json_pack("[{s:s,s:s,s:s,s:s,s:b,s:s}]", "artefact", "a1",
			"value", "malicious", "confidence", "high", "reason",
			"<b>seen</b>", "is_confirmed", 1, "at", "now"));
		doc = canonical_make(tables);
		html_init(&html);
		page_render(&html, doc);
		wire_put_u8(&html.out, 0);
		page = (const char *)html.out.buf;
		human = strstr(page, cases[i].heading);
		assert_non_null(human);
		assert_true(human < strstr(page, "<section id=\"summary\">"));
		assert_non_null(strstr(page,
		    "<p>a &lt;script&gt;<br>\nmacro</p>\n<p>and more</p>"));
		assert_null(strstr(page, "<script"));
		assert_null(strstr(page, "<b>seen"));
		/* The label never changes its language. */
		assert_non_null(strstr(page, "TLP:RED</span>"));
		assert_non_null(strstr(page, "ask &lt;us&gt;"));
		assert_null(strstr(page, "by machine analysis alone"));
		html_release(&html);
		json_decref(doc);
		json_decref(tables);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_summary),
	    cmocka_unit_test(test_label),
	    cmocka_unit_test(test_run_gets_its_facts),
	    cmocka_unit_test(test_run_gets_its_network),
	    cmocka_unit_test(test_what_was_not_done),
	    cmocka_unit_test(test_page),
	    cmocka_unit_test(test_evidence_is_at_the_run),
	    cmocka_unit_test(test_page_is_bounded),
	    cmocka_unit_test(test_empty_case),
	    cmocka_unit_test(test_people_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
