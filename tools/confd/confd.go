//go:build tools

// Package tools keeps confd among the requirements of this module: its release 0.16.0 is older than Go modules,
// so `go install` refuses it, but it builds as a dependency.
package tools

import _ "github.com/kelseyhightower/confd"
