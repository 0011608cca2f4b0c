//go:build tools

// Package chisel pins the chisel that culvert is measured beside.
package chisel

import (
	_ "github.com/jpillora/chisel"
)
