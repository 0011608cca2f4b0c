// SPDX-License-Identifier: MIT

// Snappypeer is the library that frp compresses with, as a filter:
// snappypeer encode|decode PIECE.
package main

import (
	"io"
	"log"
	"os"
	"strconv"

	"github.com/golang/snappy"
)

func main() {
	piece, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if os.Args[1] == "decode" {
		_, err = io.CopyBuffer(struct{ io.Writer }{os.Stdout},
			snappy.NewReader(os.Stdin), make([]byte, piece))
		if err != nil {
			log.Fatal(err)
		}
		return
	}
	// As frp does: every write becomes chunks at once.
	to := snappy.NewWriter(os.Stdout)
	p := make([]byte, piece)
	for {
		n, err := io.ReadFull(os.Stdin, p)
		if _, bad := to.Write(p[:n]); bad != nil {
			log.Fatal(bad)
		}
		if err != nil {
			return
		}
	}
}
