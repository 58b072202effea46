/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h - loep-vm by hand: probing KVM, measuring boot against restore. */
#ifndef VM_BENCH_H
#define VM_BENCH_H

/* The exit status for main(). */
int bench_main(int argc, char *argv[]);

#endif
