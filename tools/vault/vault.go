//go:build tools

// Package tools keeps vault among the requirements of this module: 1.2.4, which is under the MPL and builds as a dependency.
package tools

import _ "github.com/hashicorp/vault"
