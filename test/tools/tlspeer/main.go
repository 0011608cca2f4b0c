// SPDX-License-Identifier: MIT

// A peer with the TLS of Go's standard library, as frp uses it.
//
//	tlspeer client ADDR [CA NAME]   without CA: no verification
//	tlspeer server CERT KEY [CA]    echoes one session; year1 as CERT makes
//	                                the certificate that frp 0.61 makes
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"os"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func pool(path string) *x509.CertPool {
	text, err := os.ReadFile(path)
	must(err)
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(text)
	return p
}

func client(args []string) {
	conf := &tls.Config{InsecureSkipVerify: true}
	if len(args) > 2 {
		conf = &tls.Config{RootCAs: pool(args[1]), ServerName: args[2]}
	}
	c, err := tls.Dial("tcp", args[0], conf)
	must(err)
	state := c.ConnectionState()
	leaf := state.PeerCertificates[0]
	fmt.Fprintf(os.Stderr, "version %x suite %s serial %d days %d\n",
		state.Version, tls.CipherSuiteName(state.CipherSuite),
		leaf.SerialNumber.Sign(),
		int(leaf.NotAfter.Sub(leaf.NotBefore).Hours()/24))
	if leaf.Subject.String() == leaf.Issuer.String() {
		must(leaf.CheckSignature(leaf.SignatureAlgorithm,
			leaf.RawTBSCertificate, leaf.Signature))
	}
	text, err := io.ReadAll(os.Stdin)
	must(err)
	go c.Write(text)
	back := make([]byte, len(text))
	_, err = io.ReadFull(c, back)
	must(err)
	os.Stdout.Write(back)
	must(c.Close())
}

func year1() tls.Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	t := x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t,
		&key.PublicKey, key)
	must(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func server(args []string) {
	var cert tls.Certificate
	var err error
	if args[0] == "year1" {
		cert = year1()
	} else {
		cert, err = tls.LoadX509KeyPair(args[0], args[1])
		must(err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{cert}}
	if len(args) > 2 {
		conf.ClientAuth = tls.RequireAndVerifyClientCert
		conf.ClientCAs = pool(args[2])
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	must(err)
	fmt.Fprintln(os.Stderr, "listening on", l.Addr())
	for {
		c, err := l.Accept()
		must(err)
		_, err = io.Copy(c, c)
		fmt.Fprintln(os.Stderr, "end:", err)
		c.Close()
	}
}

func main() {
	if os.Args[1] == "client" {
		client(os.Args[2:])
	} else {
		server(os.Args[2:])
	}
}
