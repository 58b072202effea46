/* SPDX-License-Identifier: Apache-2.0 */
/* test_uuid5.c - identifiers that follow from what they name. */
#include "lib/uuid5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
check(const char *namespace, const char *name, const char *wanted)
{
	char id[UUID5_BYTES];

	uuid5(namespace, name, strlen(name), id);
	assert_string_equal(id, wanted);
}

static void
test_known(void **unused)
{
	/* RFC 9562, appendix A.4. */
	check("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com",
	    "2ed6657d-e927-568b-95e1-2665a8aea6a2");
	(void)unused;
}

/* The namespace of STIX 2.1's own identifiers. */
static void
test_stix(void **unused)
{
	static const char space[] = "00abedb4-aa42-466c-9c01-fed23315a9b7";
	static const char eicar[] = "275a021bbfb6489e54d471899f7db9d1663fc695"
				    "ec2fe2a2c4538aabf651fd0f";
	char name[256];

	(void)snprintf(
	    name, sizeof(name), "{\"hashes\":{\"SHA-256\":\"%s\"}}", eicar);
	check(space, name, "00f91c70-2975-500a-919c-fe3a0d6c125a");
	(void)snprintf(name, sizeof(name),
	    "{\"hashes\":{\"SHA-256\":\"%s\"},\"name\":\"eicar.com\"}", eicar);
	check(space, name, "ea28c650-8900-5e35-a8f3-210a141cf057");
	check(space,
	    "{\"hashes\":{\"MD5\":\"44d88612fea8a8f36de82e1278abb02f\"},"
	    "\"name\":\"eicar.com\"}",
	    "0b39ce01-760c-5d8f-a56a-38ac15398835");
	check(space, "{\"value\":\"c2.example.org\"}",
	    "44e7c539-1d97-5c97-b567-f6b693bd515f");
	(void)unused;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_stix),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
