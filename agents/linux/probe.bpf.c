/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The kernel's side of the agent: all BPF programs, one translation unit.
 *
 * They hang on the kernel's own internal functions (fentry), not on system
 * calls: a path or an address is seen as the kernel resolved it, whichever
 * call, ABI or ring brought it, and the sample cannot change it after the
 * check. Nothing here decides what is suspicious; everything that happens
 * in the guest while a sample runs is recorded, with a mark on what the
 * sample and its descendants do.
 */
#include "kernel.h"
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../wire.h"
#include "record.h"

const char LICENSE[] SEC("license") = "GPL";

#include "base.bpf.h"

#include "process.bpf.h"

#include "file.bpf.h"

#include "net.bpf.h"

#include "guard.bpf.h"
