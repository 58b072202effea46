/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Part of probe.bpf.c: sockets and datagrams.
 *
 * Numbers: 0 family, 1 protocol, 2 local port, 3 remote port; addresses are
 * the 4 or 16 bytes of TEXT_PATH (local) and TEXT_TARGET (remote).
 */
#ifndef AGENTS_LINUX_NET_BPF_H
#define AGENTS_LINUX_NET_BPF_H

#define DATAGRAM_BYTES	512
#define UNIX_PATH_BYTES 108

static __always_inline void
add_sock(struct scratch *s, struct sock *sk)
{
	s->record.number[0] = BPF_CORE_READ(sk, __sk_common.skc_family);
	s->record.number[1] = BPF_CORE_READ(sk, sk_protocol);
}

/* A sockaddr that the kernel has already copied from the caller. */
static __always_inline void
add_sockaddr(struct scratch *s, enum record_text which, int port,
    const unsigned char *sa, int size)
{
	unsigned char head[8] = {0};
	__u16 family;

	if (size < 3)
		return;
	bpf_probe_read_kernel(head, size < 8 ? 3 : 8, sa);
	family = (__u16)(head[0] | head[1] << 8);
	s->record.number[0] = family;
	if (family == AF_UNIX) {
		/* An abstract name starts with a zero and has no end. */
		add_kernel(s, TEXT_NAME, sa + 2,
		    bounded((__u64)size - 2, UNIX_PATH_BYTES));
		return;
	}
	if (family == AF_INET && size >= 8)
		add_kernel(s, which, sa + 4, 4);
	else if (family == AF_INET6 && size >= 24)
		add_kernel(s, which, sa + 8, 16);
	else
		return;
	s->record.number[port] = (__u64)head[2] << 8 | head[3];
}

SEC("fentry/security_socket_connect")
int
BPF_PROG(on_connect, struct socket *sock, unsigned char *address, int size)
{
	struct scratch *s = begin(WIRE_EV_CONNECT);

	if (s == NULL)
		return 0;
	add_sock(s, BPF_CORE_READ(sock, sk));
	add_sockaddr(s, TEXT_TARGET, 3, address, size);
	submit(s);
	return 0;
}

SEC("fentry/security_socket_bind")
int
BPF_PROG(on_bind, struct socket *sock, unsigned char *address, int size)
{
	struct scratch *s = begin(WIRE_EV_BIND);

	if (s == NULL)
		return 0;
	add_sock(s, BPF_CORE_READ(sock, sk));
	add_sockaddr(s, TEXT_PATH, 2, address, size);
	submit(s);
	return 0;
}

static __always_inline void
add_local(struct scratch *s, struct sock *sk)
{
	s->record.number[2] = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (s->record.number[0] == AF_INET)
		add_kernel(s, TEXT_PATH, &sk->__sk_common.skc_rcv_saddr, 4);
	else if (s->record.number[0] == AF_INET6)
		add_kernel(s, TEXT_PATH, &sk->__sk_common.skc_v6_rcv_saddr, 16);
}

SEC("fentry/security_socket_listen")
int
BPF_PROG(on_listen, struct socket *sock, int backlog)
{
	struct scratch *s = begin(WIRE_EV_LISTEN);
	struct sock *sk;

	if (s == NULL)
		return 0;
	sk = BPF_CORE_READ(sock, sk);
	add_sock(s, sk);
	add_local(s, sk);
	submit(s);
	return 0;
}

SEC("fexit/inet_csk_accept")
int
BPF_PROG(on_accept, struct sock *listener, int flags, int *err, bool kern,
    struct sock *sk)
{
	struct scratch *s;
	__u16 port;

	if (sk == NULL)
		return 0;
	s = begin(WIRE_EV_ACCEPT);
	if (s == NULL)
		return 0;
	add_sock(s, sk);
	add_local(s, sk);
	port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	s->record.number[3] = (__u16)(port << 8 | port >> 8);
	if (s->record.number[0] == AF_INET)
		add_kernel(s, TEXT_TARGET, &sk->__sk_common.skc_daddr, 4);
	else
		add_kernel(s, TEXT_TARGET, &sk->__sk_common.skc_v6_daddr, 16);
	submit(s);
	return 0;
}

/* Raw and packet sockets: scanners, sniffers, floods. */
SEC("fentry/security_socket_create")
int
BPF_PROG(on_socket, int family, int type, int protocol, int kern)
{
	struct scratch *s;

	/* 3 is SOCK_RAW, 17 AF_PACKET. */
	if (kern != 0 || ((type & 0xf) != 3 && family != 17) || family == 16)
		return 0;
	s = begin(WIRE_EV_SOCKET);
	if (s == NULL)
		return 0;
	s->record.number[0] = (__u64)family;
	s->record.number[1] = (__u64)protocol;
	submit(s);
	return 0;
}

/*
 * Every datagram passes here in the context of its sender, whatever call
 * made it; data begins at the IP header. The first bytes of the payload go
 * along for the agent to decode a DNS question.
 */
static __always_inline void
datagram(struct sk_buff *skb, __u16 family, __u32 header, __u32 address)
{
	struct scratch *s = begin(WIRE_EV_DATAGRAM);
	unsigned char *data;
	unsigned char ip[40] = {0};
	unsigned char udp[4] = {0};
	__u32 len, linear;

	if (s == NULL)
		return;
	data = BPF_CORE_READ(skb, data);
	len = BPF_CORE_READ(skb, len);
	linear = len - BPF_CORE_READ(skb, data_len);
	bpf_probe_read_kernel(ip, family == AF_INET ? 20 : 40, data);
	if (family == AF_INET)
		header = (__u32)(ip[0] & 15) * 4;
	s->record.number[0] = family;
	s->record.number[1] = family == AF_INET ? ip[9] : ip[6];
	s->record.number[4] = len;
	add_kernel(s, TEXT_PATH, data + (address == 4 ? 12 : 8), address);
	add_kernel(s, TEXT_TARGET, data + (address == 4 ? 16 : 24), address);
	if (s->record.number[1] == IPPROTO_UDP && linear > header + 8) {
		__u64 n = linear - header - 8;

		bpf_probe_read_kernel(udp, sizeof(udp), data + header);
		s->record.number[2] = (__u64)udp[0] << 8 | udp[1];
		s->record.number[3] = (__u64)udp[2] << 8 | udp[3];
		add_kernel(s, TEXT_NAME, data + header + 8,
		    bounded(n, DATAGRAM_BYTES));
	}
	submit(s);
}

SEC("fentry/ip_send_skb")
int
BPF_PROG(on_send4, struct net *net, struct sk_buff *skb)
{
	datagram(skb, AF_INET, 20, 4);
	return 0;
}

SEC("fentry/ip6_send_skb")
int
BPF_PROG(on_send6, struct sk_buff *skb)
{
	datagram(skb, AF_INET6, 40, 16);
	return 0;
}

#endif
