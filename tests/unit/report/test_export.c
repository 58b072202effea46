/* SPDX-License-Identifier: Apache-2.0 */
/* test_export.c - what of a report leaves, for whom, and in which form. */
#include "lib/own.h"
#include "report/export.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SHA_A "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
#define SHA_B "44d88612fea8a8f36de82e1278abb02f44d88612fea8a8f36de82e1278abb02f"

/* A document with something of everything that must not get out. */
static json_t *
make_doc(void)
{
	static const char text[] =
	    "{\"format\":\"loep-report\",\"tlp\":\"TLP:AMBER\",\"pap\":"
	    "\"PAP:AMBER\",\"producer\":\"Test CSIRT\",\"case\":{\"number\":"
	    "\"BE-7KQ2-9MXP\",\"org_name\":\"Aqua NV\",\"title\":\"at Aqua\","
	    "\"created\":\"2025-06-01T12:00:00.123456Z\"},\"environment\":"
	    "{\"loep\":\"0.1\",\"meta\":{\"created\":"
	    "\"2025-06-02T12:00:00.000000Z\"}},\"report\":{\"kind\":"
	    "\"analysis\",\"rev\":1,\"language\":\"nl\",\"author_role\":"
	    "\"analyst\",\"sections\":{\"recommendations\":\"Call "
	    "jan@aqua.example, +32 2 501 05 60, 85.07.30-033.28 at Aqua NV\","
	    "\"root_cause\":\"a macro, by Jan Peeters\"}},\"submissions\":["
	    "{\"source_host\":\"plc-7\"}],\"verdicts\":[{\"artefact\":\"a\","
	    "\"value\":\"malicious\",\"confidence\":\"high\",\"reason\":"
	    "\"secret\"},{\"artefact\":\"b\",\"value\":\"malicious\","
	    "\"confidence\":\"low\"}],\"artefacts\":[{\"id\":\"a\",\"name\":"
	    "\"C:\\\\Users\\\\jan\\\\eicar.com\",\"sha256\":\"" SHA_A
	    "\",\"size\":68,\"mime\":\"text/plain\",\"tlp\":\"TLP:GREEN\"},"
	    "{\"id\":\"b\",\"name\":\"x\",\"sha256\":\"" SHA_B
	    "\",\"size\":1,\"tlp\":\"TLP:AMBER\"},{\"id\":\"t\",\"parent\":"
	    "\"a\",\"relation\":\"run_trace\",\"sha256\":\"" SHA_B
	    "\",\"tlp\":\"TLP:GREEN\"}],\"findings\":[{\"artefact\":\"a\","
	    "\"type\":\"match\",\"name\":\"eicar\",\"score\":90,\"detail\":"
	    "{\"strings\":[\"/home/jan\"]}},{\"artefact\":\"a\",\"type\":"
	    "\"match\",\"name\":\"partner_rule\",\"score\":50,\"detail\":"
	    "{\"meta\":{\"tlp\":\"TLP:RED\"}}},{\"artefact\":\"t\",\"type\":"
	    "\"finding\",\"name\":\"self_delete\",\"detail\":{\"title\":"
	    "\"Deletes itself\",\"attack\":[\"T1070.004\"],\"evidence\":["
	    "{\"path\":\"/home/jan/x\"}]}}],\"runs\":[{\"id\":\"r\","
	    "\"artefact\":\"a\",\"trace\":\"t\",\"profile\":\"debian-12\","
	    "\"started\":\"2025-06-01T12:01:00Z\",\"ended\":"
	    "\"2025-06-01T12:02:00Z\",\"environment\":{\"profile\":"
	    "{\"title\":\"Debian 12\",\"digest\":\"d1\"}},\"dns\":[{\"name\":"
	    "\"C2.Example.ORG.\"},{\"name\":\"plc-7\"},{\"name\":"
	    "\"www.water.example\"}],\"network\":{\"dns\":[],\"connections\":["
	    "{\"address\":\"198.18.0.3\",\"name\":\"c2.example.org\",\"host\":"
	    "\"c2.example.org\",\"method\":\"GET\",\"path\":\"/it's\",\"port\":"
	    "80},{\"address\":\"8.8.4.4\",\"port\":443},{\"address\":"
	    "\"192.168.1.5\",\"port\":445},{\"address\":\"203.0.114.9\"}]}}]}";
	json_error_t error;
	json_t *doc = json_loads(text, 0, &error);

	if (doc == NULL)
		fail_msg("test data: %s at %d", error.text, error.position);
	return doc;
}

static struct export_order
order_for(enum audience audience, enum tlp ceiling, const char *format)
{
	return (struct export_order){.format = format,
	    .audience = audience,
	    .ceiling = ceiling,
	    .sharing_group = "",
	    .scope = "water.example 203.0.114.0/24",
	    .people = "Jan Peeters\nAn Smets"};
}

static char *
render(enum audience audience, enum tlp ceiling, const char *format)
{
	struct export_order order = order_for(audience, ceiling, format);
	auto_json json_t *doc = make_doc();
	auto_json json_t *content = export_content(doc, &order);

	return export_write(content, &order);
}

static void
test_nothing_personal(void **unused)
{
	static const char *const words[] = {"Aqua", "aqua", "jan@", "/home/",
	    "\\\\Users", "plc-7", "85.07", "501 05", "secret", "Peeters",
	    "water.example", "203.0.114.9", "threat-actor", "intrusion-set",
	    "\"individual\"", "192.168", "198.18", "partner_rule"};
	static const char *const formats[] = {"stix", "misp", "csv"};

	(void)unused;
	for (size_t f = 0; f < 3; f++) {
		for (int a = AUDIENCE_COMMUNITY; a < AUDIENCE_SUBMITTER; a++) {
			auto_free char *text =
			    render((enum audience)a, TLP_AMBER, formats[f]);

			for (size_t i = 0; i < sizeof(words) / sizeof(words[0]);
			     i++) {
				if (strstr(text, words[i]) != NULL)
					fail_msg("%s for %d holds \"%s\": %s",
					    formats[f], a, words[i], text);
			}
			assert_non_null(strstr(text, "c2.example.org"));
		}
	}
}

/* No object above the ceiling, and none without a label. */
static void
test_ceiling(void **unused)
{
	static const char green[] =
	    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
	auto_free char *text = render(AUDIENCE_COMMUNITY, TLP_GREEN, "stix");
	auto_json json_t *bundle = json_loads(text, 0, NULL);
	auto_free char *none = render(AUDIENCE_COMMUNITY, TLP_CLEAR, "csv");
	size_t at, labelled = 0;
	json_t *object;

	(void)unused;
	assert_null(strstr(text, SHA_B));
	json_array_foreach(json_object_get(bundle, "objects"), at, object)
	{
		const json_t *refs =
		    json_object_get(object, "object_marking_refs");

		if (refs == NULL)
			continue;
		labelled++;
		assert_string_equal(
		    json_string_value(json_array_get(refs, 0)), green);
	}
	assert_true(labelled > 8);
	assert_string_equal(
	    none, "type,value,verdict,context,tlp,case,first_seen\r\n");
}

static json_t *
find(const json_t *bundle, const char *type)
{
	size_t at;
	json_t *object;

	json_array_foreach(json_object_get(bundle, "objects"), at, object)
	{
		if (strcmp(json_member_text(object, "type", ""), type) == 0)
			return object;
	}
	fail_msg("there is no %s", type);
	return NULL;
}

static void
test_stix_ids(void **unused)
{
	auto_free char *text = render(AUDIENCE_COMMUNITY, TLP_GREEN, "stix");
	auto_free char *named = render(AUDIENCE_PARTNER, TLP_GREEN, "stix");
	auto_free char *again = render(AUDIENCE_PARTNER, TLP_GREEN, "stix");
	auto_json json_t *bundle = json_loads(text, 0, NULL);

	(void)unused;
	assert_string_equal(named, again);
	assert_string_equal(json_member_text(find(bundle, "file"), "id", ""),
	    "file--00f91c70-2975-500a-919c-fe3a0d6c125a");
	assert_string_equal(
	    json_member_text(find(bundle, "domain-name"), "id", ""),
	    "domain-name--44e7c539-1d97-5c97-b567-f6b693bd515f");
	/* A file's name is what its identifier follows from, too. */
	assert_non_null(
	    strstr(named, "file--ea28c650-8900-5e35-a8f3-210a141cf057"));
	/* Literals of patterns are escaped. */
	assert_non_null(
	    strstr(text, "[url:value = 'http://c2.example.org/it\\\\'s']"));
	assert_string_equal(
	    json_member_text(find(bundle, "attack-pattern"), "name", ""),
	    "File Deletion");
	assert_string_equal(
	    json_member_text(find(bundle, "malware-analysis"), "created", ""),
	    "2025-06-01T12:00:00.123Z");
}

/* A peer that knows no TLP:AMBER+STRICT gets what is stricter, never less. */
static void
test_strict_maps_up(void **unused)
{
	struct export_order order =
	    order_for(AUDIENCE_PARTNER, TLP_RED, "misp");
	auto_json json_t *doc = make_doc();
	auto_json json_t *content = NULL;
	auto_free char *text = NULL;

	(void)unused;
	(void)json_object_set_new(
	    json_array_get(json_object_get(doc, "artefacts"), 0), "tlp",
	    json_string("TLP:AMBER+STRICT"));
	order.lacks_strict = true;
	content = export_content(doc, &order);
	text = export_write(content, &order);
	assert_non_null(strstr(text, "\"tlp:red\""));
	assert_null(strstr(text, "tlp:amber+strict"));
}

static void
test_misp(void **unused)
{
	auto_free char *text = render(AUDIENCE_COMMUNITY, TLP_GREEN, "misp");
	auto_json json_t *json = json_loads(text, 0, NULL);
	const json_t *event = json_object_get(json, "Event");

	(void)unused;
	assert_false(json_is_true(json_object_get(event, "published")));
	assert_string_equal(json_member_text(event, "distribution", ""), "1");
	assert_string_equal(
	    json_member_text(event, "timestamp", ""), "1748865600");
	assert_string_equal(json_member_text(event, "date", ""), "2025-06-01");
	assert_non_null(
	    strstr(text, "misp-galaxy:mitre-attack-pattern=\\\"File Deletion - "
			 "T1070.004\\\""));
	assert_null(strstr(text, "\"Attribution\""));
	assert_null(strstr(text, "\"Person\""));
}

static void
test_csv(void **unused)
{
	auto_free char *text = render(AUDIENCE_COMMUNITY, TLP_GREEN, "csv");

	(void)unused;
	assert_non_null(strstr(text,
	    "\"sha256\",\"" SHA_A "\",\"malicious\",\"verdict malicious, "
	    "confidence high\",\"TLP:GREEN\",\"BE-7KQ2-9MXP\",\"2025-06-01T12:"
	    "00:00.123Z\"\r\n"));
	assert_non_null(strstr(text, "\"ipv4\",\"8.8.4.4\""));
}

/* Of what is removed it is said what it was, and why. */
static void
test_removed(void **unused)
{
	struct export_order order =
	    order_for(AUDIENCE_COMMUNITY, TLP_GREEN, "stix");
	auto_json json_t *doc = make_doc();
	auto_json json_t *content = export_content(doc, &order);
	auto_free char *text =
	    json_canonical(json_object_get(content, "removed"));

	(void)unused;
	assert_non_null(strstr(text,
	    "{\"detail\":\"x\",\"tlp\":\"TLP:AMBER\",\"what\":\"artefact\","
	    "\"why\":\"label\"}"));
	assert_non_null(strstr(text,
	    "{\"detail\":\"recommendations\",\"tlp\":\"TLP:AMBER\",\"what\":"
	    "\"text\",\"why\":\"fields\"}"));
	assert_non_null(strstr(text,
	    "{\"detail\":\"www.water.example\",\"tlp\":\"TLP:GREEN\",\"what\":"
	    "\"indicator\",\"why\":\"personal_data\"}"));
	assert_non_null(strstr(text,
	    "{\"detail\":\"partner_rule\",\"tlp\":\"TLP:RED\",\"what\":"
	    "\"rule\",\"why\":\"label\"}"));
	assert_string_equal(json_member_text(content, "tlp", ""), "TLP:GREEN");
}

/* What is sealed, or kept apart, goes to nobody else. */
static void
test_sealed(void **unused)
{
	struct export_order order =
	    order_for(AUDIENCE_AUTHORITY, TLP_RED, "csv");
	auto_json json_t *doc = make_doc();
	auto_json json_t *content = NULL;
	auto_free char *text = NULL;

	(void)unused;
	(void)json_object_set_new(
	    json_array_get(json_object_get(doc, "artefacts"), 0), "restriction",
	    json_string("sealed"));
	content = export_content(doc, &order);
	text = export_write(content, &order);
	assert_null(strstr(text, SHA_A));
	assert_null(strstr(text, "c2.example.org"));
	assert_non_null(strstr(text, SHA_B));
}

static void
test_notices(void **unused)
{
	auto_json json_t *doc = make_doc();
	struct export_order order = export_own("csv");
	auto_json json_t *content = export_content(doc, &order);
	auto_free char *indicators = notice_indicators(doc, content);
	auto_free char *cause = notice_cause(doc);

	(void)unused;
	assert_string_equal(cause,
	    "TLP:AMBER\n\nHoofdoorzaak, dossier BE-7KQ2-9MXP\n\na macro, by "
	    "Jan Peeters\n");
	assert_non_null(strstr(indicators, "- domain: c2.example.org\n"));
	/* Their own names are theirs to see. */
	assert_non_null(strstr(indicators, "www.water.example"));
}

static void
test_orders(void **unused)
{
	struct export_order order;
	auto_json json_t *good = json_pack("{s:{s:s, s:s, s:s}}", "export",
	    "format", "stix", "audience", "partner", "ceiling", "TLP:AMBER");
	auto_json json_t *loose = json_pack("{s:{s:s, s:s, s:s}}", "export",
	    "format", "csv", "audience", "community", "ceiling", "amber");
	auto_json json_t *bad = json_pack("{s:{s:s, s:s}}", "export", "format",
	    "stix", "audience", "everybody");

	(void)unused;
	assert_int_equal(export_order(good, &order), ERR_OK);
	assert_int_equal(order.ceiling, TLP_AMBER);
	assert_int_equal(export_order(loose, &order), ERR_OK);
	assert_int_equal(order.ceiling, TLP_CLEAR);
	assert_int_equal(export_order(bad, &order), ERR_FORMAT);
	assert_int_equal(export_order(NULL, &order), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_personal),
	    cmocka_unit_test(test_ceiling),
	    cmocka_unit_test(test_stix_ids),
	    cmocka_unit_test(test_strict_maps_up),
	    cmocka_unit_test(test_misp),
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_removed),
	    cmocka_unit_test(test_sealed),
	    cmocka_unit_test(test_notices),
	    cmocka_unit_test(test_orders),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
