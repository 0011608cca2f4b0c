//go:build tools

// Package frp070 pins the real frp v0.70.1, which culvert is tested against.
package frp070

import (
	_ "github.com/fatedier/frp/cmd/frpc"
	_ "github.com/fatedier/frp/cmd/frps"
)
