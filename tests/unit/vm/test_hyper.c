/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hyper.c - libvirt by its own test driver, which needs no hypervisor:
 * opening, sweeping, and what is not there; the XML of a machine.
 */
#include "vm/hyper.h"

#include "lib/own.h"

#include <libvirt/libvirt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct hyper *hyper;
static size_t changes;

static void
on_changed(void *arg, size_t slot)
{
	(void)arg;
	(void)slot;
	changes++;
}

static int
open_it(void **state)
{
	const struct hyper_conf conf = {
	    .uri = "test:///default", .root = "/none", .changed = on_changed};
	char why[DRIVER_WHY_BYTES] = "";

	(void)state;
	if (hyper_open(&conf, why, &hyper) != ERR_OK)
		fail_msg("%s", why);
	return 0;
}

static int
close_it(void **state)
{
	(void)state;
	hyper_close(hyper);
	return 0;
}

static void
test_versions(void **state)
{
	auto_json json_t *versions = hyper_versions(hyper);

	(void)state;
	assert_string_equal(
	    json_member_text(versions, "uri", ""), "test:///default");
	assert_string_equal(
	    json_member_text(versions, "hypervisor", ""), "TEST");
	assert_true(strlen(json_member_text(versions, "libvirt", "")) >= 5);
}

static int
count_domains(virConnectPtr conn)
{
	return virConnectListAllDomains(conn, NULL, 0);
}

static void
test_sweep_takes_only_ours(void **state)
{
	static const char xml[] =
	    "<domain type='test'><name>%s</name><memory>4096</memory>"
	    "<os><type>hvm</type></os></domain>";
	virConnectPtr conn = virConnectOpen("test:///default");
	char text[256];
	virDomainPtr domain;
	int before;

	(void)state;
	assert_non_null(conn);
	before = count_domains(conn);
	(void)snprintf(text, sizeof(text), xml, "loep-slot3");
	domain = virDomainCreateXML(conn, text, 0);
	assert_non_null(domain);
	(void)virDomainFree(domain);
	(void)snprintf(text, sizeof(text), xml, "loep-slotless");
	domain = virDomainCreateXML(conn, text, 0);
	assert_non_null(domain);
	(void)virDomainFree(domain);
	assert_int_equal(hyper_sweep(hyper), 1);
	assert_int_equal(count_domains(conn), before + 1);
	assert_int_equal(hyper_sweep(hyper), 0);
	(void)virConnectClose(conn);
}

static void
test_what_is_not_there(void **state)
{
	struct driver driver = hyper_driver(hyper);
	char why[DRIVER_WHY_BYTES] = "";
	struct machine m;
	struct profile profile = {.channel = "org.loep.agent"};
	struct port *port;

	(void)state;
	machine_init(&m, 7);
	m.profile = &profile;
	/* Ending what has ended is no failure. */
	assert_int_equal(driver.destroy(driver.arg, &m, why), ERR_OK);
	assert_int_equal(driver.save(driver.arg, &m, "/none/x", why), ERR_SYS);
	assert_non_null(strstr(why, "loep-slot7"));
	assert_int_equal(driver.open_port(driver.arg, &m, &port, why), ERR_SYS);
	assert_int_equal(
	    driver.restore(driver.arg, &m, "/none/x", why), ERR_SYS);
	assert_int_equal(driver.fate(driver.arg, &m), GUEST_RUNS);
}

static void
test_overlay_fails_clearly(void **state)
{
	struct driver driver = hyper_driver(hyper);
	char why[DRIVER_WHY_BYTES] = "";

	(void)state;
	assert_int_equal(driver.overlay(driver.arg, "/none/base.qcow2",
			     "/none/over.qcow2", why),
	    ERR_SYS);
	assert_non_null(strstr(why, "/none/over.qcow2"));
}

static void
test_xml(void **state)
{
	struct profile profile = {
	    .arch = "x86_64",
	    .machine = "q35",
	    .cpu = "Nehalem",
	    .kernel = "/i/k",
	    .initrd = "/i/r",
	    .cmdline = "a=<b> & 'c'",
	    .channel = "org.loep.agent",
	    .memory_mib = 512,
	    .vcpus = 2,
	};
	static const char *const ways[] = {"type='bridge'", "type='direct'",
	    "type='vhostuser'", "type='hostdev'", "type='server'",
	    "type='client'", "type='udp'", "type='mcast'", "<hostdev", "<route",
	    "<portForward", "slirp", "-netdev"};
	auto_free char *one = NULL;
	auto_free char *two = NULL;
	struct machine m;

	(void)state;
	machine_init(&m, 1);
	m.profile = &profile;
	(void)snprintf(m.overlay, sizeof(m.overlay), "/s/it's.qcow2");
	one = machine_xml(&m);
	assert_non_null(strstr(one, "<name>loep-slot1</name>"));
	assert_non_null(strstr(one, "a=&#60;b&#62; &#38; &#39;c&#39;"));
	assert_non_null(strstr(one, "/s/it&#39;s.qcow2"));
	assert_non_null(strstr(one, "dev='loep-tap1' managed='no'"));
	assert_non_null(strstr(one, "type='qemu'"));
	/* Nothing of the host's network or files beyond these. */
	assert_null(strstr(one, "type='user'"));
	assert_null(strstr(one, "type='network'"));
	assert_null(strstr(one, "<filesystem"));
	/* Whatever a case's PAP says: one tap that simnet answers, and no other
	 * way that libvirt has to a network. */
	assert_null(strstr(strstr(one, "<interface") + 1, "<interface"));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		assert_null(strstr(one, ways[i]));
	m.is_kvm = true;
	m.tap[0] = '\0';
	two = machine_xml(&m);
	assert_non_null(strstr(two, "type='kvm'"));
	assert_null(strstr(two, "<interface"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_sweep_takes_only_ours),
	    cmocka_unit_test(test_what_is_not_there),
	    cmocka_unit_test(test_overlay_fails_clearly),
	    cmocka_unit_test(test_xml),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_it, close_it);
}
