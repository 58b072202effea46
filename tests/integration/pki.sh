# SPDX-License-Identifier: Apache-2.0
# pki.sh - authorities and certificates of a test, in $PKI.
# shellcheck shell=bash
#
# usage: . tests/integration/lib.sh; . tests/integration/pki.sh; authority own;
# key robot; sign robot own client -days 10
PKI=$WORK/pki
mkdir -p "$PKI"
export OPENSSL_CONF=$PKI/openssl.cnf
cat >"$OPENSSL_CONF" <<'CNF'
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
[any]
commonName = supplied
[ca]
default_ca = own
[own]
default_md = sha256
default_crl_days = 30
CNF

# key NAME - makes a key and a request.
key() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -keyout "$PKI/$1.key" -out "$PKI/$1.csr" \
		2>/dev/null
}

# authority NAME
authority() {
	key "$1"
	openssl x509 -req -in "$PKI/$1.csr" -signkey "$PKI/$1.key" -days 30 \
		-extfile "$OPENSSL_CONF" -extensions authority \
		-out "$PKI/$1.pem" 2>/dev/null
}

# sign NAME AUTHORITY EXTENSIONS [OPTIONS...]
sign() {
	local name=$1 by=$2 as=$3
	shift 3
	openssl x509 -req -in "$PKI/$name.csr" -CA "$PKI/$by.pem" \
		-CAkey "$PKI/$by.key" -CAcreateserial -extfile "$OPENSSL_CONF" \
		-extensions "$as" -out "$PKI/$name.pem" "$@" 2>/dev/null
}
