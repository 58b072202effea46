/* SPDX-License-Identifier: Apache-2.0 */
/* test_canonical.c - the report's document from a case's rows. */
#include "report/canonical.h"
#include "report/label.h"
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
	    "{\"network\":{\"dns\":[{\"name\":\"evil.example\"}]}}}],"
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
	    "\"command_line\":\"sh -c <b>\"}}}]}",
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
	assert_int_equal(json_array_size(headlines), 2);
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
	assert_string_equal(label_highest(tables), "TLP:RED");
	(void)json_object_set_new(
	    json_array_get(json_object_get(tables, "artefact"), 1), "tlp",
	    json_string("TLP:CLEAR"));
	doc = canonical_make(tables);
	assert_string_equal(
	    json_member_text(doc, "tlp", ""), "TLP:AMBER+STRICT");
	json_decref(doc);
	json_decref(tables);
}

static void
test_run_gets_its_facts(void **unused)
{
	json_t *tables = make_tables();
	json_t *doc = canonical_make(tables);
	json_t *run = json_array_get(json_object_get(doc, "runs"), 0);

	(void)unused;
	assert_int_equal(json_array_size(json_object_get(run, "processes")), 1);
	assert_string_equal(
	    json_member_text(
		json_array_get(
		    json_object_get(json_object_get(run, "network"), "dns"), 0),
		"name", ""),
	    "evil.example");
	/* ... and they are not said twice. */
	assert_int_equal(json_array_size(json_object_get(doc, "findings")), 3);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_summary),
	    cmocka_unit_test(test_label),
	    cmocka_unit_test(test_run_gets_its_facts),
	    cmocka_unit_test(test_what_was_not_done),
	    cmocka_unit_test(test_page),
	    cmocka_unit_test(test_empty_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
