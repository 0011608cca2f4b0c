//go:build tools

// Package frp061 pins the real frp v0.61.0, which culvert is tested against.
package frp061

import (
	_ "github.com/fatedier/frp/cmd/frpc"
	_ "github.com/fatedier/frp/cmd/frps"
)
