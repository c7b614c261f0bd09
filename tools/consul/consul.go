//go:build tools

// Package tools keeps consul among the requirements of this module: 1.9.17, the newest release that builds as a dependency.
package tools

import _ "github.com/hashicorp/consul"
