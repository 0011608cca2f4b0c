#!/bin/sh
# Makes the certificates of the tests: test/vectors/*.pem, and all of them as
# strings in test/vectors/certs.h.  Keys that the world can read: for tests only.
set -eu
cd "$(dirname "$0")/../test/vectors"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
days=36500

ec() { # NAME CURVE
	openssl ecparam -name "$2" -genkey -noout -out "$1.key.pem"
}
rsa() { # NAME
	openssl genrsa -traditional -out "$1.key.pem" 2048 2>/dev/null
}
ca() { # NAME
	ec "$1" prime256v1
	openssl req -x509 -new -sha256 -key "$1.key.pem" -days $days \
	    -subj "/CN=test CA $1" -out "$1.pem"
}
signed() { # NAME CA EXTENSIONS
	printf '%b' "$3" >"$work/ext"
	openssl req -new -key "$1.key.pem" -subj "/CN=test $1" -out "$work/csr"
	openssl x509 -req -sha256 -in "$work/csr" -CA "$2.pem" \
	    -CAkey "$2.key.pem" -days $days -extfile "$work/ext" \
	    -set_serial 0x"$(openssl rand -hex 15)" -out "$1.pem" 2>/dev/null
}

names='subjectAltName=DNS:server.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1\n'
server=$names'extendedKeyUsage=serverAuth\n'
client='extendedKeyUsage=clientAuth\n'

ca ca
ca other
ec server prime256v1 && signed server ca "$server"
rsa server_rsa && signed server_rsa ca "$server"
ec server_384 secp384r1 && signed server_384 ca "$names"
ec server_521 secp521r1 && signed server_521 ca "$names"
ec client prime256v1 && signed client ca "$client"
rsa client_rsa && signed client_rsa ca "$client"
ec stranger prime256v1 && signed stranger other "$client"
openssl pkcs8 -topk8 -nocrypt -in server.key.pem -out server_pkcs8.key.pem
openssl pkcs8 -topk8 -nocrypt -in server_rsa.key.pem \
    -out server_rsa_pkcs8.key.pem
openssl pkcs8 -topk8 -in server.key.pem -passout pass:test \
    -out server_locked.key.pem
openssl genpkey -algorithm ed25519 -out ed25519.key.pem

# As frp 0.61 makes it: RSA, no name, no extension, both dates in the year 1.
rsa year1
cat >"$work/ca.cnf" <<EOF
[ca]
default_ca = d
[d]
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = optional
[req]
distinguished_name = dn
[dn]
EOF
: >"$work/index"
echo 01 >"$work/serial"
openssl req -new -config "$work/ca.cnf" -key year1.key.pem -subj / \
    -out "$work/csr"
openssl ca -batch -selfsign -config "$work/ca.cnf" -keyfile year1.key.pem \
    -in "$work/csr" -startdate 00010101000000Z -enddate 00010101000000Z \
    -notext -out year1.pem 2>"$work/log" || { cat "$work/log"; exit 1; }

{
	echo '/* Made by scripts/make-test-certs.sh, for tests only. */'
	echo '#ifndef TEST_VECTORS_CERTS_H'
	echo '#define TEST_VECTORS_CERTS_H'
	for f in *.pem; do
		name=$(echo "${f%.pem}" | tr '.a-z' '_A-Z')
		printf '\n#define PEM_%s \\\n' "$name"
		sed 's/.*/	"&\\n" \\/;$s/ \\$//' "$f"
	done
	echo
	echo '#endif'
} >certs.h
